"""TENANT-03: lists and filters without another account's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.wacrm.steps.contacts import tag_id
from conformance.wacrm.steps.tenants import Tenants, account_id, first_pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.valid_requests import Calls


@requirement("TENANT-03")
def test_no_list_of_contacts_shows_another_accounts_rows(tenant_pair: Tenants) -> None:
    marker = tenant_pair.mine.account.marker()
    mine, theirs = create_alternating(
        tenant_pair, lambda calls: calls.account.contact(name=f"{marker} {calls.account.marker()}", tags=[marker])
    )
    for asking, own, foreign in ((tenant_pair.mine, mine, theirs), (tenant_pair.theirs, theirs, mine)):
        lists_own(asking.account, "/contacts", own)
        for query in (
            {}, {"search": marker}, {"search": foreign[1]["name"]}, {"search": digits(foreign[1]["phone"])},
            {"tag": tag_id(own[0], marker)}, {"tag": tag_id(foreign[0], marker)},
            {"tag": tag_id(foreign[0], marker), "search": marker}, {"tag": tag_id(own[0], marker), "search": marker},
        ):  # fmt: skip
            lists_none_of(asking.account, "/contacts", foreign, query)


@requirement("TENANT-03")
def test_no_list_of_conversations_shows_another_accounts_rows(tenant_pair: Tenants) -> None:
    mine, theirs = create_alternating(
        tenant_pair, lambda calls: {**(sent := calls.conversation()), "id": sent["conversation_id"]}
    )
    for asking, own, foreign in ((tenant_pair.mine, mine, theirs), (tenant_pair.theirs, theirs, mine)):
        lists_own(asking.account, "/conversations", own)
        for query in (
            {}, {"status": "open"}, {"contact_id": own[0]["contact_id"]}, {"contact_id": foreign[0]["contact_id"]},
            {"contact_id": foreign[1]["contact_id"], "status": "open"}, {"contact_id": foreign[0]["id"]},
        ):  # fmt: skip
            lists_none_of(asking.account, "/conversations", foreign, query)


@requirement("TENANT-03")
def test_no_list_of_endpoints_shows_another_accounts_rows(tenant_pair: Tenants) -> None:
    mine, theirs = create_alternating(tenant_pair, lambda calls: calls.webhook())
    for asking, own, foreign in ((tenant_pair.mine, mine, theirs), (tenant_pair.theirs, theirs, mine)):
        lists_own(asking.account, "/webhooks", own)
        lists_none_of(asking.account, "/webhooks", foreign, {})


@requirement("TENANT-03")
@pytest.mark.parametrize("path", ["/contacts", "/conversations", "/webhooks"])
def test_an_account_parameter_does_not_show_another_accounts_rows(path: str, tenants: Tenants) -> None:
    row = {"id": tenants.theirs.row(f"{path}/{{id}}")}
    id_ = account_id(tenants.theirs.account)
    expect.precondition(id_, "GET /me does not show the account's id")
    for name in ("account_id", "account", "accountId"):
        lists_none_of(tenants.mine.account, path, [row], {name: id_})


def create_alternating(tenant_pair: Tenants, make: Callable[[Calls], Row]) -> tuple[list[Row], list[Row]]:
    """Three rows of each account, created alternately."""
    made: list[tuple[Row, Row]] = [(make(tenant_pair.mine), make(tenant_pair.theirs)) for _ in range(3)]
    return [row for row, _ in made], [row for _, row in made]


def lists_own(account: Account, path: str, own: list[Row]) -> None:
    """No verdict unless the account's own rows are listed."""
    shown = {row.get("id") for row, _ in first_pages(account, path, 1, limit=100)}
    expect.precondition(shown & {row["id"] for row in own}, f"GET {path} does not show the account's own rows")


def lists_none_of(account: Account, path: str, foreign: list[Row], query: dict[str, Any]) -> None:
    """None of the other account's rows on the first pages, with small pages and with a large one: they are the newest
    rows.
    """
    ids = {row["id"] for row in foreign}
    for limit, pages in ((1, 4), (100, 1)):
        for row, exchange in first_pages(account, path, pages, **query, limit=limit):
            expect.that(row.get("id") not in ids, "none of another account's rows", f"its row {row}", exchange)
