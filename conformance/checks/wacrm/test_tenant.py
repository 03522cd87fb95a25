"""TENANT: accounts never see each other."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance import contract, expect, neighbours
from conformance.account import needed
from conformance.concurrency import at_once
from conformance.expect import Lacking, Mismatch, NoVerdict, requirement
from conformance.keys import Role
from conformance.neighbours import ACTS, HEARD, Pair, differences, eventually_changed, picture, share, walk
from conformance.provider import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.account import Account, Row
    from conformance.calls import Calls
    from conformance.contract import Operation
    from conformance.probe import Exchange
    from conformance.receiver import Attempt, Receiver
    from conformance.target import Target

    Act = Callable[[Account, neighbours.Shared, Row], None]

NOT_FOUND = (404, "not_found")
READS = [operation for operation in contract.operations() if operation.method == "GET" and operation.takes_id]
EVENTS = ["message.received", "message.status_updated", "conversation.created"]


@pytest.fixture
def pair(account: Account, other: Account, calls_of: Callable[[Account], Calls]) -> Pair:
    return Pair(calls_of(account), calls_of(other))


@pytest.fixture(params=["main reads other", "other reads main"])
def each(request: pytest.FixtureRequest, pair: Pair) -> Pair:
    """The two accounts, one way and the other way round."""
    return pair if request.param == "main reads other" else pair.turned


# -- by id --------------------------------------------------------------------------------------------------------------


@requirement("TENANT-01")
@pytest.mark.parametrize("operation", READS, ids=[operation.id for operation in READS])
def test_anothers_row_reads_like_none(operation: Operation, each: Pair) -> None:
    id_, nothing = each.theirs.row(operation.path), str(uuid.uuid4())
    expect.precondition(
        each.theirs.account.api.get(operation.url(id_)).status == 200, "the row's own account cannot read it"
    )
    absent = each.mine.account.api.get(operation.url(nothing))
    for spelling in (id_, id_.upper()):
        exchange = each.mine.account.api.get(operation.url(spelling))
        expect.error(exchange, NOT_FOUND)
        if told(exchange, id_) != told(absent, nothing):
            raise Mismatch(
                f"what is said of an unknown id, {told(absent, nothing)}", f"{told(exchange, id_)}", absent, exchange
            )


def told(exchange: Exchange, id_: str) -> tuple[Any, ...]:
    """What an error tells, the id aside."""
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    error = inner if isinstance(inner, dict) else {}
    return (
        exchange.status,
        error.get("code"),
        str(error.get("message")).lower().replace(id_.lower(), "<id>"),
        sorted(error),
    )


@requirement("TENANT-01")
def test_no_query_opens_anothers_messages(each: Pair) -> None:
    theirs, mine = each.theirs.conversation(), each.mine.conversation()
    path = f"/conversations/{theirs['conversation_id']}/messages"
    for query in ({"limit": 1}, {"conversation_id": mine["conversation_id"]}, {"contact_id": theirs["contact_id"]}):
        expect.error(each.mine.account.api.get(path, **query), NOT_FOUND)


CONTACT_CHANGES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "name": lambda calls: {"name": calls.account.word()},
    "email": lambda calls: {"email": f"{calls.account.word()}@wacrm.invalid"},
    "company": lambda calls: {"company": calls.account.word()},
    "tags": lambda calls: {"tags": [calls.account.word()]},
    "no-tags": lambda _calls: {"tags": []},
    "nulls": lambda _calls: {"name": None, "email": None, "company": None},
    "all": lambda calls: calls.to_nothing(contract.operation("updateContact")).json,
}
WEBHOOK_CHANGES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "url": lambda calls: {"url": f"{calls.hooks()}/{calls.account.word()}"},
    "events": lambda _calls: {"events": ["conversation.created"]},
    "is-active": lambda _calls: {"is_active": True},
    "all": lambda calls: calls.to(contract.operation("updateWebhook")).json,
}


@requirement("TENANT-02")
@pytest.mark.parametrize("change", CONTACT_CHANGES)
def test_anothers_contact_cannot_be_changed(change: str, each: Pair) -> None:
    account = each.theirs.account
    words = {"name": account.word(), "email": f"{account.word()}@wacrm.invalid", "company": account.word()}
    path = f"/contacts/{account.contact(**words, tags=[account.word()])['id']}"
    unchanged(each, path, "PATCH", CONTACT_CHANGES[change](each.mine))


@requirement("TENANT-02")
@pytest.mark.parametrize("change", WEBHOOK_CHANGES)
def test_anothers_endpoint_cannot_be_changed(change: str, each: Pair) -> None:
    unchanged(each, f"/webhooks/{each.theirs.row('/webhooks')}", "PATCH", WEBHOOK_CHANGES[change](each.mine))


@requirement("TENANT-02")
def test_anothers_endpoint_cannot_be_deleted(each: Pair) -> None:
    unchanged(each, f"/webhooks/{each.theirs.row('/webhooks')}", "DELETE", None)


def unchanged(pair: Pair, path: str, method: str, body: Row | None) -> None:
    """404, and its owner sees the row as it was."""
    before = needed(pair.theirs.account.api.get(path), 200)
    exchange = pair.mine.account.api.call(method, path, json=body)
    after = pair.theirs.account.api.get(path)
    expect.equal(expect.record(after, 200), before, "another account's row, as its owner sees it,", exchange, after)
    expect.error(exchange, NOT_FOUND)


# -- in lists -----------------------------------------------------------------------------------------------------------


@requirement("TENANT-03")
def test_no_list_of_contacts_holds_anothers(pair: Pair) -> None:
    word = pair.mine.account.word()
    mine, theirs = interleaved(
        pair, lambda calls: calls.account.contact(name=f"{word} {calls.account.word()}", tags=[word])
    )
    for asking, own, foreign in ((pair.mine, mine, theirs), (pair.theirs, theirs, mine)):
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
        for query in (
            {}, {"status": "open"}, {"contact_id": own[0]["contact_id"]}, {"contact_id": foreign[0]["contact_id"]},
            {"contact_id": foreign[1]["contact_id"], "status": "open"}, {"contact_id": foreign[0]["id"]},
        ):  # fmt: skip
            holds_none(asking.account, "/conversations", foreign, query)


@requirement("TENANT-03")
def test_no_list_of_endpoints_holds_anothers(pair: Pair) -> None:
    mine, theirs = interleaved(pair, lambda calls: calls.webhook())
    for asking, foreign in ((pair.mine, theirs), (pair.theirs, mine)):
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
    at_meta = each.mine.account.provider.sends(contains=word)
    expect.that(not at_meta, "nothing at Meta of a refused reply", lambda: at_meta[0]["raw"], exchange)


def received(account: Account, shared: neighbours.Shared, target: Target) -> str:
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
    made = mine.account.api.post("/webhooks", {**mine.body(contract.operation("createWebhook"), mine.hooks), **foreign})
    stays(mine.account, made, "/webhooks")


def stays(account: Account, written: Exchange, kind: str) -> None:
    """What was written is the account's own; a body with a member that does not belong there may be refused."""
    if 400 <= (written.status or 0) < 500:
        return
    id_ = expect.member(expect.record(written, 200, 201), "id", written)
    read = account.api.get(f"{kind}/{id_}")
    expect.that(read.status == 200, f"a row of the account that wrote it, {kind}/{id_}", read.summary, written, read)


