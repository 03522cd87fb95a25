"""Receives the target's outbound webhooks: https from a private CA, raw bodies kept, answers programmable per path.

Runs as a process of its own (`python -m conformance.webhooks.receiver`), so that several workers can ask one receiver, and so that
a busy judge never makes it slow. `Receiver` is the client that checks use.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException

from conformance.webhooks.certificate import server_context
from conformance.webhooks.internal_addresses import PRIVATE_ADDRESSES
from service.listening import CannotListenError, announce, listen, url_of
from service.options import Options
from service.running import Server, run

if TYPE_CHECKING:
    import argparse
    import socket
    import ssl
    from collections.abc import AsyncIterator, Callable

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


@dataclass(frozen=True)
class Attempt:
    """One request that arrived. `at` is unix time, `monotonic` this machine's monotonic clock, in seconds."""

    seq: int
    at: float
    monotonic: float
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


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
        self.attempts.append({
            "seq": len(self.attempts) + 1, "at": time.time(), "monotonic": time.monotonic(), "method": method,
            "path": path, "headers": headers, "raw": base64.b64encode(raw).decode(),
        })  # fmt: skip
        before = self.latest.get(path)
        answer = before[1] if before is not None and before[0] == raw else self._next(path)
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


def control_app(inbox: Inbox) -> FastAPI:
    """What the judge asks: attempts since a number, answers per path, the tripwire."""

    @contextlib.asynccontextmanager
    async def first_tripwire(app: FastAPI) -> AsyncIterator[None]:
        app.state.tripwire = port_of(await _tripwire(inbox))
        yield

    app = FastAPI(openapi_url=None, lifespan=first_tripwire)

    @app.get("/attempts")
    async def attempts(since: int = 0, path: str = "") -> list[dict[str, Any]]:
        return [a for a in inbox.attempts[since:] if a["path"].startswith(path)]

    @app.put("/answers")
    async def program(path: str, answers: list[dict[str, Any]]) -> None:
        try:
            inbox.answers[path] = [Answer(**answer) for answer in answers]
        except TypeError as error:
            raise HTTPException(422, str(error)) from None

    @app.post("/tripwires")
    async def tripwires(count: int) -> list[int]:
        return [port_of(await _tripwire(inbox)) for _ in range(count)]

    @app.get("/touched")
    async def touched() -> list[tuple[int, str]]:
        return inbox.touched

    return app


class Receiver:
    """The judge's side: where deliveries go (`origin`), what arrived, how paths answer."""

    def __init__(self, origin: str, control: str, tripwire: int, patience: float = 10.0) -> None:
        self.origin, self.control, self.tripwire, self.patience = origin, control, tripwire, patience
        self._client = httpx.Client(base_url=control, timeout=10.0, trust_env=False)

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"

    def answer(self, path: str, **answer: Any) -> None:  # noqa: ANN401 - Answer's fields
        """Program a path: status, delay (seconds), location, reset."""
        self.answers(path, answer)

    def answers(self, path: str, *answers: dict[str, Any]) -> None:
        """Program a path's next deliveries one by one, however often each is attempted; the last answer is for all others."""
        self._client.put("/answers", params={"path": path}, json=answers).raise_for_status()

    def attempts(self, path: str, since: int = 0) -> list[Attempt]:
        """What came to `path` (a prefix), oldest first."""
        found = self._client.get("/attempts", params={"path": path, "since": since}).raise_for_status().json()
        return [Attempt(**{**a, "raw": base64.b64decode(a["raw"])}) for a in found]

    def settled(self, path: str, *, at_least: int, quiet: float = 0.4, patience: float | None = None) -> list[Attempt]:
        """Attempts on `path`, once there are `at_least` and none came for `quiet` seconds, or at the deadline."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        found, changed = self.attempts(path), time.monotonic()
        while time.monotonic() < deadline and not (len(found) >= at_least and time.monotonic() - changed >= quiet):
            time.sleep(0.03)
            now = self.attempts(path)
            changed = time.monotonic() if len(now) != len(found) else changed
            found = now
        return found

    def tripwires(self, count: int) -> list[int]:
        """Ports of `count` new tripwires, so that who touches one can be told from who touches another."""
        ports: list[int] = self._client.post("/tripwires", params={"count": count}).raise_for_status().json()
        return ports

    def touched(self, port: int | None = None) -> list[str]:
        """The addresses at which connections came to a tripwire (None: to any), where no delivery may go; oldest first."""
        found = self._client.get("/touched").raise_for_status().json()
        return [address for at, address in found if port in (None, at)]

    def close(self) -> None:
        self._client.close()


def serve(chosen: argparse.Namespace, listener: socket.socket, addresses: tuple[str, ...] = LOOPBACK) -> None:
    """Serve deliveries on `listener`, control on a port of its own, and a tripwire; announce them when all listen."""
    inbox = Inbox(addresses=addresses)
    context = server_context(chosen.ca, chosen.host, *chosen.name)
    control = control_app(inbox)
    servers = [
        Server(_config(delivery_app(inbox), context), listener),
        Server(_config(control), listen("127.0.0.1", 0)),
    ]
    where = {"origin": url_of(listener, "https", chosen.host), "control": url_of(servers[1].listener)}

    def started() -> None:
        announce(**where, ca=str(chosen.ca), tripwire=control.state.tripwire)

    run(servers, started, exit_with_stdin=chosen.exit_with_stdin)


async def _tripwire(inbox: Inbox) -> asyncio.Server:
    """Listens on one port of several addresses; who connects is noted and let go."""

    def touched(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inbox.touched.append((port, writer.get_extra_info("sockname")[0]))
        writer.close()

    first = await asyncio.start_server(touched, inbox.addresses[0], 0)
    port = port_of(first)
    for address in inbox.addresses[1:]:
        with contextlib.suppress(OSError):  # an address that this machine does not have
            await asyncio.start_server(touched, address, port)
    return first


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def _config(app: Any, context: ssl.SSLContext | None = None) -> uvicorn.Config:  # noqa: ANN401 - ASGI
    return uvicorn.Config(
        app, loop="asyncio", log_level="critical", access_log=False, lifespan="off" if context else "on",
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 after a signal or the end of stdin, 2 for options that cannot be used."""
    options = Options("python -m conformance.webhooks.receiver", __doc__)
    options.add_argument(
        "--ca", type=Path, required=True, metavar="FILE", help="the private CA's certificate; made when it is not there"
    )
    options.add_argument("--name", action="append", default=[], help="a further name for the certificate; repeatable")
    options.add_argument(
        "--inner", action="store_true", help="tripwires listen on this machine's private addresses as well"
    )
    chosen = options.parse_args(arguments)
    try:
        listener = listen(chosen.host, chosen.port)
    except CannotListenError as problem:
        return options.refuse(f"{problem}; choose another port with receiver.port")
    serve(chosen, listener, LOOPBACK + (PRIVATE_ADDRESSES if chosen.inner else ()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
