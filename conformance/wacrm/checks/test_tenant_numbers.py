"""TENANT: one number in two accounts (05)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.tenants import ACTS, HEARD, Pair, differences, eventually_changed, picture, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from conformance.wacrm.steps import tenants
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.valid_requests import Calls

    Act = Callable[[Account, tenants.Shared, Row], None]


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
    own = envelope.record(exchange, 201)
    expect.that(
        own.get("id") != first["id"], "a contact of its own", f"the id {first['id']} of another account's", exchange
    )
    given = (own.get("name"), own.get("email"), own.get("company"))
    expect.equal(given, (body["name"], None, None), "its name, mail address and company", exchange)
    expect.same_members([t["name"] for t in own.get("tags") or []], [tag], "its tags", exchange)
    again = theirs.api.post("/contacts", {"phone": phone, "name": theirs.word()})
    first = {name: value for name, value in first.items() if name != "updated_at"}  # what touches it is CONT-02's
    shown = {name: value for name, value in envelope.record(again, 200).items() if name != "updated_at"}
    expect.equal(shown, first, "the other account's contact", exchange, again)


@requirement("TENANT-05")
@pytest.mark.parametrize("way", ["create", "patch"])
def test_a_tag_of_one_number_is_each_accounts_own(way: str, each: Pair) -> None:
    """Not the row of the first account that used the name, and not the way in which that account spells it."""
    mine, theirs = each.mine.account, each.theirs.account
    word = mine.word()
    phone, names = mine.numbers.fresh(), {"theirs": f"{word}ABC", "mine": f"{word}aBc"}
    first = tagged(theirs, phone, names["theirs"], way)
    own = tagged(mine, phone, names["mine"], way)
    shown = envelope.record(own, 200, 201)["tags"]
    ids = [tag.get("id") for tag in (*shown, *envelope.record(first, 200, 201)["tags"])]
    expect.that(len(set(ids)) == 2, "a tag of each account", f"the ids {ids}", first, own)
    control = f"{mine.word()}aBc"
    alone = tagged(mine, mine.numbers.fresh(), control, way)
    if [tag.get("name") for tag in needed(alone, 200, 201)["tags"]] == [control]:  # names come back as they are sent
        expect.equal([tag.get("name") for tag in shown], [names["mine"]], "the tag's name", first, own)


def tagged(account: Account, phone: str, name: str, way: str) -> Exchange:
    """The answer that shows a contact of the number with a new tag, made with it or given it later."""
    if way == "create":
        return account.api.post("/contacts", {"phone": phone, "tags": [name]})
    return account.api.patch(f"/contacts/{account.contact(phone=phone)['id']}", {"tags": [name]})


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
    own = envelope.record(exchange, 200)
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
        ids = [envelope.record(exchange, 201).get("id") for exchange in answers]
        expect.that(ids[0] != ids[1], "two contacts", f"{ids[0]} twice", *answers)


def creations(pair: Pair, phone: str) -> list[Callable[[], Exchange]]:
    return [partial(calls.account.api.post, "/contacts", {"phone": phone}) for calls in (pair.mine, pair.theirs)]


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends")
def test_a_number_is_new_to_each_account(each: Pair) -> None:
    mine, theirs = each.mine.account, each.theirs.account
    first = each.theirs.conversation()
    phone = needed(theirs.api.get(f"/contacts/{first['contact_id']}"), 200)["phone"]
    name = mine.word()
    exchange = mine.api.post("/messages", {"to": phone, "text": mine.word(), "name": name})
    sent = envelope.record(exchange, 201)
    expect.that(
        sent.get("contact_created") is True, "contact_created true", repr(sent.get("contact_created")), exchange
    )
    for member in ("contact_id", "conversation_id", "message_id"):
        expect.that(
            sent.get(member) != first[member], f"a {member} of its own", f"{first[member]} of another account", exchange
        )
    read = mine.api.get(f"/contacts/{sent.get('contact_id')}")
    expect.equal(envelope.record(read, 200).get("name"), name, "the new contact's name", exchange, read)
    through = [entry["phone_number_id"] for entry in mine.mock_meta.accepted(wamid=sent.get("whatsapp_message_id"))]
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
    expect.equal(envelope.record(exchange, 200).get("replied_count"), 0, "the other account's replied_count", exchange)


def broadcast(calls: Calls, phone: str) -> str:
    body = {**calls.to(OPENAPI.operation("createBroadcast")).json, "recipients": [{"to": phone}]}
    return str(needed(calls.account.api.post("/broadcasts", body), 202)["broadcast_id"])


def counted(account: Account, broadcast_id: str, count: str) -> int:
    return int(needed(account.api.get(f"/broadcasts/{broadcast_id}"), 200)[count])