def account_id(account: Account) -> str:
    """The account's id as `GET /me` tells it, empty when it does not."""
    me = needed(account.api.get("/me"), 200)
    inner = me.get("account")
    return str((inner.get("id") if isinstance(inner, dict) else None) or me.get("account_id") or "")


# -- one number in two accounts -----------------------------------------------------------------------------------------


@requirement("TENANT-05")
def test_one_number_is_a_contact_of_each_account(each: Pair) -> None:
    mine, theirs = each.mine.account, each.theirs.account
    phone, tag = mine.numbers.fresh(), mine.word()
    mail = f"{theirs.word()}@wacrm.invalid"
    first = theirs.contact(
        phone=phone, name=theirs.word(), email=mail, company=theirs.word(), tags=[tag, theirs.word()]
    )
    body = {"phone": phone, "name": mine.word(), "tags": [tag]}
    exchange = mine.api.post("/contacts", body)
    own = expect.record(exchange, 201)
    expect.that(
        own.get("id") != first["id"], "a contact of its own", f"the id {first['id']} of another account's", exchange
    )
    given = (own.get("name"), own.get("email"), own.get("company"))
    expect.equal(given, (body["name"], None, None), "its name, mail address and company", exchange)
    expect.same_members([t["name"] for t in own.get("tags") or []], [tag], "its tags", exchange)
    again = theirs.api.post("/contacts", {"phone": phone, "name": theirs.word()})
    expect.equal(expect.record(again, 200), first, "the other account's contact", exchange, again)


