"""``mock-meta``, also ``python -m mock_meta``."""

import argparse
import ipaddress
import logging
import math
import re
import sqlite3
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mock_meta import __version__
from mock_meta.control.accounts import configure
from mock_meta.control.errors import ControlError
from mock_meta.control.scenario_file import Scenario, read_scenario, set_up
from mock_meta.mock import Mock
from mock_meta.protocol.meta_hosts import hosts_lines
from mock_meta.protocol.strict_json import parse_json
from mock_meta.serving.app import MockMeta, create_app
from mock_meta.serving.ca_instructions import ca_instructions
from mock_meta.serving.server import serve
from mock_meta.serving.start_screen import start_screen
from mock_meta.settings import Settings
from mock_meta.simulation.behaviour import DEFAULT_PROFILE, PROFILES
from service.listening import CannotListenError, announce, listen, url_of
from service.options import Options

if TYPE_CHECKING:
    from mock_meta.serving.certificate_authority import Authority

_EXAMPLES = """\
examples:
  mock-meta
      a mock on a free port; in a terminal it tells how to point an
      application at it
  mock-meta --port 8801 --config accounts.json \\
      --behaviour realistic
      accounts from a file, statuses as slow and as lossy as real ones
  mock-meta --seed 7 --retry-scale 0.001
      the same draws on every run, webhook retries a thousand times faster
  mock-meta --scenario mock_meta/demo.toml
      a timeline: messages, throttling, an outage of webhooks
  mock-meta --tls --port 443
      as https://graph.facebook.com, for an application whose hosts file has
      the lines of --hosts
"""
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


_DESCRIPTION = "A mock of Meta's WhatsApp Cloud API.\nPrints one JSON line with its addresses when it listens."


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    add = parser.add_argument
    add(
        "--config", type=Path, metavar="FILE", help="JSON list of accounts, each as in PUT /_control/accounts/{waba_id}"
    )
    add("--scenario", type=Path, metavar="FILE", help="accounts, behaviour and a timeline in TOML (see README.md)")
    add("--seed", type=int, default=1, metavar="N", help="seed of every draw (default: %(default)s)")
    add("--behaviour", default=DEFAULT_PROFILE, choices=sorted(PROFILES), help="status profile (default: %(default)s)")
    add(
        "--allow-host",
        "--allow-webhook-host",
        type=_host,
        action="append",
        default=[],
        metavar="HOST",
        help="a host off this machine that may get webhooks and be asked for media; repeatable",
    )
    add("--webhook-ca", metavar="FILE", help="CA certificates (PEM) for https webhooks")
    add(
        "--webhook-timeout",
        type=_positive,
        default=20.0,
        metavar="S",
        help="seconds until a webhook counts as failed (default: %(default)s)",
    )
    add(
        "--retry-scale",
        type=_positive,
        default=1.0,
        metavar="X",
        help="multiplies the waits between webhook attempts (default: %(default)s)",
    )
    add("--tls", action="store_true", help="serve https as graph.facebook.com and lookaside.fbsbx.com")
    add("--tls-dir", type=Path, metavar="DIR", help="where the certificates' authority is kept (default: your own)")
    add("--hosts", action="store_true", help="print the lines for a hosts file and end; nothing is edited")
    add("--ledger", metavar="FILE", help="keep the evidence in this SQLite file, across runs (default: in memory)")
    add("--control-remote", action="store_true", help="let other machines use /_control")
    add("--human", action="store_true", help="print the start screen even when stdout is no terminal")
    add("--quiet", action="store_true", help="log errors only")
    add("--version", action="version", version=f"mock_meta {__version__}")
    return parser.parse_args(argv)


