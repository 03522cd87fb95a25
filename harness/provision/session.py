"""One call on a database: connect, work, commit or undo, and say what happens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.provision import removal, steps
from harness.provision.database import transaction
from harness.provision.encryption import encryption_key

if TYPE_CHECKING:
    from harness.provision.order import Order

UNDONE = "dry run      all of it was tried and undone: nothing is changed or written"


def provision(url: str, order: Order) -> None:
    """Raises `ProvisionError`."""
    key = encryption_key(order.encryption_key, order.encryption_variable)
    say = _comment if order.dry_run else _say
    with transaction(url, _say if order.dry_run else _nothing) as database:
        say(f"connected    {database.place}")
        steps.provision(database, order, key, say)
    if order.dry_run:
        say(UNDONE)


def remove(url: str, *, dry_run: bool) -> None:
    """Raises `ProvisionError`."""
    say = _comment if dry_run else _say
    with transaction(url, _say if dry_run else _nothing) as database:
        say(f"connected    {database.place}")
        removal.remove(database, say)
        if not dry_run:
            database.commit()
    say(UNDONE if dry_run else "done         the keys in harness.toml open nothing any more")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _comment(line: str) -> None:
    """Between SQL statements, a line of progress is a comment."""
    _say("\n".join(f"-- {part}" for part in line.splitlines()))


def _nothing(_: str) -> None:
    pass
