"""`wacrm-harness provision`: what a run needs in a deployment's database, and the harness.toml for it."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.target.target import LOOPBACK
from harness.arguments import Parser
from harness.provision import checklist, session
from harness.provision.errors import ProvisionError
from harness.provision.order import Order
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.provision.order import Given

EXAMPLES = """\
examples:
  export DATABASE_URL=postgresql://postgres:secret@127.0.0.1:5432/postgres
  export ENCRYPTION_KEY=...  META_APP_SECRET=...      as the deployment has them
  wacrm-harness provision --base-url http://127.0.0.1:3000
  wacrm-harness provision --base-url http://127.0.0.1:3000 --dry-run
  wacrm-harness provision --base-url http://127.0.0.1:3000 \\
      --column whatsapp_config.channel=whatsapp        a fork's own column
  wacrm-harness gate --target harness.toml
  wacrm-harness provision --remove                     when you are done
  wacrm-harness provision --guided --base-url https://crm.example.test

Called again, it repairs what is missing or wrong, and keeps the keys of the
file. keys.expiring lives for three minutes: call it again right before a run.

exit codes: 0 done; 2 interrupted; 4 not possible, and nothing was changed.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Provision, remove or guide; the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        if given.guided:
            _guide(given)
        else:
            _with_database(given)
    except ProvisionError as error:
        sys.stderr.write(_wrapped(str(error)))
        return ExitCode.SETUP
    return ExitCode.PROVED


def _wrapped(text: str) -> str:
    return "".join(
        textwrap.fill(line, 79, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) + "\n"
        for line in text.splitlines()
    )


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness provision", epilog=EXAMPLES,
        description="Make the accounts, keys, WhatsApp connections and templates that a run needs in\n"
        "a deployment's PostgreSQL database, and write harness.toml.",
    )  # fmt: skip
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--remove", action="store_true", help="take away all that provisioning and runs have made")
    what.add_argument("--guided", "--checklist", action="store_true",
                      help="no database: what to make by hand, and the file from what you paste")  # fmt: skip
    parser.add_argument("--database-url", metavar="URL", default=os.environ.get("DATABASE_URL"),
                        help="postgresql://… of the role that owns the tables (or set DATABASE_URL)")  # fmt: skip
    parser.add_argument("--encryption-key-env", metavar="NAME", default="ENCRYPTION_KEY",
                        help="variable with the deployment's encryption key (ENCRYPTION_KEY)")  # fmt: skip
    parser.add_argument("--app-secret-env", metavar="NAME", default="META_APP_SECRET",
                        help="variable with the deployment's app secret (META_APP_SECRET)")  # fmt: skip
    parser.add_argument("--base-url", metavar="URL", help="the deployment's origin, for harness.toml")
    parser.add_argument("--meta-control", metavar="URL", default="http://127.0.0.1:8790/_control",
                        help="the control API of the mock (%(default)s)")  # fmt: skip
    parser.add_argument("--keys", type=_count, default=60, metavar="N", help="keys with every scope (%(default)s)")
    parser.add_argument("--column", action="append", default=[], metavar="TABLE.COLUMN=VALUE",
                        help="a value for a column that only your fork has (repeat)")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("harness.toml"), metavar="FILE", help="the file (%(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print the SQL, with names for secrets; change nothing")
    return parser


def _count(text: str) -> int:
    if not 1 <= int(text) <= 1000:  # noqa: PLR2004 - more would be a typing error
        raise argparse.ArgumentTypeError("between 1 and 1000")
    return int(text)


def _with_database(given: argparse.Namespace) -> None:
    if not given.database_url:
        raise ProvisionError("Which database? Give --database-url postgresql://…, or set DATABASE_URL.")
    if given.remove:
        session.remove(given.database_url, dry_run=given.dry_run)
        return
    session.provision(given.database_url, _order(given))
    if not given.dry_run:
        sys.stdout.write(_next(given))


def _order(given: argparse.Namespace) -> Order:
    return Order(
        encryption_key=os.environ.get(given.encryption_key_env), encryption_variable=given.encryption_key_env,
        base_url=_base_url(given), meta_control=given.meta_control,
        app_secret=os.environ.get(given.app_secret_env), app_secret_variable=given.app_secret_env,
        keys=given.keys, out=given.out, columns=_columns(given.column), dry_run=given.dry_run,
    )  # fmt: skip


def _base_url(given: argparse.Namespace) -> str:
    url = str(given.base_url or "")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ProvisionError("Where does the deployment answer? Give its origin: --base-url http://127.0.0.1:3000")
    return url


def _columns(texts: Sequence[str]) -> Given:
    """`whatsapp_config.channel=whatsapp` by table and column."""
    found: Given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        table, dot, column = name.rpartition(".")
        if not (equals and dot and table):
            raise ProvisionError(f"--column {name}: write TABLE.COLUMN=VALUE, e.g. whatsapp_config.channel=whatsapp")
        found.setdefault(table, {})[column] = value
    return found


def _next(given: argparse.Namespace) -> str:
    host = urlsplit(given.base_url).hostname
    stranger = "" if LOOPBACK.match(host) else f" --allow-host {host}"
    return f"next         wacrm-harness gate --target {given.out}{stranger}\n"


def _guide(given: argparse.Namespace) -> None:
    if not sys.stdin.isatty():
        sys.stdout.write(checklist.printed(given.keys))
        return
    checklist.guide(
        _base_url(given), given.meta_control, given.keys, given.out,
        ask=getpass.getpass, say=lambda line: sys.stdout.write(f"{line}\n"),
    )  # fmt: skip
