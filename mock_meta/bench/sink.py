"""The deployment's end of webhooks: answers 200 at once and notes when what came."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import httptools

from mock_meta.protocol.signature import sign_sha256

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{"status":"received"}'


@dataclass(frozen=True, slots=True)
class Status:
    """A status as it arrived; ``at`` in unix seconds."""

    wamid: str
    name: str
    at: float


@dataclass(slots=True)
class Sink:
    """What arrived: unix seconds, signature and body of each POST."""

    posts: list[tuple[float, str, bytes]] = field(default_factory=list)
    url: str = ""
    connections: set[asyncio.Transport] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def listen(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Exchange(self), "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/webhook"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.close()
        await asyncio.sleep(0)  # connections end in the loop's next turn

    def statuses(self) -> Iterator[Status]:
        """Read afterwards: while the load runs, a POST costs next to nothing."""
        for at, _, body in self.posts:
            for entry in json.loads(body)["entry"]:
                for change in entry["changes"]:
                    for item in change["value"]["statuses"]:
                        yield Status(item["id"], item["status"], at)

    def forged(self, secret: str) -> int:
        """How many POSTs do not carry the signature that the secret gives."""
        return sum(signature != sign_sha256(secret, body) for _, signature, body in self.posts)


class _Exchange(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._parser = httptools.HttpRequestParser(self)
        self._chunks: list[bytes] = []
        self._signature = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._sink.connections.add(self._transport)

    def connection_lost(self, problem: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self._sink.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-hub-signature-256":
            self._signature = value.decode("latin-1")

    def on_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        self._sink.posts.append((time.time(), self._signature, b"".join(self._chunks)))
        self._chunks.clear()
        self._transport.write(_ANSWER)
