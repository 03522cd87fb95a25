"""TENANT: lists, cursors, and ids in bodies (03, 04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.tenants import Pair, account_id, share, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from conformance.wacrm.steps import tenants
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.valid_requests import Calls

    Act = Callable[[Account, tenants.Shared, Row], None]


# -- in lists -----------------------------------------------------------------------------------------------------------


@requirement("TENANT-03")
def test_no_list_of_contacts_holds_anothers(pair: Pair) -> None:
    word = pair.mine.account.word()
    mine, theirs = interleaved(
        pair, lambda calls: calls.account.contact(name=f"{word} {calls.account.word()}", tags=[word])
    )
    for asking, own, foreign in ((pair.mine, mine, theirs), (pair.theirs, theirs, mine)):
        shows_own(asking.account, "/contacts", own)
        for query in (
            {}, {"search": word}, {"search": foreign[1]["name"]}, {"search": foreign[1]["phone"].lstrip("+")},
            {"tag": own[0]["tags"][0]["id"]}, {"tag": foreign[0]["tags"][0]["id"]},
            {"tag": foreign[0]["tags"][0]["id"], "search": word}, {"tag": own[0]["tags"][0]["id"], "search": word},
        ):  # fmt: skip
            holds_none(asking.account, "/contacts", foreign, query)


@requirement("TENANT-03")
def test_no_list_of_conversations_holds_anothers(pair: Pair) -> None:
    mine, theirs = interleaved(pair, lambda calls: {**(sent := calls.conversation()), "id": sent["conversation_id"]})
    for asking, own, foreign in ((pair.mine, mine, theirs), (pair.theirs, theirs, mine)):
        shows_own(asking.account, "/conversations", own)
        for query in (
            {}, {"status": "open"}, {"contact_id": own[0]["contact_id"]}, {"contact_id": foreign[0]["contact_id"]},
            {"contact_id": foreign[1]["contact_id"], "status": "open"}, {"contact_id": foreign[0]["id"]},
        ):  # fmt: skip
            holds_none(asking.account, "/conversations", foreign, query)


@requirement("TENANT-03")
def test_no_list_of_endpoints_holds_anothers(pair: Pair) -> None:
    mine, theirs = interleaved(pair, lambda calls: calls.webhook())
    for asking, own, foreign in ((pair.mine, mine, theirs), (pair.theirs, theirs, mine)):
        shows_own(asking.account, "/webhooks", own)
        holds_none(asking.account, "/webhooks", foreign, {})


@requirement("TENANT-03")
@pytest.mark.parametrize("path", ["/contacts", "/conversations", "/webhooks"])
def test_naming_another_account_changes_nothing(path: str, each: Pair) -> None:
    row = {"id": each.theirs.row(f"{path}/{{id}}")}
    id_ = account_id(each.theirs.account)
    expect.precondition(id_, "GET /me does not tell the account's id")
    for name in ("account_id", "account", "accountId"):
        holds_none(each.mine.account, path, [row], {name: id_})


def interleaved(pair: Pair, make: Callable[[Calls], Row]) -> tuple[list[Row], list[Row]]:
    """Three rows of each account, made by turns, so that a page of one ends where a row of the other follows."""
    made: list[tuple[Row, Row]] = [(make(pair.mine), make(pair.theirs)) for _ in range(3)]
    return [row for row, _ in made], [row for _, row in made]


def shows_own(account: Account, path: str, own: list[Row]) -> None:
    """A list that shows nothing proves nothing."""
    shown = {row.get("id") for row, _ in walk(account, path, 1, limit=100)}
    expect.precondition(shown & {row["id"] for row in own}, f"GET {path} does not show the account's own rows")


def holds_none(account: Account, path: str, foreign: list[Row], query: dict[str, Any]) -> None:
    """None of the foreign rows on the first pages, in small pages and in a large one: the rows are the newest there are."""
    ids = {row["id"] for row in foreign}
    for limit, pages in ((1, 4), (100, 1)):
        for row, exchange in walk(account, path, pages, **query, limit=limit):
            expect.that(row.get("id") not in ids, "none of another account's rows", f"its row {row}", exchange)


# -- ids and cursors that are given -------------------------------------------------------------------------------------


@requirement("TENANT-04")
@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize("quoted", ["sent", "received"])
@pytest.mark.parametrize("number", ["the same", "another"])
def test_anothers_message_cannot_be_replied_to(quoted: str, number: str, each: Pair, target: Target) -> None:
    if quoted == "received" and not target.capabilities.inbound:
        raise Lacking("capabilities.inbound is false: the deployment does not take Meta's webhooks")
    shared = share(each)
    to = shared.phone if number == "the same" else each.mine.account.numbers.fresh()
    message = shared.theirs["message_id"] if quoted == "sent" else received(each.theirs.account, shared, target)
    word = each.mine.account.word()
    body = {"to": to, "text": word, "reply_to_message_id": message}
    exchange = each.mine.account.api.post("/messages", body)
    expect.that(400 <= (exchange.status or 0) < 500, "a 4xx for another account's message", exchange.summary, exchange)
    at_meta = each.mine.account.mock_meta.sends(contains=word)
    expect.that(not at_meta, "nothing at Meta of a refused reply", lambda: at_meta[0]["raw"], exchange)


def received(account: Account, shared: tenants.Shared, target: Target) -> str:
    """The id of a message that the account got from the shared number."""
    wamid = account.receive(shared.phone)
    row = account.message(shared.theirs["conversation_id"], wamid, target.target.patience)
    if row is None:
        raise NoVerdict("an inbound message does not appear in its conversation")
    return str(row["id"])


@requirement("TENANT-04")
@pytest.mark.parametrize("path", ["/contacts", "/conversations", "/webhooks"])
def test_anothers_cursor_reveals_nothing(path: str, each: Pair) -> None:
    rows = [{"id": each.theirs.row(f"{path}/{{id}}")} for _ in range(3)]
    cursor = cursor_of(each.theirs.account, path)
    each.mine.row(f"{path}/{{id}}")
    reveals_none(each, path, rows, cursor)


@requirement("TENANT-04")
def test_a_cursor_of_anothers_messages_reveals_nothing(each: Pair) -> None:
    mine, theirs = each.mine.conversation(), each.theirs.conversation()
    to = needed(each.theirs.account.api.get(f"/contacts/{theirs['contact_id']}"), 200)["phone"]
    rows = [{"id": sent["message_id"]} for sent in (theirs, *(each.theirs.account.send(to) for _ in range(2)))]
    cursor = cursor_of(each.theirs.account, f"/conversations/{theirs['conversation_id']}/messages")
    reveals_none(each, f"/conversations/{mine['conversation_id']}/messages", rows, cursor)


def cursor_of(account: Account, path: str) -> str:
    """The cursor after the newest row of a list that has more."""
    exchange = account.api.get(path, limit=1)
    body = exchange.json()
    cursor = (body.get("meta") or {}).get("next_cursor") if isinstance(body, dict) else None
    expect.precondition(isinstance(cursor, str), f"GET {path}?limit=1 gives no cursor: {exchange.summary}")
    return str(cursor)


def reveals_none(pair: Pair, path: str, rows: list[dict[str, str]], cursor: str) -> None:
    """The cursor is refused, or is a position in one's own list."""
    exchange = pair.mine.account.api.get(path, cursor=cursor, limit=100)
    expect.that(
        (exchange.status or 0) < 500, "another account's cursor refused or harmless", exchange.summary, exchange
    )
    for row in rows:
        expect.that(row["id"] not in exchange.text, "nothing of another account", f"its row {row['id']}", exchange)


