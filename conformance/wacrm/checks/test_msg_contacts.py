"""MSG-05, -13, -16: which contact and conversation a send creates or uses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import accepted_record
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.outbound_messages import TYPES, normalized, sample, send_at_once

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row

pytestmark = pytest.mark.usefixtures("sends")

PARALLEL = 8


def contact_created_is(account: Account, exchange: Exchange, *, first: bool) -> None:
    expect.equal(accepted_record(account, exchange).get("contact_created"), first, "contact_created", exchange)


@requirement("MSG-05")
@pytest.mark.parametrize("kind", TYPES)
def test_contact_created_is_true_for_the_first_message_only(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    exchanges = [account.api.post("/messages", sample(kind, account.marker()).to(number)) for _ in range(3)]
    flags = [accepted_record(account, exchange).get("contact_created") for exchange in exchanges]
    expect.equal(flags, [True, False, False], "contact_created of three messages", *exchanges)


@requirement("MSG-05")
def test_contact_created_is_false_for_an_existing_contact(account: Account) -> None:
    contact = account.contact()
    exchange = account.api.post("/messages", {"to": account.phone_of(contact), "text": account.marker()})
    contact_created_is(account, exchange, first=False)


@requirement("MSG-05")
@pytest.mark.usefixtures("hears")
def test_contact_created_is_false_for_a_customer_who_wrote_first(account: Account) -> None:
    number = account.numbers.fresh()
    customer_conversation(account, number)
    exchange = account.api.post("/messages", {"to": number, "text": account.marker()})
    contact_created_is(account, exchange, first=False)


@requirement("MSG-05")
def test_contact_created_is_true_for_a_number_that_another_account_knows(account: Account, other: Account) -> None:
    number = account.numbers.fresh()
    other.send(number)
    exchange = account.api.post("/messages", {"to": number, "text": account.marker()})
    contact_created_is(account, exchange, first=True)


@requirement("MSG-05")
@pytest.mark.parametrize("kind", TYPES)
def test_name_is_stored_for_a_new_contact_only(account: Account, kind: str) -> None:
    number, name = account.numbers.fresh(), f"Zoë {account.marker()} 👩🏽‍🚀"
    first = account.api.post("/messages", sample(kind, account.marker()).to(number, name=name))
    contact_created_is(account, first, first=True)
    contact_id = envelope.record(first, 201).get("contact_id")
    expect.equal(
        required(account.api.get(f"/contacts/{contact_id}"), 200).get("name"), name, "the new contact's name", first
    )
    second = account.api.post("/messages", sample(kind, account.marker()).to(number, name="Somebody Else"))
    contact_created_is(account, second, first=False)
    expect.equal(
        required(account.api.get(f"/contacts/{contact_id}"), 200).get("name"), name, "the name afterwards", second
    )


@requirement("MSG-05")
@pytest.mark.parametrize("before", ["Ada", None], ids=["named", "nameless"])
def test_name_does_not_change_an_existing_contact(account: Account, before: str | None) -> None:
    contact = account.contact(**({"name": before} if before else {}))
    exchange = account.api.post(
        "/messages", {"to": account.phone_of(contact), "text": account.marker(), "name": "Somebody Else"}
    )
    contact_created_is(account, exchange, first=False)
    after = required(account.api.get(f"/contacts/{contact['id']}"), 200)
    expect.equal(after.get("name"), contact.get("name"), "the name of an existing contact", exchange)


@requirement("MSG-05")
def test_one_of_parallel_first_messages_creates_the_contact(account: Account) -> None:
    number = account.numbers.fresh()
    exchanges = send_at_once(account, *({"to": number, "text": account.marker()} for _ in range(PARALLEL)))
    contact_created_is = [accepted_record(account, exchange).get("contact_created") for exchange in exchanges]
    expect.equal(
        contact_created_is.count(True), 1, f"how often contact_created is true in {PARALLEL} parallel sends", *exchanges
    )


@requirement("MSG-13")
@pytest.mark.parametrize("delay", [0.0, 0.2], ids=["quick Meta", "slow Meta"])
def test_parallel_first_messages_share_contact_and_conversation(account: Account, delay: float) -> None:
    """With a slow Meta the sends overlap between looking up and storing the contact."""
    number, marker = account.numbers.fresh(), account.marker()
    if delay:
        account.mock_meta.fault(number, times=PARALLEL, delay=delay)
    samples = [sample(TYPES[i % len(TYPES)], f"{marker}{i}x") for i in range(PARALLEL)]
    exchanges = send_at_once(account, *(one.to(number) for one in samples))
    answers = [accepted_record(account, exchange) for exchange in exchanges]
    all_in_one_conversation(account, number, answers, *exchanges)
    wires = [normalized(entry["body"]) for entry in account.mock_meta.accepted(to=digits(number))]
    missing = [one.wire for one in samples if one.wire not in wires]
    expect.equal(missing, [], "the messages that Meta did not get", *exchanges)


def all_in_one_conversation(account: Account, number: str, answers: list[Row], *exchanges: Exchange) -> None:
    """All answers name the same contact and conversation; no others exist, and the conversation has every message
    once.
    """
    for what in ("contact_id", "conversation_id"):
        expect.equal(len({answer.get(what) for answer in answers}), 1, f"the number of different {what}", *exchanges)
    contacts = [row["id"] for row in account.contacts_by_phone(number)]
    expect.equal(contacts, [answers[0]["contact_id"]], "the contacts of the number", *exchanges)
    conversations = [row["id"] for row in account.pages("/conversations", contact_id=answers[0]["contact_id"])]
    expect.equal(conversations, [answers[0]["conversation_id"]], "the contact's conversations", *exchanges)
    stored = [
        row["whatsapp_message_id"] for row in account.messages(conversations[0]) if row["direction"] == "outbound"
    ]
    wamids = [answer["whatsapp_message_id"] for answer in answers]
    expect.same_members(stored, wamids, "the conversation's outbound messages", *exchanges)


@requirement("MSG-13")
@pytest.mark.usefixtures("hears")
def test_concurrent_inbound_messages_and_sends_share_the_conversation(account: Account) -> None:
    number, texts = account.numbers.fresh(), [account.marker() for _ in range(8)]

    def one(index: int) -> Exchange | str:
        if index % 2:
            return account.receive(number, texts[index])
        return account.api.post("/messages", {"to": number, "text": texts[index]})

    done = at_once([partial(one, i) for i in range(len(texts))])
    exchanges = [exchange for exchange in done if not isinstance(exchange, str)]
    answers = [accepted_record(account, exchange) for exchange in exchanges]
    for wamid in (inbound for inbound in done if isinstance(inbound, str)):
        row = account.message(answers[0]["conversation_id"], wamid, account.mock_meta.patience)
        expect.that(
            row, f"the inbound message {wamid} in the conversation of the sends", "it is not listed", *exchanges
        )
    all_in_one_conversation(account, number, answers, *exchanges)


def customer_conversation(account: Account, number: str) -> Row:
    """A customer's first message; its conversation, once the message is stored."""
    wamid, patience = account.receive(number), account.mock_meta.patience
    found = eventually(lambda: account.contact_by_phone(number), patience)
    expect.precondition(found, "no contact is found for a customer who wrote")
    conversation = account.conversation_of(found["id"], patience)
    expect.precondition(account.message(conversation["id"], wamid, patience), "a customer's message is not stored")
    return conversation


