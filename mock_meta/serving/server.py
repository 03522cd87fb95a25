"""How uvicorn serves the mock: on uvloop where there is one, which Windows has not."""

import gc
import socket
import ssl
import time
from collections.abc import Callable

import uvicorn

from mock_meta.protocol.connection import CuttableProtocol
from mock_meta.serving.app import MockMeta
from service.listening import BACKLOG
from service.running import Server, run

_PATIENCE, _TICKS = 30.0, 50


class PatientServer(Server):
    """Closes connections on which a request does not get on: no whole head, or no byte of its body, within ``patience`` seconds."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, patience: float = _PATIENCE) -> None:
        super().__init__(config, listener)
        self._patience = patience
        self._waiting: dict[CuttableProtocol, tuple[object, float]] = {}

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self.close_stalled(time.monotonic())
        return await super().on_tick(counter)

    def close_stalled(self, now: float) -> None:
        """Whatever has waited for the same thing since ``patience`` seconds ago; uvicorn sees to idle connections itself."""
        before, self._waiting = self._waiting, {}
        for connection in list(self.server_state.connections):
            assert isinstance(connection, CuttableProtocol)
            awaited = connection.awaited()
            if awaited is None:
                continue
            known, since = before.get(connection, (None, now))
            since = since if known == awaited else now
            if now - since >= self._patience:
                connection.transport.close()
            else:
                self._waiting[connection] = (awaited, since)


def serve(
    app: MockMeta,
    listener: socket.socket,
    announce: Callable[[], None],
    *,
    exit_with_stdin: bool,
    quiet: bool,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Run until a signal, or until stdin ends if asked to; over TLS when ``tls`` has the certificate for it."""
    config = uvicorn.Config(
        app,
        loop="auto",
        http=CuttableProtocol,
        ws="none",
        lifespan="on",
        log_level="error" if quiet else "warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        backlog=BACKLOG,
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
    )
    gc.freeze()  # modules and settings live as long as the process: no collection need look at them again
    run([PatientServer(config, listener)], announce, exit_with_stdin=exit_with_stdin)
