"""MSG: which contact and conversation a send uses or creates (05, 13, 16)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.messages import TYPES, said, sample, send_at_once, taken

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.messages import Row

pytestmark = pytest.mark.usefixtures("sends")

PARALLEL = 8


def created(account: Account, exchange: Exchange, *, first: bool) -> None:
    expect.equal(taken(account, exchange).get("contact_created"), first, "contact_created", exchange)


# -- MSG-05 -----------------------------------------------------------------------------------------------------------


@requirement("MSG-05")
@pytest.mark.parametrize("kind", TYPES)
def test_contact_created_is_true_for_the_first_message_only(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    exchanges = [account.api.post("/messages", sample(kind, account.word()).to(number)) for _ in range(3)]
    said_so = [taken(account, exchange).get("contact_created") for exchange in exchanges]
    expect.equal(said_so, [True, False, False], "contact_created of three messages", *exchanges)


@requirement("MSG-05")
def test_contact_created_is_false_for_a_contact_made_before(account: Account) -> None:
    contact = account.contact()
    exchange = account.api.post("/messages", {"to": contact["phone"], "text": account.word()})
    created(account, exchange, first=False)


@requirement("MSG-05")
@pytest.mark.usefixtures("hears")
def test_contact_created_is_false_for_a_customer_who_wrote_first(account: Account) -> None:
    number = account.numbers.fresh()
    customer(account, number)
    exchange = account.api.post("/messages", {"to": number, "text": account.word()})
    created(account, exchange, first=False)


@requirement("MSG-05")
def test_contact_created_is_true_for_a_number_like_a_known_one(account: Account) -> None:
    for pair in (account.numbers.sharing_tail(), account.numbers.differing_in_country()):
        account.send(pair[0])
        exchange = account.api.post("/messages", {"to": pair[1], "text": account.word()})
        created(account, exchange, first=True)


@requirement("MSG-05")
def test_contact_created_is_true_for_a_number_that_another_account_knows(account: Account, other: Account) -> None:
    number = account.numbers.fresh()
    other.send(number)
    exchange = account.api.post("/messages", {"to": number, "text": account.word()})
    created(account, exchange, first=True)


@requirement("MSG-05")
@pytest.mark.parametrize("kind", TYPES)
def test_name_is_given_to_the_new_contact_and_to_no_old_one(account: Account, kind: str) -> None:
    number, name = account.numbers.fresh(), f"Zoë {account.word()} 👩🏽‍🚀"
    first = account.api.post("/messages", sample(kind, account.word()).to(number, name=name))
    created(account, first, first=True)
    contact_id = envelope.record(first, 201).get("contact_id")
    expect.equal(
        needed(account.api.get(f"/contacts/{contact_id}"), 200).get("name"), name, "the new contact's name", first
    )
    second = account.api.post("/messages", sample(kind, account.word()).to(number, name="Somebody Else"))
    created(account, second, first=False)
    expect.equal(
        needed(account.api.get(f"/contacts/{contact_id}"), 200).get("name"), name, "the name afterwards", second
    )


@requirement("MSG-05")
@pytest.mark.parametrize("before", ["Ada", None], ids=["named", "nameless"])
def test_name_does_not_touch_a_contact_made_before(account: Account, before: str | None) -> None:
    contact = account.contact(**({"name": before} if before else {}))
    exchange = account.api.post("/messages", {"to": contact["phone"], "text": account.word(), "name": "Somebody Else"})
    created(account, exchange, first=False)
    after = needed(account.api.get(f"/contacts/{contact['id']}"), 200)
    expect.equal(after.get("name"), contact.get("name"), "the name of a contact made before", exchange)


@requirement("MSG-05")
def test_one_of_parallel_first_messages_creates_the_contact(account: Account) -> None:
    number = account.numbers.fresh()
    exchanges = send_at_once(account, *({"to": number, "text": account.word()} for _ in range(PARALLEL)))
    created = [taken(account, exchange).get("contact_created") for exchange in exchanges]
    expect.equal(created.count(True), 1, f"how often contact_created is true in {PARALLEL} parallel sends", *exchanges)


# -- MSG-13 -----------------------------------------------------------------------------------------------------------


@requirement("MSG-13")
@pytest.mark.parametrize("delay", [0.0, 0.2], ids=["quick Meta", "slow Meta"])
def test_parallel_first_messages_share_contact_and_conversation(account: Account, delay: float) -> None:
    """With a slow Meta the sends overlap between looking a contact up and storing one."""
    number, token = account.numbers.fresh(), account.word()
    if delay:
        account.mock_meta.fault(number, times=PARALLEL, delay=delay)
    samples = [sample(TYPES[i % len(TYPES)], f"{token}{i}x") for i in range(PARALLEL)]
    exchanges = send_at_once(account, *(one.to(number) for one in samples))
    answers = [taken(account, exchange) for exchange in exchanges]
    one_thread(account, number, answers, *exchanges)
    wires = [said(entry["body"]) for entry in account.mock_meta.accepted(to=digits(number))]
    missing = [one.wire for one in samples if one.wire not in wires]
    expect.equal(missing, [], "the messages that Meta did not get", *exchanges)


def one_thread(account: Account, number: str, answers: list[Row], *exchanges: Exchange) -> None:
    """All answers name one contact and one conversation, which are the only ones, and hold every message once."""
    for what in ("contact_id", "conversation_id"):
        expect.equal(len({answer.get(what) for answer in answers}), 1, f"the number of different {what}", *exchanges)
    contacts = [row["id"] for row in account.pages("/contacts", search=digits(number)) if row.get("phone") == number]
    expect.equal(contacts, [answers[0]["contact_id"]], "the contacts of the number", *exchanges)
    threads = [row["id"] for row in account.pages("/conversations", contact_id=answers[0]["contact_id"])]
    expect.equal(threads, [answers[0]["conversation_id"]], "the contact's conversations", *exchanges)
    stored = [row["whatsapp_message_id"] for row in account.messages(threads[0]) if row["direction"] == "outbound"]
    wamids = [answer["whatsapp_message_id"] for answer in answers]
    expect.same_members(stored, wamids, "the conversation's outbound messages", *exchanges)


@requirement("MSG-13")
@pytest.mark.usefixtures("hears")
def test_a_customer_who_writes_at_the_same_moment_gets_the_same_conversation(account: Account) -> None:
    number, words = account.numbers.fresh(), [account.word() for _ in range(8)]

    def one(index: int) -> Exchange | str:
        if index % 2:
            return account.receive(number, words[index])
        return account.api.post("/messages", {"to": number, "text": words[index]})

    done = at_once([partial(one, i) for i in range(len(words))])
    exchanges = [exchange for exchange in done if not isinstance(exchange, str)]
    answers = [taken(account, exchange) for exchange in exchanges]
    for wamid in (inbound for inbound in done if isinstance(inbound, str)):
        row = account.message(answers[0]["conversation_id"], wamid, account.mock_meta.patience)
        expect.that(row, f"the inbound {wamid} in the conversation of the sends", "it is not there", *exchanges)
    one_thread(account, number, answers, *exchanges)


# -- MSG-16 -----------------------------------------------------------------------------------------------------------


def customer(account: Account, number: str) -> Row:
    """A customer writes in; their conversation, once the message is stored."""
    wamid, patience = account.receive(number), account.mock_meta.patience
    found = eventually(lambda: account.contact_by_phone(number), patience)
    expect.precondition(found, "the contact of a customer who wrote does not appear")
    thread = account.conversation_of(found["id"], patience)
    expect.precondition(account.message(thread["id"], wamid, patience), "a customer's message is not stored")
    return thread


def same_thread(account: Account, exchange: Exchange, contact_id: str, conversation_id: str | None) -> None:
    answer = taken(account, exchange)
    expect.equal(answer.get("contact_id"), contact_id, "contact_id", exchange)
    if conversation_id is not None:
        expect.equal(answer.get("conversation_id"), conversation_id, "conversation_id", exchange)


@requirement("MSG-16")
def test_messages_of_every_type_stay_in_the_first_ones_conversation(account: Account) -> None:
    number = account.numbers.fresh()
    first = account.send(number)
    for kind in (*TYPES, "text"):
        exchange = account.api.post("/messages", sample(kind, account.word()).to(number, name=account.word()))
        same_thread(account, exchange, first["contact_id"], first["conversation_id"])


@requirement("MSG-16")
def test_a_contact_made_before_is_used(account: Account) -> None:
    contact = account.contact(name="Ada", tags=[account.word()])
    first = account.api.post("/messages", {"to": contact["phone"], "text": account.word()})
    same_thread(account, first, contact["id"], None)
    needed(account.api.patch(f"/contacts/{contact['id']}", {"name": "Ada Lovelace"}), 200)
    second = account.api.post("/messages", {"to": contact["phone"], "text": account.word()})
    same_thread(account, second, contact["id"], envelope.record(first, 201).get("conversation_id"))


@requirement("MSG-16")
@pytest.mark.usefixtures("hears")
@pytest.mark.parametrize("kind", TYPES)
def test_the_conversation_that_a_customer_opened_is_used(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    thread = customer(account, number)
    exchange = account.api.post("/messages", sample(kind, account.word()).to(number))
    same_thread(account, exchange, thread["contact_id"], thread["id"])


@requirement("MSG-16")
def test_numbers_that_look_alike_have_conversations_of_their_own(account: Account) -> None:
    for pair in (account.numbers.sharing_tail(), account.numbers.differing_in_country()):
        first = account.send(pair[0])
        exchange = account.api.post("/messages", {"to": pair[1], "text": account.word()})
        answer = taken(account, exchange)
        for what in ("contact_id", "conversation_id"):
            expect.that(
                answer.get(what) != first[what], f"another {what} for {pair[1]}", f"that of {pair[0]}", exchange
            )


@requirement("MSG-16")
def test_accounts_do_not_share_a_numbers_conversation(account: Account, other: Account) -> None:
    number = account.numbers.fresh()
    first = other.send(number)
    exchange = account.api.post("/messages", {"to": number, "text": account.word()})
    answer = taken(account, exchange)
    for what in ("contact_id", "conversation_id"):
        expect.that(answer.get(what) != first[what], f"a {what} of this account's own", "the other account's", exchange)
