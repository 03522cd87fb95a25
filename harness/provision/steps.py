"""Provisioning from the first look at the database to the written file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.provision import keys, layout, target_file, templates, tenants, whatsapp
from harness.provision.catalogue import read
from harness.provision.outcomes import Outcome, told
from harness.provision.tenants import MAIN, OTHER, TENANTS, UNCONFIGURED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from harness.provision.database import Database
    from harness.provision.layout import Layout
    from harness.provision.order import Order
    from harness.provision.tenants import Account, Tenant

WRONG_KEY = """\
warning      the encryption key opens none of the tokens that are there already:
             is it the ENCRYPTION_KEY that this deployment runs with?"""


def provision(database: Database, order: Order, key: bytes, say: Callable[[str], object]) -> None:
    """All that a run needs, in the database's transaction; the file is in place only when that was committed."""
    old, secrets = target_file.earlier(order.out)
    laid = _look(database, order, say)
    accounts = _accounts(database, laid, say)
    connections = _connections(database, laid, accounts, key, say)
    done = [outcome for tenant in (MAIN, OTHER) for outcome in templates.ensure(database, laid, accounts[tenant])]
    say(f"templates    {told(done)}")
    now = database.rows("SELECT now()")[0][0]
    wanted = keys.wanted(order.keys, secrets)
    say(f"keys         {told(keys.ensure(database, laid, accounts, wanted, now))}")
    if order.dry_run:
        return
    settings = target_file.merged(old, _settings(order, connections, wanted, now))
    in_file = settings["meta"].setdefault("app_secret", f"env:{order.app_secret_variable}")
    with target_file.replaced(order.out, settings):
        database.commit()
    say(f"written      {order.out}\n             readable by its owner only")
    if in_file.startswith("env:") and order.app_secret is None:
        say(f"set first    {in_file.removeprefix('env:')}, the deployment's app secret: the file refers to it")


def _look(database: Database, order: Order, say: Callable[[str], object]) -> Layout:
    catalogue = read(database)
    shape = layout.choose(catalogue)
    say(f"schema       {shape.title}")
    return layout.lay(shape, catalogue, order.columns)


def _accounts(database: Database, laid: Layout, say: Callable[[str], object]) -> dict[Tenant, Account]:
    made = {tenant: tenants.ensure(database, laid, tenant) for tenant in TENANTS}
    say(f"accounts     {told(outcome for _, outcome in made.values())}")
    for tenant in TENANTS:
        say(f"             {tenant.account} ({tenant.email})")
    return {tenant: account for tenant, (account, _) in made.items()}


def _connections(
    database: Database, laid: Layout, accounts: dict[Tenant, Account], key: bytes, say: Callable[[str], object]
) -> list[whatsapp.Connection]:
    """Of the main and of the other account; both have one verify token, as the target file does."""
    main, first = whatsapp.connect(database, laid, accounts[MAIN], key)
    other, second = whatsapp.connect(database, laid, accounts[OTHER], key, main.verify_token)
    extra = whatsapp.disconnect(database, laid, accounts[UNCONFIGURED])
    say(f"WhatsApp     {told([first, second, *[Outcome.RETIRED] * extra])}")
    if whatsapp.opens_others(database, laid, list(accounts.values()), key) is False:
        say(WRONG_KEY)
    return [main, other]


def _settings(
    order: Order, connections: Sequence[whatsapp.Connection], wanted: Sequence[keys.Wanted], now: datetime
) -> dict[str, Any]:
    main, other = connections
    section = target_file.by_role([(key.role, key.secret) for key in wanted if key.state is not keys.State.EXPIRING])
    for key in wanted:
        if key.state is keys.State.EXPIRING:
            section["expiring"] = {"key": key.secret, "expires_at": now + keys.EXPIRING_IN}
    meta = {
        "control": order.meta_control, "verify_token": main.verify_token,
        "phone_number_id": main.phone_number_id, "waba_id": main.waba_id, "access_token": main.access_token,
        "other_phone_number_id": other.phone_number_id, "other_waba_id": other.waba_id,
        "other_access_token": other.access_token,
    }  # fmt: skip
    if order.app_secret:
        meta["app_secret"] = order.app_secret
    return {"target": {"base_url": order.base_url}, "keys": section, "meta": meta}