def in_conversation(account: Account, exchange: Exchange, contact_id: str, conversation_id: str | None) -> None:
    answer = accepted_record(account, exchange)
    expect.equal(answer.get("contact_id"), contact_id, "contact_id", exchange)
    if conversation_id is not None:
        expect.equal(answer.get("conversation_id"), conversation_id, "conversation_id", exchange)


@requirement("MSG-16")
def test_messages_of_every_type_use_the_first_messages_conversation(account: Account) -> None:
    number = account.numbers.fresh()
    first = account.send(number)
    for kind in (*TYPES, "text"):
        exchange = account.api.post("/messages", sample(kind, account.marker()).to(number, name=account.marker()))
        in_conversation(account, exchange, first["contact_id"], first["conversation_id"])


@requirement("MSG-16")
def test_an_existing_contact_is_used(account: Account) -> None:
    contact = account.contact(name="Ada", tags=[account.marker()])
    first = account.api.post("/messages", {"to": account.phone_of(contact), "text": account.marker()})
    in_conversation(account, first, contact["id"], None)
    required(account.api.patch(f"/contacts/{contact['id']}", {"name": "Ada Lovelace"}), 200)
    second = account.api.post("/messages", {"to": account.phone_of(contact), "text": account.marker()})
    in_conversation(account, second, contact["id"], envelope.record(first, 201).get("conversation_id"))


@requirement("MSG-16")
@pytest.mark.usefixtures("hears")
@pytest.mark.parametrize("kind", TYPES)
def test_the_conversation_that_a_customer_started_is_used(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    conversation = customer_conversation(account, number)
    exchange = account.api.post("/messages", sample(kind, account.marker()).to(number))
    in_conversation(account, exchange, conversation["contact_id"], conversation["id"])


@requirement("MSG-16")
def test_two_accounts_do_not_share_a_conversation(account: Account, other: Account) -> None:
    number = account.numbers.fresh()
    first = other.send(number)
    exchange = account.api.post("/messages", {"to": number, "text": account.marker()})
    answer = accepted_record(account, exchange)
    for what in ("contact_id", "conversation_id"):
        expect.that(answer.get(what) != first[what], f"a {what} of this account's own", "the other account's", exchange)
