"""The harness's three accounts in a deployment, each with its owner. Their owners' addresses mark them as the harness's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from harness.provision.outcomes import outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.provision.database import Database
    from harness.provision.layout import Layout
    from harness.provision.outcomes import Outcome
    from harness.provision.shapes import Shape

DOMAIN = "wacrm-harness.invalid"


@dataclass(frozen=True)
class Tenant:
    name: str

    @property
    def email(self) -> str:
        return f"{self.name}@{DOMAIN}"

    @property
    def account(self) -> str:
        return f"wacrm-harness {self.name}"


MAIN, OTHER, UNCONFIGURED = Tenant("main"), Tenant("other"), Tenant("unconfigured")
TENANTS = (MAIN, OTHER, UNCONFIGURED)


@dataclass(frozen=True)
class Account:
    """A tenant as it stands in the database."""

    tenant: Tenant
    user_id: str
    id: str

    @property
    def facts(self) -> dict[str, Any]:
        return {**_facts(self.tenant), "user_id": self.user_id, "account_id": self.id}


def _facts(tenant: Tenant) -> dict[str, Any]:
    name = f"Harness {tenant.name}"
    return {
        "email": tenant.email, "full_name": name, "user_meta": Jsonb({"full_name": name}),
        "account_name": tenant.account,
    }  # fmt: skip


def one_of(values: Iterable[str]) -> sql.Composable:
    """`('a', 'b')` for IN: literals, so that they take the type of the column they are compared with."""
    literals: list[sql.Composable] = [sql.Literal(value) for value in values]
    return sql.SQL("({})").format(sql.SQL(",\n    ").join(literals or [sql.NULL]))


def user_ids(database: Database, shape: Shape, tenants: Iterable[Tenant] = TENANTS) -> list[str]:
    """The harness's users."""
    where = sql.SQL("email IN {}").format(one_of([tenant.email for tenant in tenants]))
    return [str(row[0]) for row in database.select(shape.users.table, ["id"], where)]


def account_ids(database: Database, shape: Shape, users: list[str], tenants: Iterable[Tenant] = TENANTS) -> list[str]:
    """The accounts of these users, and accounts of the harness's names whose owner exists no more."""
    where = sql.SQL(
        "owner_user_id IN {users} OR (name IN {names} AND NOT EXISTS (SELECT FROM {owners} u WHERE u.id = owner_user_id))"
    ).format(
        users=one_of(users), names=one_of([t.account for t in tenants]), owners=shape.users.table.identifier
    )  # fmt: skip
    return [str(row[0]) for row in database.select(shape.accounts.table, ["id"], where)]


def ensure(database: Database, layout: Layout, tenant: Tenant) -> tuple[Account, Outcome]:
    """The tenant's user, account and profile: found and repaired, or made."""
    users = user_ids(database, layout.shape, [tenant])
    user = users[0] if users else _make_user(database, layout, tenant)
    identifier, changed = _account(database, layout, tenant, user)
    account = Account(tenant, user, identifier)
    changed += _profile(database, layout, account)
    return account, outcome(made=not users, changed=changed)


def _make_user(database: Database, layout: Layout, tenant: Tenant) -> str:
    user = str(uuid.uuid4())
    database.insert(layout.users.table, [layout.users.inserted({**_facts(tenant), "user_id": user})])
    return user


def _account(database: Database, layout: Layout, tenant: Tenant, user: str) -> tuple[str, int]:
    """Its id and what changed. A trigger may have made it just now, under a name of its own."""
    found = account_ids(database, layout.shape, [user], [tenant])
    facts = {**_facts(tenant), "user_id": user, "account_id": found[0] if found else str(uuid.uuid4())}
    if not found:
        return facts["account_id"], database.insert(layout.accounts.table, [layout.accounts.inserted(facts)])
    right = layout.accounts.repaired(facts, ["name", "owner_user_id", "allow_api"])
    return found[0], database.update(layout.accounts.table, right, {"id": found[0]})


def _profile(database: Database, layout: Layout, account: Account) -> int:
    of_user = sql.SQL("user_id IN {}").format(one_of([account.user_id]))
    if not database.select(layout.profiles.table, ["user_id"], of_user):
        return database.insert(layout.profiles.table, [layout.profiles.inserted(account.facts)])
    right = layout.profiles.repaired(account.facts, ["account_id", "account_role"])
    return database.update(layout.profiles.table, right, {"user_id": account.user_id})