@requirement("TENANT-04")
def test_no_body_moves_a_row_into_another_account(each: Pair) -> None:
    mine, id_ = each.mine, account_id(each.theirs.account)
    expect.precondition(id_, "GET /me does not tell the account's id")
    foreign = {"account_id": id_, "accountId": id_, "account": {"id": id_}}
    contact, hook = mine.account.contact(), mine.webhook()
    stays(
        mine.account,
        mine.account.api.patch(f"/contacts/{contact['id']}", {"name": mine.account.word(), **foreign}),
        "/contacts",
    )
    stays(mine.account, mine.account.api.patch(f"/webhooks/{hook['id']}", {"is_active": False, **foreign}), "/webhooks")
    stays(
        mine.account,
        mine.account.api.post("/contacts", {"phone": mine.account.numbers.fresh(), **foreign}),
        "/contacts",
    )
    made = mine.account.api.post("/webhooks", {**mine.body(OPENAPI.operation("createWebhook"), mine.hooks), **foreign})
    stays(mine.account, made, "/webhooks")


def stays(account: Account, written: Exchange, kind: str) -> None:
    """What was written is the account's own; a body with a member that does not belong there may be refused."""
    if 400 <= (written.status or 0) < 500:
        return
    id_ = expect.member(envelope.record(written, 200, 201), "id", written)
    read = account.api.get(f"{kind}/{id_}")
    expect.that(read.status == 200, f"a row of the account that wrote it, {kind}/{id_}", read.summary, written, read)
