"""Cutting a connection without an answer, which ASGI has no word for."""

import contextlib
import os
import socket
import struct
from collections.abc import MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "mock_meta.transport"
_NO_LINGER = struct.pack("ii", 1, 0)


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport within reach of the application."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


class NoTransportError(RuntimeError):
    """The application does not run behind CuttableProtocol."""


def cut(scope: MutableMapping[str, Any]) -> None:
    """Reset the connection: the caller sees it drop (RST), not an answer."""
    try:
        transport = scope["extensions"][_TRANSPORT]["transport"]
    except KeyError as missing:
        raise NoTransportError("a connection can only be cut behind mock_meta's own server") from missing
    _drop_unsent(transport.get_extra_info("socket"))
    transport.abort()


def _drop_unsent(wrapped: Any) -> None:  # noqa: ANN401  # asyncio's and uvloop's socket wrappers share no type
    """SO_LINGER 0 turns the close into a reset. The wrappers forbid setsockopt, so a duplicate carries it."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(wrapped.fileno())) as duplicate:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
