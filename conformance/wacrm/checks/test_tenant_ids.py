"""TENANT-04: another account's ids in bodies, and its cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.expectations import envelope
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.pagination import page_of
from conformance.wacrm.steps.tenants import Tenants, account_id, share_number

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account
from conformance.wacrm.steps.tenants import SharedNumber


@requirement("TENANT-04")
@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize("quoted", ["sent", "received"])
@pytest.mark.parametrize("number", ["the same", "another"])
def test_replying_to_another_accounts_message_is_refused(
    quoted: str, number: str, tenants: Tenants, target: Target
) -> None:
    if quoted == "received" and not target.capabilities.inbound:
        raise Lacking("capabilities.inbound is false: the deployment does not take Meta's webhooks")
    shared = share_number(tenants)
    to = shared.phone if number == "the same" else tenants.mine.account.numbers.fresh()
    message = (
        shared.theirs["message_id"] if quoted == "sent" else received_message_id(tenants.theirs.account, shared, target)
    )
    marker = tenants.mine.account.marker()
    body = {"to": to, "text": marker, "reply_to_message_id": message}
    exchange = tenants.mine.account.api.post("/messages", body)
    expect.that(400 <= (exchange.status or 0) < 500, "a 4xx for another account's message", exchange.summary, exchange)
    at_meta = tenants.mine.account.mock_meta.sends(contains=marker)
    expect.that(not at_meta, "no request to Meta for a refused reply", lambda: at_meta[0]["raw"], exchange)


def received_message_id(account: Account, shared: SharedNumber, target: Target) -> str:
    """The id of a message that the account received from the shared number."""
    wamid = account.receive(shared.phone)
    row = account.message(shared.theirs["conversation_id"], wamid, target.target.patience)
    if row is None:
        raise NoVerdict("an inbound message is not listed in its conversation")
    return str(row["id"])


@requirement("TENANT-04")
@pytest.mark.parametrize("path", ["/contacts", "/conversations", "/webhooks"])
def test_another_accounts_cursor_reveals_nothing(path: str, tenants: Tenants) -> None:
    rows = [{"id": tenants.theirs.row(f"{path}/{{id}}")} for _ in range(3)]
    cursor = cursor_of(tenants.theirs.account, path)
    tenants.mine.row(f"{path}/{{id}}")
    reveals_nothing(tenants, path, rows, cursor)


@requirement("TENANT-04")
def test_a_cursor_of_another_accounts_messages_reveals_nothing(tenants: Tenants) -> None:
    account, to = tenants.theirs.account, tenants.theirs.account.numbers.fresh()
    mine, theirs = tenants.mine.conversation(), account.send(to)
    rows = [{"id": sent["message_id"]} for sent in (theirs, *(account.send(to) for _ in range(2)))]
    cursor = cursor_of(account, f"/conversations/{theirs['conversation_id']}/messages")
    reveals_nothing(tenants, f"/conversations/{mine['conversation_id']}/messages", rows, cursor)


def cursor_of(account: Account, path: str) -> str:
    """The cursor after the newest row."""
    exchange = account.api.get(path, limit=1)
    page = page_of(exchange)
    if path == "/webhooks" and page is not None and page.cursor is None:
        raise Lacking("the list of endpoints has no cursor: a deployment may give all of them at once")
    expect.precondition(page and page.cursor, f"GET {path}?limit=1 gives no cursor: {exchange.summary}")
    assert page is not None
    return str(page.cursor)


def reveals_nothing(tenant_pair: Tenants, path: str, rows: list[dict[str, str]], cursor: str) -> None:
    """The cursor is refused, or is a position in the account's own list."""
    exchange = tenant_pair.mine.account.api.get(path, cursor=cursor, limit=100)
    expect.that(
        (exchange.status or 0) < 500, "another account's cursor refused or harmless", exchange.summary, exchange
    )
    for row in rows:
        expect.that(row["id"] not in exchange.text, "no row of another account", f"its row {row['id']}", exchange)


@requirement("TENANT-04")
def test_no_body_writes_a_row_into_another_account(tenants: Tenants) -> None:
    mine, id_ = tenants.mine, account_id(tenants.theirs.account)
    expect.precondition(id_, "GET /me does not show the account's id")
    foreign = {"account_id": id_, "accountId": id_, "account": {"id": id_}}
    contact, webhook = mine.account.contact(), mine.webhook()
    belongs_to(
        mine.account,
        mine.account.api.patch(f"/contacts/{contact['id']}", {"name": mine.account.marker(), **foreign}),
        "/contacts",
    )
    belongs_to(
        mine.account, mine.account.api.patch(f"/webhooks/{webhook['id']}", {"is_active": False, **foreign}), "/webhooks"
    )
    belongs_to(
        mine.account,
        mine.account.api.post("/contacts", {"phone": mine.account.numbers.fresh(), **foreign}),
        "/contacts",
    )
    made = mine.account.api.post(
        "/webhooks", {**mine.body(OPENAPI.operation("createWebhook"), mine.endpoint_origin), **foreign}
    )
    belongs_to(mine.account, made, "/webhooks")


def belongs_to(account: Account, written: Exchange, kind: str) -> None:
    """The row belongs to the account that wrote it; a body with an undocumented member may be refused."""
    if 400 <= (written.status or 0) < 500:
        return
    id_ = expect.member(envelope.record(written, 200, 201), "id", written)
    read = account.api.get(f"{kind}/{id_}")
    expect.that(read.status == 200, f"a row of the account that wrote it, {kind}/{id_}", read.summary, written, read)
