"""Takes away the harness's accounts and all that hangs on them, and proves that everything else is as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from harness.provision import fingerprints, tenants
from harness.provision.catalogue import read
from harness.provision.errors import ProvisionError
from harness.provision.layout import choose
from harness.provision.ownership import Ownership
from harness.provision.tenants import one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.provision.database import Database
    from harness.provision.fingerprints import Fingerprints
    from harness.provision.shapes import Shape


def remove(database: Database, say: Callable[[str], object]) -> None:
    """Within the database's transaction. Raises `ProvisionError` when a row of anybody else would change."""
    catalogue = read(database)
    shape = choose(catalogue)
    say(f"schema       {shape.title}")
    users = tenants.user_ids(database, shape)
    accounts = tenants.account_ids(database, shape, users)
    if not users and not accounts:
        say("found        nothing of the harness; nothing to remove")
        return
    _refuse_guests(database, shape, accounts, users)
    ours = Ownership(catalogue, shape, accounts, users)
    before = fingerprints.take(database, catalogue, ours.conditions)
    reached = {table: condition for table, condition in ours.conditions.items() if catalogue[table].readable}
    removed = database.delete(reached)
    after = fingerprints.take(database, catalogue, {})
    _refuse_changes(before, after)
    for table, count in removed.items():
        if count:
            say(f"removed      {count:>6} of {table}")
    say(
        f"proved       {sum(found.rows for found in after.values())} other rows in {len(after)} tables are as they were"
    )
    if unread := [str(name) for name, table in catalogue.items() if not table.readable]:
        say(f"not compared {len(unread)} tables that this role cannot read, for example {unread[0]}")


def _refuse_guests(database: Database, shape: Shape, accounts: list[str], users: list[str]) -> None:
    """A person who joined one of the accounts would lose the profile with it."""
    where = sql.SQL("account_id IN {} AND (user_id IN {}) IS NOT TRUE").format(one_of(accounts), one_of(users))
    if guests := database.select(shape.profiles.table, ["user_id"], where):
        raise ProvisionError(
            f"{len(guests)} other users are members of the harness's accounts (first: user {guests[0][0]}). "
            "Move them to an account of their own in the dashboard, then remove again."
        )


def _refuse_changes(before: Fingerprints, after: Fingerprints) -> None:
    if changed := fingerprints.differences(before, after):
        raise ProvisionError(
            "Removing would change rows that are not the harness's, so all of it was undone:\n  "
            + "\n  ".join(changed)
            + "\nLook for rows there that refer to the harness's accounts, or for a trigger that writes there."
        )
