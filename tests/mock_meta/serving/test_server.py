"""Connections that do not get on, and a machine without uvloop."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from mock_meta.protocol.connection import CuttableProtocol
from mock_meta.serving.app import create_app
from mock_meta.serving.server import PatientServer
from service.listening import listen
from tests.mock_meta.fidelity import fact

WHOLE = b"GET /_control/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /_control/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"


class Serving:
    """A server in this process, whose clock the test turns."""

    def __init__(self) -> None:
        config = uvicorn.Config(create_app(), http=CuttableProtocol, log_level="error", ws="none")
        self.server = PatientServer(config, listen("127.0.0.1", 0), patience=30.0)

    async def opened(self, first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which the bytes have arrived."""
        before = len(self.server.server_state.connections)
        reader, writer = await asyncio.open_connection(*self.server.listener.getsockname())
        writer.write(first)
        await met(lambda: len(self.server.server_state.connections) > before)
        await asyncio.sleep(0.02)
        return reader, writer


async def met(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the server has closed, after all that it said."""
    try:
        while await asyncio.wait_for(reader.read(65536), 0.2):
            pass
    except TimeoutError:
        return False
    return True


async def _outcomes() -> list[bool]:
    serving = Serving()
    task = asyncio.create_task(serving.server.serve(sockets=[serving.server.listener]))
    await met(lambda: serving.server.started)
    opened = [await serving.opened(first) for first in (b"", b"POST /v21.0/1/mess", HEAD, HEAD + b"{", WHOLE)]
    slow = await serving.opened(HEAD)
    close = serving.server.close_stalled
    close(1000.0)
    slow[1].write(b"{")
    await asyncio.sleep(0.05)
    close(1029.0)
    close(1031.0)
    found = [await ended(reader) for reader, _ in (*opened, slow)]
    for _, writer in (*opened, slow):
        writer.close()
    serving.server.should_exit = True
    await task
    return found


@fact(
    "half a request is not waited for without end: no whole head, or no further byte of a body, within 30 s",
    source="practice of servers; Meta publishes no figure",
    month="2026-11",
    sure="inferred",
)
def test_what_does_not_get_on_is_closed_and_nothing_else() -> None:
    silent, half_head, no_body, half_body, idle, slow = asyncio.run(_outcomes())
    assert (silent, half_head, no_body, half_body) == (True, True, True, True)
    assert (idle, slow) == (False, False)


WINDOWS = """
import asyncio, sys
sys.modules["uvloop"] = None  # Windows has none of it
def missing(*_): raise NotImplementedError
asyncio.SelectorEventLoop.add_signal_handler = missing
asyncio.SelectorEventLoop.add_reader = missing
from mock_meta.serving.cli import main
main(["--exit-with-stdin", "--quiet"])
"""


@contextmanager
def like_windows() -> Iterator[tuple[subprocess.Popen[str], str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WINDOWS], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


@pytest.mark.parametrize("end", ["signal", "stdin"])
def test_it_starts_and_ends_without_uvloop_on_a_loop_that_knows_no_signals(end: str) -> None:
    with like_windows() as (process, url):
        assert httpx.get(f"{url}/_control/health", trust_env=False).status_code == 200
        if end == "stdin":
            assert process.stdin is not None
            process.stdin.close()
        else:
            process.terminate()
        assert process.wait(10) == 0
