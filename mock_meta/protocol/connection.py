"""A connection beyond what ASGI has words for: a body that is too large, a request that never ends, a cut without an answer."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = list[tuple[bytes, bytes]]

_TRANSPORT = "mock_meta.transport"
_SEEN = 0.5
"""Seconds within which uvicorn has seen a cut connection, which takes it a turn of the loop."""
_MOST_DISCARDED = 1 << 30
"""Bytes of a body that is too large, until its caller is answered without having been heard out."""
_NO_LINGER = struct.pack("ii", 1, 0)


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport within reach of the application, and what it still waits for."""

    received = 0
    """Bytes of bodies."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}

    def on_body(self, body: bytes) -> None:
        self.received += len(body)
        super().on_body(body)

    def awaited(self) -> object:
        """What a request lacks: a whole head, whatever comes of it, or more of its body, another with each byte; None: nothing."""
        if self.scope is None or "method" not in self.scope:
            return ("head", id(self.scope))
        return ("body", self.received) if self.cycle is not None and self.cycle.more_body else None


class BodyTooLargeError(Exception):
    """A body has more bytes than it may."""


async def read_body(receive: Receive, most: int) -> bytes | None:
    """The whole body; None when the caller went away before it was complete.

    What is too large is read to its end, so that the caller hears of it, and not kept. Raises BodyTooLargeError.
    """
    message = await receive()
    if message["type"] != "http.request":
        return None
    first: bytes = message.get("body", b"")
    if not message.get("more_body") and len(first) <= most:
        return first
    chunks, size = [first], len(first)
    while message.get("more_body") and size <= _MOST_DISCARDED:
        message = await receive()
        if message["type"] != "http.request":
            return None
        size += len(message.get("body", b""))
        if size <= most:
            chunks.append(message.get("body", b""))
        else:
            chunks.clear()
    if size > most:
        raise BodyTooLargeError
    return b"".join(chunks)


async def reply(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A whole answer.

    uvicorn searches each header for line breaks and writes head and body apart, a quarter of a send's time. These headers
    are our own, so a connection that stays open gets head and body as one write.
    """
    cycle = getattr(send, "__self__", None)
    if (
        isinstance(cycle, RequestResponseCycle)
        and cycle.keep_alive
        and not (cycle.flow.write_paused or cycle.disconnected)
    ):
        _reply_at_once(cycle, status, headers, body)
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _reply_at_once(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> None:
    """What RequestResponseCycle.send does for a start and a body."""
    head = b"".join([b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)])
    content = b"" if cycle.scope["method"] == "HEAD" else body
    cycle.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, content))
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()


class NoTransportError(RuntimeError):
    """The application does not run behind CuttableProtocol."""


def can_cut(scope: MutableMapping[str, Any]) -> bool:
    """Whether the call came through CuttableProtocol."""
    return _TRANSPORT in scope.get("extensions", {})


async def cut(scope: MutableMapping[str, Any], receive: Receive) -> None:
    """Reset the connection: the caller sees it drop (RST), not an answer. Returns when uvicorn has seen it too."""
    try:
        transport = scope["extensions"][_TRANSPORT]["transport"]
    except KeyError as missing:
        raise NoTransportError("a connection can only be cut behind mock_meta's own server") from missing
    _drop_unsent(transport.get_extra_info("socket"))
    transport.abort()
    with contextlib.suppress(TimeoutError):  # of pipelined requests only the last one is told
        async with asyncio.timeout(_SEEN):
            while (await receive())["type"] != "http.disconnect":
                pass


def _drop_unsent(wrapped: Any) -> None:  # noqa: ANN401  # asyncio's and uvloop's socket wrappers share no type
    """SO_LINGER 0 turns the close into a reset. The wrappers forbid setsockopt, so a duplicate carries it."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(wrapped.fileno())) as duplicate:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