def _parser() -> Options:
    return Options("mock-meta", _DESCRIPTION, _EXAMPLES)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def _host(text: str) -> str:
    """As the hosts of URLs are compared with it: lower case, an address without its brackets."""
    name = text.lower().removeprefix("[").removesuffix("]")
    try:
        return name if _HOST.fullmatch(name) else str(ipaddress.IPv6Address(name))
    except ValueError as problem:
        wanted = "a host name such as crm.example is wanted, without scheme, port and path"
        raise argparse.ArgumentTypeError(f"{wanted}, not {text!r}") from problem


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until told to end. Exits 2 with one line on bad settings."""
    options = parse(argv)
    if options.hosts:
        print(hosts_lines(options.host))  # noqa: T201  # the interface
        return
    if options.tls_dir is not None and not options.tls:
        _fail("--tls-dir is for --tls, which is missing")
    if options.webhook_ca is not None:
        _check_ca(options.webhook_ca)
    app = _app(_settings(options))
    if options.config is not None:
        _load(app.mock, options.config)
    if options.scenario is not None:
        app.scenario = _scenario(app.mock, options.scenario, quiet=options.quiet)
    authority = _authority(options)
    try:
        listener = listen(options.host, options.port)
    except CannotListenError as problem:
        _fail(str(problem))
    url = url_of(listener, "https" if authority else "http")

    def started() -> None:
        _announce(app.mock, url, authority.certificate if authority else None, options)

    tls = authority.server_context() if authority else None
    serve(app, listener, started, exit_with_stdin=options.exit_with_stdin, quiet=options.quiet, tls=tls)


def _authority(options: argparse.Namespace) -> "Authority | None":
    if not options.tls:
        return None
    # cryptography costs time and memory that no mock without TLS should pay.
    from mock_meta.serving.certificate_authority import Authority, AuthorityError, default_folder  # noqa: PLC0415

    try:
        return Authority(options.tls_dir or default_folder())
    except AuthorityError as problem:
        _fail(f"--tls: {problem}")


def _announce(mock: Mock, url: str, ca: Path | None, options: argparse.Namespace) -> None:
    """A screen for a person; for a program one line, and for whoever reads its log whom to trust."""
    if options.human or sys.stdout.isatty():
        print(start_screen(mock, url, ca), flush=True)  # noqa: T201  # the interface
        return
    authority = {} if ca is None else {"ca": str(ca)}
    announce(url=url, graph=f"{url}/v21.0", control=f"{url}/_control", **authority)
    if ca is not None and not options.quiet:
        print("\n".join(ca_instructions(ca)), file=sys.stderr, flush=True)  # noqa: T201  # the interface


def _app(settings: Settings) -> MockMeta:
    try:
        return create_app(settings)
    except (OSError, sqlite3.Error) as problem:
        _fail(f"--ledger {settings.ledger}: {problem}")


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        seed=options.seed,
        profile=options.behaviour,
        allowed_hosts=frozenset(options.allow_host),
        control_remote=options.control_remote,
        retry_scale=options.retry_scale,
        webhook_timeout=options.webhook_timeout,
        webhook_ca=options.webhook_ca,
        ledger=options.ledger,
    )


def _check_ca(file: str) -> None:
    try:
        ssl.create_default_context(cafile=file)
    except OSError as problem:
        _fail(f"--webhook-ca {file}: {problem}")


def _load(mock: Mock, file: Path) -> None:
    try:
        configure(mock, parse_json(file.read_bytes()))
    except (OSError, ValueError, ControlError) as problem:
        _fail(f"--config {file}: {problem}")


def _scenario(mock: Mock, file: Path, *, quiet: bool) -> Scenario:
    """What the file holds, its accounts made."""
    logging.basicConfig(level="ERROR" if quiet else "INFO", format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel("WARNING")
    try:
        scenario = read_scenario(file.read_text("utf-8"))
        set_up(mock, scenario)
    except (OSError, ValueError, ControlError) as problem:
        _fail(f"--scenario {file}: {problem}")
    return scenario


def _fail(sentence: str) -> NoReturn:
    raise SystemExit(_parser().refuse(sentence))
