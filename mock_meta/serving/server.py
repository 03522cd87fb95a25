"""How uvicorn serves the mock."""

import gc
import socket
import ssl
from collections.abc import Callable

import uvicorn

from mock_meta.protocol.connection import CuttableProtocol
from mock_meta.serving.app import MockMeta
from service.listening import BACKLOG
from service.running import Server, run


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
        loop="uvloop",
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
    run([Server(config, listener)], announce, exit_with_stdin=exit_with_stdin)
