"""uvicorn around the application: bind, announce, end quickly and cleanly."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator

import uvicorn

from mock_meta.protocol.connection import CuttableProtocol
from mock_meta.serving.app import MockMeta

_GRACE = 0.3
"""Seconds for calls under way when the server is told to end."""


class Server(uvicorn.Server):
    """Tells when it listens, and ends with status 0 on SIGTERM or SIGINT instead of raising the signal again."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Calls that wait for something, such as a fault's end, are cut off instead of waited for."""
        asyncio.get_running_loop().call_later(_GRACE, self._cut_off)
        await super().shutdown(sockets)

    def _cut_off(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError, or OverflowError for no port at all."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except (OSError, OverflowError):
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket, scheme: str = "http") -> str:
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def serve(
    app: MockMeta,
    sock: socket.socket,
    announce: Callable[[], None],
    *,
    end_with_stdin: bool,
    quiet: bool,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Run until a signal, or until stdin ends if asked to; over TLS when ``tls`` has the certificate for it."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="error" if quiet else "warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        backlog=4096,
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
    )
    gc.freeze()  # modules and settings live as long as the process: no collection need look at them again
    server = Server(config, announce)
    uvicorn_loop = config.get_loop_factory()
    with asyncio.Runner(loop_factory=uvicorn_loop) as runner:
        runner.run(_run(server, sock, end_with_stdin=end_with_stdin))


async def _run(server: Server, sock: socket.socket, *, end_with_stdin: bool) -> None:
    if end_with_stdin:
        await _watch_stdin(server)
    await server.serve(sockets=[sock])


async def _watch_stdin(server: Server) -> None:
    """An orphan must not stay: when whoever started the process is gone, its stdin ends."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            server.should_exit = True

    try:
        loop.add_reader(sys.stdin.fileno(), readable)
    except (OSError, ValueError):  # a regular file or a closed stdin: there is nobody to outlive
        server.should_exit = sys.stdin.closed
