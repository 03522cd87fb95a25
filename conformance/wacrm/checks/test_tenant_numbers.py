"""TENANT-05: one phone number in two accounts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import has_fields, has_kept_tags
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import UNCHANGING, tag_id, tag_names
from conformance.wacrm.steps.tenants import (
    ACTIONS,
    WEBHOOK_ACTIONS,
    Tenants,
    differences,
    share_number,
    snapshot,
    wait_for_change,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.tenants import SharedNumber
    from conformance.wacrm.steps.valid_requests import Calls

    Action = Callable[[Account, SharedNumber, Row], None]


@requirement("TENANT-05")
def test_one_number_gives_each_account_its_own_contact(tenants: Tenants) -> None:
    mine, theirs = tenants.mine.account, tenants.theirs.account
    phone, tag, their_tag = mine.numbers.fresh(), mine.marker(), theirs.marker()
    mail = f"{theirs.marker()}@wacrm.invalid"
    first = theirs.contact(
        phone=phone, name=theirs.marker(), email=mail, company=theirs.marker(), tags=[tag, their_tag]
    )
    body = {"phone": phone, "name": mine.marker(), "tags": [tag]}
    exchange = mine.api.post("/contacts", body)
    own = envelope.record(exchange, 201)
    expect.that(
        own.get("id") != first["id"], "a contact of its own", f"the id {first['id']} of another account's", exchange
    )
    given = (own.get("name"), own.get("email"), own.get("company"))
    expect.equal(given, (body["name"], None, None), "its name, mail address and company", exchange)
    expect.that(their_tag not in tag_names(own), "none of the other account's tags", f"{tag_names(own)}", exchange)
    again = theirs.api.post("/contacts", {"phone": phone, "name": theirs.marker()})
    stored = envelope.record(again, 200)
    has_fields(stored, {name: first[name] for name in UNCHANGING}, exchange, again)
    has_kept_tags(stored, tag_names(first), exchange, again)


@requirement("TENANT-05")
@pytest.mark.parametrize("way", ["create", "patch"])
def test_one_tag_name_gives_each_account_its_own_tag(way: str, tenants: Tenants) -> None:
    """Neither the other account's tag nor its spelling."""
    mine, theirs = tenants.mine.account, tenants.theirs.account
    marker = mine.marker()
    phone, names = mine.numbers.fresh(), {"theirs": f"{marker}ABC", "mine": f"{marker}aBc"}
    first = tagged(theirs, phone, names["theirs"], way)
    own = tagged(mine, phone, names["mine"], way)
    shown = envelope.record(own, 200, 201)
    ids = [tag_id(shown, names["mine"]), tag_id(envelope.record(first, 200, 201), names["theirs"])]
    expect.that(ids[0] != ids[1], "a tag of each account", f"the ids {ids}", first, own)
    control = f"{mine.marker()}aBc"
    alone = tagged(mine, mine.numbers.fresh(), control, way)
    if control in shown_names(required(alone, 200, 201)):  # the target returns names as sent
        spelled = names["mine"] in shown_names(shown)
        expect.that(spelled, f"a tag named {names['mine']!r}", f"{shown_names(shown)}", first, own)


def shown_names(contact: Row) -> list[str]:
    return [str(tag.get("name")) for tag in contact.get("tags") or []]


def tagged(account: Account, phone: str, name: str, way: str) -> Exchange:
    """The answer with a contact of the number and a new tag, set at creation or by PATCH."""
    if way == "create":
        return account.api.post("/contacts", {"phone": phone, "tags": [name]})
    return account.api.patch(f"/contacts/{account.contact(phone=phone)['id']}", {"tags": [name]})


@requirement("TENANT-05")
@pytest.mark.parametrize("how", ["created", "sent to", "received from"])
def test_a_new_contact_has_no_data_of_another_accounts_contact(how: str, tenants: Tenants, target: Target) -> None:
    """Created by POST, by a send, or by an inbound message."""
    mine, theirs = tenants.mine.account, tenants.theirs.account
    phone, marker = mine.numbers.fresh(), theirs.marker()
    theirs.contact(phone=phone, name=marker, email=f"{marker}@wacrm.invalid", company=marker, tags=[marker])
    create_contact_by(mine, phone, how, target)
    found = eventually(lambda: mine.contact_by_phone(phone), target.target.patience)
    expect.precondition(found, "the account gets no contact of the number")
    exchange = mine.api.get(f"/contacts/{found['id']}")
    own = envelope.record(exchange, 200)
    expect.that(marker not in exchange.text, "no data of the other account's contact", f"{own}", exchange)


