"""`python -m reference.wacrm`: start one application and say where it listens, in one line of JSON on stdout."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import uvicorn

from reference.wacrm.app import create_app
from reference.wacrm.faults import FAULTS, UnknownFaultError
from reference.wacrm.patching.steps import PatchError
from reference.wacrm.settings import Settings, SettingsError, load_accounts
from reference.wacrm.variants import UnknownVariantError
from reference.wacrm.wear import UnknownWearError
from service.listening import BACKLOG, CannotListenError, announce, listen, url_of
from service.options import Options
from service.running import Server, run

_DESCRIPTION = """\
The reference: a small, correct implementation of Wacrm's /api/v1.
Prints one JSON line with its addresses when it listens."""
_EXAMPLES = """\
examples:
  python -m reference.wacrm --accounts accounts.json --graph-url http://127.0.0.1:8801/v21.0
      the reference on a free port, sending through a mock of Meta's Graph API
  python -m reference.wacrm --accounts accounts.json --fault revoked-key-still-sends
      the same with one defect; --list-faults lists them all
"""


def parser() -> Options:
    options = Options("python -m reference.wacrm", _DESCRIPTION, _EXAMPLES)
    _add_deployment(options.add_argument_group("the deployment"))
    _add_webhooks(options.add_argument_group("outbound webhooks"))
    changes = options.add_argument_group("defects and differences")
    changes.add_argument("--fault", action="append", default=[], metavar="NAME", help="install a defect; repeatable")
    changes.add_argument(
        "--variant", action="append", default=[], metavar="NAME", help="be correct in another way; repeatable"
    )
    changes.add_argument(
        "--wear", action="append", default=[], metavar="NAME", help="be worn as real deployments are; repeatable"
    )
    changes.add_argument(
        "--list-faults", action="store_true", help="print clause, name and description of every fault, and end"
    )
    return options


def _add_deployment(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--accounts", type=Path, metavar="FILE", help="JSON file of accounts and keys (required)")
    group.add_argument(
        "--graph-url",
        default="http://127.0.0.1:9/v21.0",
        metavar="URL",
        help="Meta's Graph API or a mock of it (default: %(default)s, where nothing listens)",
    )
    group.add_argument(
        "--graph-timeout",
        type=float,
        default=10.0,
        metavar="S",
        help="seconds for one Graph call (default: %(default)s)",
    )
    group.add_argument(
        "--limit", type=int, default=120, metavar="N", help="requests per key and window (default: %(default)s)"
    )
    group.add_argument(
        "--window",
        type=float,
        default=60.0,
        metavar="S",
        help="the rate limit's window in seconds (default: %(default)s)",
    )
    group.add_argument(
        "--control", action="store_true", help="let tests revoke keys: POST /_control/keys/SHA-256/revoke, for anybody"
    )
    group.add_argument("--db", default=":memory:", metavar="FILE", help="SQLite database (default: in memory)")


def _add_webhooks(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--webhook-allow",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a receiver that is allowed at any address, such as https://127.0.0.1:8443; repeatable",
    )
    group.add_argument(
        "--webhook-only-allowed",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="deliver to allowed receivers alone (default)",
    )
    group.add_argument("--webhook-ca", type=Path, metavar="FILE", help="CA certificates (PEM) besides the public ones")
    group.add_argument(
        "--webhook-failures",
        type=int,
        default=15,
        metavar="N",
        help="consecutive failures that deactivate an endpoint (default: %(default)s)",
    )
    group.add_argument(
        "--webhook-timeout",
        type=float,
        default=5.0,
        metavar="S",
        help="seconds for one delivery (default: %(default)s)",
    )


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
        control=chosen.control,
        webhook_allow=frozenset(chosen.webhook_allow),
        webhook_only_allowed=chosen.webhook_only_allowed,
        webhook_ca=chosen.webhook_ca,
        webhook_failures=chosen.webhook_failures,
        webhook_timeout=chosen.webhook_timeout,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 after a signal, 2 for options that cannot be used."""
    options = parser()
    chosen = options.parse_args(arguments)
    if chosen.list_faults:
        for fault in FAULTS.values():
            print(f"{fault.clause}\t{fault.name}\t{fault.defect}")  # noqa: T201 - the command's output
        return 0
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        app = create_app(settings_of(chosen), chosen.fault, chosen.variant, chosen.wear)
        listener = listen(chosen.host, chosen.port)
    except (
        SettingsError, UnknownFaultError, UnknownVariantError, UnknownWearError, PatchError, CannotListenError,
    ) as problem:  # fmt: skip
        return options.refuse(problem)
    url = url_of(listener)
    config = uvicorn.Config(app, loop="asyncio", log_level="warning", access_log=False, backlog=BACKLOG)
    run(
        [Server(config, listener)],
        lambda: announce(url=url, api=f"{url}/api/v1", meta_webhook=f"{url}/api/whatsapp/webhook"),
        exit_with_stdin=chosen.exit_with_stdin,
    )
    return 0


def _check_url(option: str, text: str, schemes: tuple[str, ...]) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise SettingsError(f"{option}: not a URL: {text!r}") from None
    if url.scheme not in schemes or not url.host:
        raise SettingsError(f"{option}: expected an absolute {' or '.join(schemes)} URL, got {text!r}")
