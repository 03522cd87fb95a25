"""`python -m reference.wacrm`: start one application and say where it listens, in one line of JSON on stdout."""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from reference.wacrm.app import create_app
from reference.wacrm.faults import FAULTS, UnknownFaultError
from reference.wacrm.settings import Settings, SettingsError, load_accounts
from reference.wacrm.variants import UnknownVariantError

_USAGE_ERROR = 2
_SHUTDOWN_SECONDS = 1
_BACKLOG = 2048
_LAST_PORT = 65535


class Server(uvicorn.Server):
    """Ends by itself after a signal, instead of being killed by it once all is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m reference.wacrm", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--accounts", type=Path, help="JSON file of accounts and keys")
    options.add_argument("--graph-url", default="http://127.0.0.1:9/v21.0", help="Meta's Graph API, or a mock of it")
    options.add_argument("--graph-timeout", type=float, default=10.0, metavar="SECONDS")
    options.add_argument("--limit", type=int, default=120, help="requests per key and window")
    options.add_argument("--window", type=float, default=60.0, metavar="SECONDS")
    options.add_argument("--db", default=":memory:", metavar="FILE", help="SQLite file; in memory by default")
    options.add_argument("--webhook-allow", action="append", default=[], metavar="ORIGIN", help="trusted receiver")
    options.add_argument(
        "--webhook-only-allowed",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="contact no other receivers, not even public ones (default)",
    )
    options.add_argument("--webhook-ca", type=Path, metavar="FILE", help="trusted besides the public authorities")
    options.add_argument("--webhook-failures", type=int, default=15, help="consecutive failures that switch off")
    options.add_argument("--webhook-timeout", type=float, default=5.0, metavar="SECONDS")
    options.add_argument("--fault", action="append", default=[], metavar="NAME", help="break one clause")
    options.add_argument("--variant", action="append", default=[], metavar="NAME", help="be correct in another way")
    options.add_argument("--list-faults", action="store_true")
    options.add_argument("--exit-with-stdin", action="store_true", help="end when stdin does")
    return options


def settings_of(chosen: argparse.Namespace) -> Settings:
    """Checked settings.

    Raises:
        SettingsError: one line about the first that cannot be used.

    """
    if chosen.accounts is None:
        raise SettingsError("--accounts FILE is required")
    for name in ("graph_timeout", "limit", "window", "webhook_failures", "webhook_timeout"):
        if not getattr(chosen, name) > 0:
            raise SettingsError(f"--{name.replace('_', '-')} must be positive")
    if not 0 <= chosen.port <= _LAST_PORT:
        raise SettingsError(f"--port must be between 0 and {_LAST_PORT}")
    _check_url("--graph-url", chosen.graph_url, ("http", "https"))
    for text in chosen.webhook_allow:
        _check_url("--webhook-allow", text, ("https",))
    if chosen.webhook_ca is not None and not chosen.webhook_ca.is_file():
        raise SettingsError(f"--webhook-ca: no such file: {chosen.webhook_ca}")
    accounts = load_accounts(chosen.accounts)
    return Settings(
        app_secret=accounts.app_secret,
        verify_token=accounts.verify_token,
        accounts=accounts.accounts,
        graph_url=chosen.graph_url,
        graph_timeout=chosen.graph_timeout,
        limit=chosen.limit,
        window=chosen.window,
        db=chosen.db,
        webhook_allow=frozenset(chosen.webhook_allow),
        webhook_only_allowed=chosen.webhook_only_allowed,
        webhook_ca=chosen.webhook_ca,
        webhook_failures=chosen.webhook_failures,
        webhook_timeout=chosen.webhook_timeout,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 after a signal, 2 for settings that cannot be used."""
    chosen = parser().parse_args(arguments)
    if chosen.list_faults:
        for fault in FAULTS.values():
            print(f"{fault.clause}\t{fault.name}\t{fault.defect}")  # noqa: T201 - the command's output
        return 0
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        app = create_app(settings_of(chosen), chosen.fault, chosen.variant)
        listener = _listen(chosen.host, chosen.port)
    except (SettingsError, UnknownFaultError, UnknownVariantError) as error:
        print(f"reference.wacrm: {error}", file=sys.stderr)  # noqa: T201 - the command's output
        return _USAGE_ERROR
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, backlog=_BACKLOG, timeout_graceful_shutdown=_SHUTDOWN_SECONDS
    )
    asyncio.run(_serve(Server(config), listener, exit_with_stdin=chosen.exit_with_stdin))
    return 0


async def _serve(server: Server, listener: socket.socket, *, exit_with_stdin: bool) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has a flag, and no event
        await asyncio.sleep(0.01)
    if not serving.done():
        _announce(listener)
    if exit_with_stdin:
        await _stdin_closed_or_done(serving)
        server.should_exit = True
    await serving


async def _stdin_closed_or_done(serving: asyncio.Task[None]) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    closed = asyncio.create_task(reader.read())
    await asyncio.wait({closed, serving}, return_when=asyncio.FIRST_COMPLETED)
    closed.cancel()


def _announce(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    where = {"url": url, "api": f"{url}/api/v1", "meta_webhook": f"{url}/api/whatsapp/webhook", "pid": os.getpid()}
    print(json.dumps(where), flush=True)  # noqa: T201 - the command's output


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host} port {port}: {error}") from None
    # inherited by what it accepts; without it an answer's body waits 40 ms for the acknowledgement of its head
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listener


def _check_url(option: str, text: str, schemes: tuple[str, ...]) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise SettingsError(f"{option}: not a URL: {text!r}") from None
    if url.scheme not in schemes or not url.host:
        raise SettingsError(f"{option}: expected an absolute {' or '.join(schemes)} URL, got {text!r}")
