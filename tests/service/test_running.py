"""Two servers in a process of their own: announced once, ended by a signal or with stdin, calls under way or not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = """
import asyncio, sys
import uvicorn
from service.listening import announce, listen, url_of
from service.running import Server, run

async def app(scope, receive, send):
    if scope["path"] == "/never":
        print("asked", flush=True)
        await asyncio.sleep(600)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})

def server():
    config = uvicorn.Config(app, loop=sys.argv[1], lifespan="off", log_level="critical")
    return Server(config, listen("127.0.0.1", 0))

servers = [server(), server()]
run(servers, lambda: announce(urls=[url_of(one.listener) for one in servers]), exit_with_stdin=sys.argv[2] == "stdin")
print("ended", flush=True)
"""


@contextmanager
def running(loop: str, end: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command, pipe = [sys.executable, "-c", PROGRAM, loop, end], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "stdin"])
def test_all_servers_listen_before_the_one_announcement_and_end_together(loop: str, end: str) -> None:
    with running(loop, end) as (process, told):
        assert process.stdout is not None
        assert process.stdin is not None
        assert told["pid"] == process.pid
        assert [httpx.get(url, trust_env=False).status_code for url in told["urls"]] == [204, 204]
        if end == "stdin":
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[end])
        assert process.wait(10) == 0
        assert process.stdout.read() == "ended\n"


def test_a_call_that_waits_is_cancelled() -> None:
    with running("asyncio", "signal") as (process, told):
        assert process.stdout is not None

        def call() -> None:
            with pytest.raises(httpx.HTTPError):
                httpx.get(f"{told['urls'][0]}/never", timeout=30, trust_env=False).raise_for_status()

        caller = threading.Thread(target=call)
        caller.start()
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        caller.join(10)
        assert not caller.is_alive()