@requirement("TENANT-05")
@pytest.mark.parametrize("how", ["created", "sent to", "heard of"])
def test_a_new_contact_inherits_nothing_from_another_account(how: str, each: Pair, target: Target) -> None:
    """However the contact comes about: by itself, by a send, by a message that comes in."""
    mine, theirs = each.mine.account, each.theirs.account
    phone, word = mine.numbers.fresh(), theirs.word()
    theirs.contact(phone=phone, name=word, email=f"{word}@wacrm.invalid", company=word, tags=[word])
    come_about(mine, phone, how, target)
    found = eventually(lambda: mine.contact_by_phone(phone), target.target.patience)
    expect.precondition(found, "the account gets no contact of the number")
    exchange = mine.api.get(f"/contacts/{found['id']}")
    own = expect.record(exchange, 200)
    expect.that(word not in exchange.text, "nothing that another account knows of the number", f"{own}", exchange)


def come_about(account: Account, phone: str, how: str, target: Target) -> None:
    """Let the account get a contact of the number."""
    if how == "created":
        needed(account.api.post("/contacts", {"phone": phone}), 200, 201)
    elif not target.capabilities.messages or (how == "heard of" and not target.capabilities.inbound):
        raise Lacking("the target file says that the deployment does not send messages, or takes none")
    elif how == "sent to":
        account.send(phone)
    else:
        account.receive(phone)


@requirement("TENANT-05")
def test_one_number_in_both_accounts_at_once_gives_two_contacts(pair: Pair) -> None:
    for _ in range(3):
        answers = at_once(creations(pair, pair.mine.account.numbers.fresh()))
        ids = [expect.record(exchange, 201).get("id") for exchange in answers]
        expect.that(ids[0] != ids[1], "two contacts", f"{ids[0]} twice", *answers)


def creations(pair: Pair, phone: str) -> list[Callable[[], Exchange]]:
    return [lambda api=calls.account.api: api.post("/contacts", {"phone": phone}) for calls in (pair.mine, pair.theirs)]  # type: ignore[misc]


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends")
def test_a_number_is_new_to_each_account(each: Pair) -> None:
    mine, theirs = each.mine.account, each.theirs.account
    first = each.theirs.conversation()
    phone = needed(theirs.api.get(f"/contacts/{first['contact_id']}"), 200)["phone"]
    name = mine.word()
    exchange = mine.api.post("/messages", {"to": phone, "text": mine.word(), "name": name})
    sent = expect.record(exchange, 201)
    expect.that(
        sent.get("contact_created") is True, "contact_created true", repr(sent.get("contact_created")), exchange
    )
    for member in ("contact_id", "conversation_id", "message_id"):
        expect.that(
            sent.get(member) != first[member], f"a {member} of its own", f"{first[member]} of another account", exchange
        )
    read = mine.api.get(f"/contacts/{sent.get('contact_id')}")
    expect.equal(expect.record(read, 200).get("name"), name, "the new contact's name", exchange, read)
    through = [entry["phone_number_id"] for entry in mine.provider.accepted(wamid=sent.get("whatsapp_message_id"))]
    expect.equal(through, [mine.phone_number_id], "the number that the message went out through", exchange)


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize("act", ACTS, ids=[act.__name__ for act in ACTS])
def test_what_one_account_does_shows_in_it_alone(act: Act, each: Pair, target: Target) -> None:
    if act in HEARD and not target.capabilities.inbound:
        raise Lacking("capabilities.inbound is false: the deployment does not take Meta's webhooks")
    shared = share(each)
    mine, theirs = each.mine.account, each.theirs.account
    own, before = picture(mine, shared.mine), picture(theirs, shared.theirs)
    act(mine, shared, shared.mine)
    eventually_changed(mine, shared.mine, own, target.target.patience)
    changed = differences(before, picture(theirs, shared.theirs))
    expect.that(not changed, f"nothing to change in the other account that has {shared.phone}", changed)


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends", "hears")
def test_an_answer_to_one_accounts_broadcast_is_none_to_the_others(each: Pair, target: Target) -> None:
    shared = share(each)
    ids = [broadcast(calls, shared.phone) for calls in (each.mine, each.theirs)]
    accounts = (each.mine.account, each.theirs.account)
    for account, id_ in zip(accounts, ids, strict=True):
        expect.precondition(
            eventually(lambda a=account, i=id_: counted(a, i, "sent_count"), target.target.patience), "no send"
        )
    each.mine.account.receive(shared.phone)
    replied = eventually(lambda: counted(accounts[0], ids[0], "replied_count"), target.target.patience)
    expect.precondition(replied, "the reply to a broadcast is not counted")
    exchange = accounts[1].api.get(f"/broadcasts/{ids[1]}")
    expect.equal(expect.record(exchange, 200).get("replied_count"), 0, "the other account's replied_count", exchange)


