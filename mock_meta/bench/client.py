"""The load's side of HTTP: connections that are kept, one request under way on each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

Answered = Callable[["Connection", int, bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server's sends go."""

    host: str
    port: int
    path: str
    token: str

    def head(self) -> bytes:
        """A send's request head up to the length of its body."""
        lines = (
            f"POST {self.path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            "Accept: */*",
            "Content-Length: ",
        )
        return "\r\n".join(lines).encode("ascii")


class Connection(asyncio.Protocol):
    """One connection. ``answered`` gets it back with status and body; status 0 when it was cut."""

    def __init__(self, answered: Answered) -> None:
        self.started = 0.0
        self._waiting = False
        self._answered = answered
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        if self._waiting:
            self._waiting = False
            self._answered(self, 0, str(problem).encode())

    def write(self, request: bytes) -> None:
        if self._transport is None:
            raise ConnectionError("the server closed a connection")
        self._waiting = True
        self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        body = b"".join(self._chunks)
        self._chunks.clear()
        self._waiting = False
        self._answered(self, self._parser.get_status_code(), body)


async def connect(target: Target, answered: Answered, count: int) -> list[Connection]:
    """``count`` open connections. Raises OSError."""
    loop = asyncio.get_running_loop()
    opened = [loop.create_connection(lambda: Connection(answered), target.host, target.port) for _ in range(count)]
    return [protocol for _, protocol in await asyncio.gather(*opened)]
