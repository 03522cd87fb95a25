"""A server that costs nearly nothing: canned answers of the API, so that what is measured is the client.

With `--stall 2 --every 10` it answers nothing during the first two of every ten seconds, and then everything that waited.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STAMP = "2026-07-01T12:00:00.000Z"
PERSON: dict[str, object] = {
    "id": "c-1",
    "phone": "+12025550123",
    "name": "Ada",
    "email": None,
    "company": None,
    "tags": [],
}
SENT = {
    "message_id": "m-1",
    "whatsapp_message_id": "wamid.x",
    "conversation_id": "v-1",
    "contact_id": "c-1",
    "contact_created": False,
}
CONVERSATION = {
    "id": "v-1", "contact_id": "c-1", "status": "open", "assigned_agent_id": None, "last_message_text": "hello",
    "last_message_at": STAMP, "unread_count": 0, "created_at": STAMP, "updated_at": STAMP, "contact": PERSON,
}  # fmt: skip
HEAD = "HTTP/1.1 {} OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


def _answer(status: int, body: object) -> bytes:
    raw = json.dumps(body).encode()
    return HEAD.format(status, len(raw)).encode() + raw


ANSWERS = {
    b"POST": _answer(201, {"data": SENT}),
    b"GET ": _answer(200, {"data": [CONVERSATION] * 20, "meta": {"next_cursor": None}}),
}


class Canned(asyncio.Protocol):
    """One connection. Requests must not be pipelined, which no client here does."""

    def __init__(self, stall: float, every: float) -> None:
        self._stall, self._every = stall, every
        self._seen = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._seen = b""
        late = self._stall - time.monotonic() % self._every if self._stall else 0.0
        if late > 0:
            asyncio.get_running_loop().call_later(late, self._write, ANSWERS[head[:4]])
        else:
            self._write(ANSWERS[head[:4]])

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def serve(stall: float, every: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Canned(stall, every), "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)  # noqa: T201 - the protocol
    await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.server", description=__doc__)
    parser.add_argument("--stall", type=float, default=0.0, metavar="S", help="seconds without an answer")
    parser.add_argument("--every", type=float, default=10.0, metavar="S", help="how often it stalls")
    parser.add_argument("--core", type=int, default=None, metavar="N", help="the core to run on")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input does: no orphans")
    given = parser.parse_args(arguments)
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    if given.exit_with_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    asyncio.run(serve(given.stall, given.every))


if __name__ == "__main__":
    main()