def broadcast(calls: Calls, phone: str) -> str:
    body = {**calls.to(contract.operation("createBroadcast")).json, "recipients": [{"to": phone}]}
    return str(needed(calls.account.api.post("/broadcasts", body), 202)["broadcast_id"])


def counted(account: Account, broadcast_id: str, count: str) -> int:
    return int(needed(account.api.get(f"/broadcasts/{broadcast_id}"), 200)[count])


# -- events -------------------------------------------------------------------------------------------------------------


@requirement("TENANT-06")
@pytest.mark.usefixtures("sends", "hears")
def test_events_go_to_their_own_accounts_endpoints(
    pair: Pair, receiver: Receiver, target: Target, calls_of: Callable[[Account], Calls]
) -> None:
    if not target.capabilities.webhooks:
        raise Lacking("capabilities.webhooks is false: the deployment has no webhooks")
    accounts = (pair.mine.account, pair.theirs.account)
    paths = [subscribe(calls, receiver) for calls in (pair.mine, pair.theirs)]
    idle = unconfigured(pair.mine.account)
    bystander = subscribe(calls_of(idle), receiver) if idle is not None else ""
    phone = accounts[0].numbers.fresh()
    accounts[0].provider.script(phone, ("delivered", 0.05))
    own = [happen(account, phone, target) for account in accounts]
    for path, mine in zip(paths, own, strict=True):
        missing = eventually(
            lambda p=path, m=mine: not set(m) - mentioned(receiver.attempts(p)), target.target.patience
        )
        expect.precondition(missing, "the account's own events do not all arrive")
    for position, path in enumerate(paths):
        only_own(receiver.settled(path, at_least=3), own[1 - position], account_id(accounts[position]))
    if bystander:
        strays = receiver.attempts(bystander)
        expect.that(not strays, "no event for an account in which nothing happened", lambda: f"{strays[0].raw[:300]!r}")


def unconfigured(account: Account) -> Account | None:
    """The account without WhatsApp, in which nothing happens; None when the target file has no key of it."""
    pool = account.api.pool
    return replace(account, api=account.api.as_role(Role.UNCONFIGURED)) if pool.has(Role.UNCONFIGURED) else None


def subscribe(calls: Calls, receiver: Receiver) -> str:
    """Register a path of the receiver for every event; the path."""
    path = f"/{calls.account.word()}"
    exchange = calls.account.api.post("/webhooks", {"url": receiver.url(path), "events": EVENTS, "is_active": True})
    if exchange.status == 400:
        raise Lacking(
            "the target registers no endpoint at the receiver: give it an origin that it takes in receiver.origin"
        )
    calls.endpoints.append(needed(exchange, 201)["id"])
    return path


def happen(account: Account, phone: str, target: Target) -> list[str]:
    """A conversation begins, a message comes in, one goes out and is delivered: the ids that the events are about."""
    wamid = account.receive(phone)
    contact = eventually(lambda: account.contact_by_phone(phone), target.target.patience)
    expect.precondition(contact, "an inbound message makes no contact")
    conversation = account.conversation_of(contact["id"], target.target.patience)
    sent = account.send(phone)
    return [wamid, str(conversation["id"]), str(sent["whatsapp_message_id"])]


def mentioned(attempts: list[Attempt]) -> set[str]:
    """The wamids and conversations that deliveries are about."""
    return set(_mentioned(attempts))


def _mentioned(attempts: list[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        body = attempt.json()
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, dict):
            yield from (str(data[name]) for name in ("whatsapp_message_id", "conversation_id") if name in data)


def only_own(attempts: list[Attempt], foreign: list[str], id_: str) -> None:
    """Nothing in the deliveries is about the other account's ids, and each names the account."""
    for attempt in attempts:
        strange = [value for value in foreign if value.encode() in attempt.raw]
        expect.that(not strange, "none of another account's events", f"{attempt.raw[:500]!r}")
        body = attempt.json()
        named = body.get("account_id") if isinstance(body, dict) else None
        if id_ and isinstance(named, str):
            expect.equal(named, id_, "account_id of the delivery", evidence=[f"{attempt.raw[:500]!r}"])
