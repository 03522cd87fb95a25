"""The accounts' WhatsApp connections: numbers that only the mock knows, tokens encrypted as the deployment expects."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql

from harness.provision.encryption import decrypt, encrypt
from harness.provision.outcomes import Outcome, outcome
from harness.provision.statements import Hidden
from harness.provision.tenants import TENANTS, one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.provision.database import Database
    from harness.provision.layout import Layout
    from harness.provision.tenants import Account

SAMPLE = 5


@dataclass(frozen=True)
class Connection:
    phone_number_id: str
    waba_id: str
    access_token: str = field(repr=False)
    verify_token: str = field(repr=False)


def connect(
    database: Database, layout: Layout, account: Account, key: bytes, verify_token: str | None = None
) -> tuple[Connection, Outcome]:
    """The account's connection: found and repaired, or made. Tokens that the key opens are kept.

    `verify_token`: what the connection must have; None leaves the choice to it.
    """
    columns = ["phone_number_id", "waba_id", "access_token", "verify_token"]
    rows = database.select(layout.whatsapp_config.table, columns, _of(account))
    rows.sort(key=lambda row: decrypt(key, row[2]) is None)
    phone, waba, *stored = rows[0] if rows else (None, None, None, None)
    access, verify = (decrypt(key, token) for token in stored)
    connection = Connection(
        phone or _identifier(account), waba or _identifier(account),
        access or "EAA" + secrets.token_hex(30), verify_token or verify or secrets.token_hex(16),
    )  # fmt: skip
    facts = _facts(account, connection, key)
    if not rows:
        database.insert(layout.whatsapp_config.table, [layout.whatsapp_config.inserted(facts)])
        return connection, Outcome.MADE
    wrong = {"access_token": access != connection.access_token, "verify_token": verify != connection.verify_token}
    repaired = ["user_id", "waba_id", "status", "is_default", *(name for name, is_wrong in wrong.items() if is_wrong)]
    right = layout.whatsapp_config.repaired(facts, repaired)
    where = {"account_id": account.id, "phone_number_id": connection.phone_number_id}
    return connection, outcome(made=False, changed=database.update(layout.whatsapp_config.table, right, where))


def disconnect(database: Database, layout: Layout, account: Account) -> int:
    """Take away a connection that this account must not have; the number of rows."""
    return sum(database.delete({layout.whatsapp_config.table: _of(account)}).values())


def opens_others(database: Database, layout: Layout, accounts: Sequence[Account], key: bytes) -> bool | None:
    """Whether the key opens tokens that the deployment itself stored; None when there are none to try."""
    ours = one_of([account.id for account in accounts])
    where = sql.SQL("account_id NOT IN {} AND access_token IS NOT NULL LIMIT {}").format(ours, sql.Literal(SAMPLE))
    rows = database.select(layout.whatsapp_config.table, ["access_token"], where)
    return any(decrypt(key, row[0]) is not None for row in rows) if rows else None


def _of(account: Account) -> sql.Composable:
    return sql.SQL("account_id IN {}").format(one_of([account.id]))


def _identifier(account: Account) -> str:
    """15 digits, as Meta's. The last differs between the accounts: the mock's display numbers end in the last four."""
    return f"{secrets.randbelow(9 * 10**13) + 10**13}{TENANTS.index(account.tenant)}"


def _facts(account: Account, connection: Connection, key: bytes) -> dict[str, Any]:
    name = account.tenant.name
    return {
        **account.facts,
        "phone_number_id": connection.phone_number_id,
        "waba_id": connection.waba_id,
        "access_token": Hidden(encrypt(key, connection.access_token), f"encrypted access token of {name}"),
        "verify_token": Hidden(encrypt(key, connection.verify_token), "encrypted verify token"),
    }
