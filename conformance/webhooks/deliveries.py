"""What the receiver keeps of the deliveries that arrive, and how it answers them."""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BODY = 2**20
NO_CONTENT = 204
LOOPBACK = ("127.0.0.1", "::1", "127.0.0.2", "127.0.1.1", "127.255.255.254")
"""Where tripwires listen. 127.0.1.1 is what Debian resolves a machine's own name to."""


@dataclass(frozen=True)
class Answer:
    """How a path answers: `delay` seconds, then `status` (with `location` for a redirect), or the connection is reset."""

    status: int = 200
    delay: float = 0.0
    location: str | None = None
    reset: bool = False

    @property
    def takes(self) -> bool:
        """Whether the delivery counts as taken: at once and with a 2xx."""
        return 200 <= self.status < 300 and not self.reset and not self.delay  # noqa: PLR2004


@dataclass
class Inbox:
    """What the receiver process holds: attempts in order, programmed answers, connections to tripwires.

    A connection is the tripwire's port and the address that it came to. Tripwires listen on `addresses`, as far as this
    machine has them.
    """

    attempts: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    latest: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    touched: list[tuple[int, str]] = field(default_factory=list)
    addresses: tuple[str, ...] = LOOPBACK

    def take(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> Answer:
        """Record an attempt and say how to answer it."""
        before = self.latest.get(path)
        answer = before[1] if before is not None and before[0] == raw else self._next(path)
        self.attempts.append({
            "seq": len(self.attempts) + 1, "at": time.time(), "monotonic": time.monotonic(), "method": method,
            "path": path, "headers": headers, "raw": base64.b64encode(raw).decode(), "taken": answer.takes,
        })  # fmt: skip
        self.latest[path] = raw, answer
        return answer

    def _next(self, path: str) -> Answer:
        """The programmed answer to a body that is new; the same body again is answered as before."""
        programmed = self.answers.get(path) or [Answer()]
        return programmed.pop(0) if len(programmed) > 1 else programmed[0]


def delivery_app(inbox: Inbox) -> Callable[..., Any]:
    """The ASGI application that takes deliveries."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http":
            return
        raw = b""
        more = True
        while more and len(raw) <= MAX_BODY:
            message = await receive()
            raw += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = inbox.take(scope["method"], scope["path"], headers, raw)
        await asyncio.sleep(answer.delay)
        if answer.reset:
            receive.__self__.transport.abort()  # uvicorn's request cycle; ASGI itself knows no reset
            return
        headers_sent = [] if answer.status == NO_CONTENT else [(b"content-length", b"0")]
        headers_sent += [] if answer.location is None else [(b"location", answer.location.encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers_sent})
        await send({"type": "http.response.body", "body": b""})

    return app
