"""uvicorn servers that share one event loop: started together, announced once, ended quickly and cleanly."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import uvicorn

_GRACE_SECONDS = 0.3
"""For calls that are being answered when the server is told to end."""


class Server(uvicorn.Server):
    """Serves one application on one listening socket; `run` starts and ends it."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        config.timeout_graceful_shutdown = 1
        self.listener = listener
        self.on_start: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Calls that wait for something, such as a programmed delay, are cancelled instead of waited for."""
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._cancel_calls)
        await super().shutdown(sockets)

    def _cancel_calls(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `run` handles signals for all its servers, and none is raised again after a clean end."""
        yield


def run(servers: Sequence[Server], announce: Callable[[], None], *, exit_with_stdin: bool) -> None:
    """Serve until SIGTERM, SIGINT, SIGHUP or, if asked to, the end of stdin. `announce` is called once when all listen."""
    with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
        runner.run(_serve(servers, announce, exit_with_stdin=exit_with_stdin))


async def _serve(servers: Sequence[Server], announce: Callable[[], None], *, exit_with_stdin: bool) -> None:
    def started() -> None:
        if all(server.started for server in servers):
            announce()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for server in servers:
        server.on_start = started
    _watch_signals(stop)
    if exit_with_stdin:
        _watch_stdin(stop)
    await asyncio.gather(*(server.serve(sockets=[server.listener]) for server in servers))


def _watch_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    hangup = () if sys.platform == "win32" else (signal.SIGHUP,)
    for number in (signal.SIGTERM, signal.SIGINT, *hangup):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda _number, _frame: loop.call_soon_threadsafe(stop))


def _watch_stdin(stop: Callable[[], None]) -> None:
    """An orphan must not stay: when whoever started the process is gone, its stdin ends."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop()

    try:
        loop.add_reader(sys.stdin.fileno(), readable)
    except NotImplementedError:  # Windows
        threading.Thread(target=_await_end, args=(loop, stop), daemon=True).start()
    except (OSError, ValueError):  # a regular file, which has nobody behind it, or a stdin that is closed already
        if sys.stdin.closed:
            stop()


def _await_end(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    """Reads stdin to its end, on a thread."""
    with contextlib.suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop ended first
        loop.call_soon_threadsafe(stop)