def create_contact_by(account: Account, phone: str, how: str, target: Target) -> None:
    """Make the account create a contact of the number."""
    if how == "created":
        required(account.api.post("/contacts", {"phone": phone}), 200, 201)
    elif not target.capabilities.messages or (how == "received from" and not target.capabilities.inbound):
        raise Lacking("the target file says that the deployment does not send messages, or takes none")
    elif how == "sent to":
        account.send(phone)
    else:
        account.receive(phone)


@requirement("TENANT-05")
def test_concurrent_creation_in_two_accounts_gives_two_contacts(tenant_pair: Tenants) -> None:
    for _ in range(3):
        answers = at_once(creations(tenant_pair, tenant_pair.mine.account.numbers.fresh()))
        ids = [envelope.record(exchange, 201).get("id") for exchange in answers]
        expect.that(ids[0] != ids[1], "two contacts", f"{ids[0]} twice", *answers)


def creations(tenant_pair: Tenants, phone: str) -> list[Callable[[], Exchange]]:
    return [
        partial(calls.account.api.post, "/contacts", {"phone": phone})
        for calls in (tenant_pair.mine, tenant_pair.theirs)
    ]


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends")
def test_a_number_known_to_another_account_is_new(tenants: Tenants) -> None:
    mine, theirs = tenants.mine.account, tenants.theirs.account
    phone, name = mine.numbers.fresh(), mine.marker()
    first = theirs.send(phone)
    exchange = mine.api.post("/messages", {"to": phone, "text": mine.marker(), "name": name})
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
    senders = [entry["phone_number_id"] for entry in mine.mock_meta.accepted(wamid=sent.get("whatsapp_message_id"))]
    expect.equal(senders, [mine.phone_number_id], "the phone number id that sent the message", exchange)


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize("action", ACTIONS, ids=[action.__name__ for action in ACTIONS])
def test_a_change_in_one_account_does_not_show_in_the_other(action: Action, tenants: Tenants, target: Target) -> None:
    if action in WEBHOOK_ACTIONS and not target.capabilities.inbound:
        raise Lacking("capabilities.inbound is false: the deployment does not take Meta's webhooks")
    shared = share_number(tenants)
    mine, theirs = tenants.mine.account, tenants.theirs.account
    own, before = snapshot(mine, shared.mine), snapshot(theirs, shared.theirs)
    action(mine, shared, shared.mine)
    wait_for_change(mine, shared.mine, own, target.target.patience)
    changed = differences(before, snapshot(theirs, shared.theirs))
    expect.that(not changed, f"no change in the other account's data of {shared.phone}", changed)


@requirement("TENANT-05")
@pytest.mark.usefixtures("sends", "hears")
def test_a_reply_to_one_accounts_broadcast_is_not_counted_in_the_others(tenants: Tenants, target: Target) -> None:
    shared = share_number(tenants)
    ids = [broadcast(calls, shared.phone) for calls in (tenants.mine, tenants.theirs)]
    accounts = (tenants.mine.account, tenants.theirs.account)
    for account, id_ in zip(accounts, ids, strict=True):
        expect.precondition(
            eventually(lambda a=account, i=id_: count_of(a, i, "sent_count"), target.target.patience), "no send"
        )
    tenants.mine.account.receive(shared.phone)
    replied = eventually(lambda: count_of(accounts[0], ids[0], "replied_count"), target.target.patience)
    exchange = accounts[1].api.get(f"/broadcasts/{ids[1]}")
    expect.equal(envelope.record(exchange, 200).get("replied_count"), 0, "the other account's replied_count", exchange)
    if not replied:
        raise Lacking("the deployment counts no replies to broadcasts (BCAST-08)")


def broadcast(calls: Calls, phone: str) -> str:
    body = {**calls.to(OPENAPI.operation("createBroadcast")).json, "recipients": [{"to": phone}]}
    return str(required(calls.account.api.post("/broadcasts", body), 202)["broadcast_id"])


def count_of(account: Account, broadcast_id: str, count: str) -> int:
    return int(required(account.api.get(f"/broadcasts/{broadcast_id}"), 200)[count])
