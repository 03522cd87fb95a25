"""Receives the target's outbound webhooks: https from a private CA, raw bodies kept, answers programmable per path.

Runs as a process of its own (`python -m conformance.webhooks.receiver`), so that several workers can ask one receiver, and so that
busy checks never make it slow. `receiver_client` is what they use.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, HTTPException

from conformance.webhooks.certificate import server_context
from conformance.webhooks.deliveries import LOOPBACK, Answer, Inbox, delivery_app
from conformance.webhooks.internal_addresses import PRIVATE_ADDRESSES
from service.listening import CannotListenError, announce, listen, url_of
from service.options import Options
from service.running import Server, run

if TYPE_CHECKING:
    import argparse
    import socket
    import ssl
    from collections.abc import AsyncIterator


def control_app(inbox: Inbox) -> FastAPI:
    """What checks ask: attempts since a number, answers per path, the tripwire."""

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
