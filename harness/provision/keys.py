"""API keys by role: which a run needs, and what must happen to those that are there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from psycopg import sql

from conformance.target.keys import Role, scoped_role
from conformance.target.target import SCOPES
from conformance.wacrm.reference import new_key
from harness.provision.errors import ProvisionError
from harness.provision.outcomes import Outcome
from harness.provision.statements import Hidden
from harness.provision.tenants import MAIN, OTHER, UNCONFIGURED, Tenant, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from harness.provision.database import Database
    from harness.provision.layout import Layout
    from harness.provision.tenants import Account

EXPIRING_IN = timedelta(minutes=3)
LONG_AGO = timedelta(days=1)
PREFIX_LENGTH = 19


class State(Enum):
    """What a key is meant to be; EXPIRING: for the next three minutes active."""

    ACTIVE = auto()
    REVOKED = auto()
    EXPIRED = auto()
    EXPIRING = auto()


@dataclass(frozen=True)
class Group:
    """So many keys of one role."""

    role: str
    tenant: Tenant
    scopes: tuple[str, ...]
    count: int = 1
    state: State = State.ACTIVE


def groups(full: int) -> list[Group]:
    """What a whole run uses, with `full` keys of every scope. The counts beside it: what limiter and tenant checks spend."""
    return [
        Group(Role.FULL, MAIN, SCOPES, full),
        Group(Role.NONE, MAIN, (), 8),
        Group(Role.REVOKED, MAIN, SCOPES, state=State.REVOKED),
        Group(Role.EXPIRED, MAIN, SCOPES, state=State.EXPIRED),
        Group(Role.EXPIRING, MAIN, SCOPES, state=State.EXPIRING),
        Group(Role.REVOCABLE, MAIN, SCOPES),
        *(Group(scoped_role("only", scope), MAIN, (scope,)) for scope in SCOPES),
        *(Group(scoped_role("all_but", scope), MAIN, tuple(s for s in SCOPES if s != scope)) for scope in SCOPES),
        Group(Role.OTHER, OTHER, SCOPES, 24),
        Group(Role.UNCONFIGURED, UNCONFIGURED, SCOPES, 2),
    ]


@dataclass(frozen=True)
class Wanted:
    """One key as it should be."""

    role: str
    tenant: Tenant
    name: str
    scopes: tuple[str, ...]
    state: State
    secret: str = field(repr=False)

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


@dataclass(frozen=True)
class Stored:
    """One key as it is. `scopes` sorted."""

    hash: str
    account_id: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    is_revoked: bool


def wanted(full: int, old: Mapping[str, Sequence[str]]) -> list[Wanted]:
    """Every key of a run: with the secrets of an earlier target file by role, as far as they go, then with new ones."""
    found = []
    for group in groups(full):
        kept = list(old.get(group.role, []))[: group.count]
        for number, secret in enumerate([*kept, *(new_key() for _ in range(group.count - len(kept)))], 1):
            name = f"wacrm-harness {group.role} {number}"
            found.append(Wanted(group.role, group.tenant, name, group.scopes, group.state, secret))
    return found


def ensure(
    database: Database, layout: Layout, accounts: Mapping[Tenant, Account], keys: Sequence[Wanted], now: datetime
) -> list[Outcome]:
    """The keys in the database: found and repaired, or made; those that only an earlier call knew are revoked."""
    stored = _stored(database, layout, accounts, keys)
    table = layout.api_keys
    missing = [key for key in keys if key.hash not in stored]
    database.insert(table.table, [table.inserted(_facts(key, accounts[key.tenant], now)) for key in missing])
    outcomes = [Outcome.MADE] * len(missing)
    for key in keys:
        if there := stored.pop(key.hash, None):
            outcomes.append(_correct(database, layout, key, there, _facts(key, accounts[key.tenant], now)))
    for unknown in stored.values():
        if not unknown.is_revoked:
            where = {"key_hash": Hidden(unknown.hash, "hash of a key of an earlier call")}
            database.update(table.table, {"revoked_at": now}, where)
            outcomes.append(Outcome.RETIRED)
    return outcomes


def _stored(
    database: Database, layout: Layout, accounts: Mapping[Tenant, Account], keys: Sequence[Wanted]
) -> dict[str, Stored]:
    """The accounts' keys by hash. Raises `ProvisionError` when a wanted key belongs to somebody else."""
    ours = {account.id for account in accounts.values()}
    where = sql.SQL("account_id IN {} OR key_hash IN {}").format(one_of(ours), one_of([key.hash for key in keys]))
    columns = ["key_hash", "account_id", "scopes", "expires_at", "revoked_at"]
    found = [
        Stored(digest, str(account), tuple(sorted(scopes)), _in_utc(expires_at), revoked_at is not None)
        for digest, account, scopes, expires_at, revoked_at in database.select(layout.api_keys.table, columns, where)
    ]
    if strangers := {key.account_id for key in found} - ours:
        raise ProvisionError(
            f"The target file has keys of another account ({', '.join(sorted(strangers))}). They stay as they are: "
            "write to another file with --out."
        )
    return {key.hash: key for key in found}


def _in_utc(moment: datetime | None) -> datetime | None:
    """A fork's column may be without time zone."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _correct(database: Database, layout: Layout, key: Wanted, there: Stored, facts: Mapping[str, Any]) -> Outcome:
    if _is_right(key, there, facts):
        return Outcome.KEPT
    right = layout.api_keys.repaired(facts, ["account_id", "created_by", "scopes", "expires_at", "revoked_at"])
    database.update(layout.api_keys.table, right, {"key_hash": facts["key_hash"]})
    return Outcome.RENEWED if key.state is State.EXPIRING else Outcome.REPAIRED


def _is_right(key: Wanted, there: Stored, facts: Mapping[str, Any]) -> bool:
    if there.account_id != facts["account_id"] or there.scopes != tuple(sorted(key.scopes)):
        return False
    has_expired = there.expires_at is not None and there.expires_at < facts["now"]
    return {
        State.ACTIVE: not there.is_revoked and there.expires_at is None,
        State.REVOKED: there.is_revoked,
        State.EXPIRED: has_expired and not there.is_revoked,
        State.EXPIRING: False,
    }[key.state]


def _facts(key: Wanted, account: Account, now: datetime) -> dict[str, Any]:
    expires = {State.EXPIRED: now - LONG_AGO, State.EXPIRING: now + EXPIRING_IN}
    return {
        **account.facts, "now": now, "key_name": key.name, "key_prefix": key.secret[:PREFIX_LENGTH],
        "key_hash": Hidden(key.hash, f"hash of {key.name}"), "scopes": list(key.scopes),
        "expires_at": expires.get(key.state), "revoked_at": now if key.state is State.REVOKED else None,
    }  # fmt: skip
