"""Receives the target's outbound webhooks: https from a private CA, raw bodies kept, answers programmable per path.

Runs as a process of its own (`python -m conformance.webhooks.receiver`), so that several workers can ask one receiver, and so that
busy checks never make it slow. `receiver_client` is what they use.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from fastapi import FastAPI, HTTPException

from conformance.webhooks.deliveries import LOOPBACK, Answer, Inbox, delivery_app
from conformance.webhooks.internal_addresses import PRIVATE_ADDRESSES


def control_app(inbox: Inbox) -> FastAPI:
    """What checks ask: attempts since a number, answers per path, the tripwire."""
    app = FastAPI(openapi_url=None)

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


def certificates(ca: Path, *names: str) -> ssl.SSLContext:
    """A server context for the names, issued by the private CA at `ca`, which is made there when it does not exist.

    The CA's key lies beside it (`<ca>.key`, readable by its owner alone), so that a deployment can be told once to trust it.
    """
    key = ca.with_name(f"{ca.name}.key")
    if ca.exists() and key.exists():
        authority = trustme.CA.from_pem(ca.read_bytes(), key.read_bytes())
    else:
        authority = trustme.CA()
        key.touch(mode=0o600)
        key.write_bytes(authority.private_key_pem.bytes())
        ca.write_bytes(authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def serve(ca: Path, host: str, port: int, names: list[str], addresses: tuple[str, ...] = LOOPBACK) -> None:
    """Serve deliveries and control until cancelled; print one JSON line with the addresses when all listen."""
    inbox = Inbox(addresses=addresses)
    context = certificates(ca, "localhost", "127.0.0.1", "::1", *names)
    deliveries = _Server(delivery_app(inbox), bound(host, port), context)
    control = _Server(control_app(inbox), bound("127.0.0.1", 0), None)
    tripwire = await _tripwire(inbox)
    async with asyncio.TaskGroup() as group:
        for server in (deliveries, control):
            group.create_task(server.serve([server.listener]))
        line = {"origin": f"https://{host}:{deliveries.port}", "control": f"http://127.0.0.1:{control.port}", "ca": str(ca),
                "tripwire": port_of(tripwire)}  # fmt: skip
        print(json.dumps(line), flush=True)  # noqa: T201 - the protocol of this command


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


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Exits with one line when the port is taken."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        sys.exit(
            f"the receiver cannot listen on {host}, port {port}: {error.strerror}; choose another with receiver.port"
        )


class _Server(uvicorn.Server):
    def __init__(self, app: Any, listener: socket.socket, context: ssl.SSLContext | None) -> None:  # noqa: ANN401 - ASGI
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
        super().__init__(config)
        config.load()
        config.ssl = context
        self.listener = listener

    @property
    def port(self) -> int:
        found: int = self.listener.getsockname()[1]
        return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m conformance.webhooks.receiver", description=__doc__)
    parser.add_argument(
        "--ca", type=Path, required=True, help="the private CA's certificate; made when it is not there"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--name", action="append", default=[], help="a further name for the certificate")
    parser.add_argument(
        "--inner", action="store_true", help="tripwires listen on this machine's private addresses as well"
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input does: no orphans")
    given = parser.parse_args(arguments)
    if given.exit_with_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    try:
        addresses = LOOPBACK + (PRIVATE_ADDRESSES if given.inner else ())
        asyncio.run(serve(given.ca, given.host, given.port, given.name, addresses))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
