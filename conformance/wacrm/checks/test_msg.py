"""MSG: what a send answers, and whom it reaches (01, 02). Contacts, contents, refusals, troubles, statuses: beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.messages import TYPES, said, sample, send_at_once, taken, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.messages import Row

pytestmark = pytest.mark.usefixtures("sends")

# -- MSG-01 -----------------------------------------------------------------------------------------------------------


@requirement("MSG-01")
@pytest.mark.parametrize(
    "members", [{}, {"type": "text"}, {"type": "text", "name": "Ada"}], ids=["bare", "type", "name"]
)
def test_a_text_send_answers_with_the_documented_fields_and_metas_id(account: Account, members: Row) -> None:
    number = account.numbers.fresh()
    exchange = account.api.post("/messages", {"to": number, "text": account.word(), **members})
    envelope.record(exchange, 201)
    problems = OPENAPI.validate("sendMessage", 201, exchange.json())
    expect.that(not problems, "the documented fields", "; ".join(problems), exchange)
    issued = [entry["wamid"] for entry in account.mock_meta.accepted(to=digits(number))]
    expect.equal([exchange.json()["data"]["whatsapp_message_id"]], issued, "the wamids of the number", exchange)


@requirement("MSG-01")
def test_the_ids_of_the_answer_name_contact_conversation_and_message(account: Account) -> None:
    number = account.numbers.fresh()
    exchange = account.api.post("/messages", {"to": number, "text": account.word()})
    answer = envelope.record(exchange, 201)
    contact = account.api.get(f"/contacts/{answer.get('contact_id')}")
    expect.equal(envelope.record(contact, 200).get("phone"), number, "the phone of contact_id", exchange, contact)
    thread = account.api.get(f"/conversations/{answer.get('conversation_id')}")
    expect.equal(
        envelope.record(thread, 200).get("contact_id"),
        answer["contact_id"],
        "the conversation's contact",
        exchange,
        thread,
    )
    rows = account.api.get(f"/conversations/{answer['conversation_id']}/messages")
    pairs = [(row.get("id"), row.get("whatsapp_message_id")) for row in envelope.rows(rows)]
    wanted = [(answer.get("message_id"), answer.get("whatsapp_message_id"))]
    expect.same_members(pairs, wanted, "(id, wamid) in the new conversation", exchange, rows)


# -- MSG-02 -----------------------------------------------------------------------------------------------------------


def reached(account: Account, since: int, token: str, wanted: Sequence[tuple[str, Row]], *exchanges: Exchange) -> None:
    """Of all messages since then, those that hold `token` are exactly the wanted (number, content)."""
    account.mock_meta.settled(at_least=len(wanted), since=since, contains=token)
    found = account.mock_meta.accepted(since=since, contains=token)
    pairs = [(digits(entry["to"]), said(entry["body"])) for entry in found]
    expected = [(digits(number), wire) for number, wire in wanted]
    expect.same_members(pairs, expected, "(number, content) of Meta's messages", *exchanges)
    senders = {entry["phone_number_id"] for entry in found}
    expect.equal(senders, {account.phone_number_id}, "the sending phone_number_id", *exchanges)


@requirement("MSG-02")
def test_each_send_reaches_exactly_its_number_with_its_content(account: Account) -> None:
    """Types and kinds of numbers at once: no crosstalk, no number that is mistaken for another one like it."""
    token, since = account.word(), account.mock_meta.mark()
    alike = [*account.numbers.sharing_tail(), *account.numbers.differing_in_country()]
    numbers = [*alike, *(account.numbers.fresh() for _ in range(8))]
    samples = [sample(TYPES[i % len(TYPES)], f"{token}{i:02d}x") for i in range(len(numbers))]
    exchanges = send_at_once(account, *(one.to(number) for one, number in zip(samples, numbers, strict=True)))
    for exchange in exchanges:
        taken(account, exchange)
    wires = [one.wire for one in samples]
    reached(account, since, token, list(zip(numbers, wires, strict=True)), *exchanges)


@requirement("MSG-02")
@pytest.mark.parametrize("kind", TYPES)
def test_numbers_of_every_country_are_reached(account: Account, kind: str) -> None:
    token, since = account.word(), account.mock_meta.mark()
    numbers = account.numbers.of_each_country()
    samples = [sample(kind, f"{token}{place}x") for place in range(len(numbers))]
    exchanges = send_at_once(account, *(one.to(number) for one, number in zip(samples, numbers, strict=True)))
    for exchange in exchanges:
        taken(account, exchange)
    reached(account, since, token, [(n, one.wire) for n, one in zip(numbers, samples, strict=True)], *exchanges)


@requirement("MSG-02")
def test_the_same_message_sent_twice_is_two_messages(account: Account) -> None:
    """A send is no upsert: equal text to one number is sent as often as it was asked for, one after the other and at once."""
    one, number, since = text(account.word()), account.numbers.fresh(), account.mock_meta.mark()
    exchanges = [account.api.post("/messages", one.to(number)) for _ in range(2)] + send_at_once(
        account, *[one.to(number)] * 3
    )
    for exchange in exchanges:
        taken(account, exchange)
    reached(account, since, one.wire["body"], [(number, one.wire)] * 5, *exchanges)
    wamids = {envelope.record(exchange, 201).get("whatsapp_message_id") for exchange in exchanges}
    expect.equal(len(wamids), 5, "the number of different whatsapp_message_id", *exchanges)


@requirement("MSG-02")
@pytest.mark.parametrize("kind", TYPES)
def test_a_send_whose_answer_was_lost_is_not_sent_again(account: Account, kind: str) -> None:
    """Meta has taken the message when the connection breaks, and knows no way to ask twice for one message."""
    number = account.numbers.fresh()
    account.mock_meta.fault(number, reset="after_accept")
    exchange = account.api.post("/messages", sample(kind, account.word()).to(number))
    if exchange.status == 201:  # an error is MSG-09's matter
        at_metas = [entry["wamid"] for entry in account.mock_meta.accepted(to=digits(number))]
        expect.equal(len(at_metas), 1, "the number of messages that Meta took", exchange, evidence=at_metas)


@requirement("MSG-02")
def test_another_account_sends_from_its_own_number(other: Account) -> None:
    one, number, since = text(other.word()), other.numbers.fresh(), other.mock_meta.mark()
    exchange = other.api.post("/messages", one.to(number))
    taken(other, exchange)
    reached(other, since, one.wire["body"], [(number, one.wire)], exchange)


@requirement("MSG-02")
@pytest.mark.parametrize("style", ["no plus", "spaces", "dashes", "parentheses"])
def test_a_number_in_another_spelling_is_refused_or_reached(account: Account, style: str) -> None:
    """The documentation asks for E.164. What a deployment accepts besides must mean the same telephone."""
    number, one, since = account.numbers.fresh(), text(account.word()), account.mock_meta.mark()
    exchange = account.api.post("/messages", one.to(spelled(number, style)))
    if expect.status(exchange, 201, 400).status == 201:
        reached(account, since, one.wire["body"], [(number, one.wire)], exchange)


def spelled(number: str, style: str) -> str:
    plain = number.removeprefix("+")
    return {
        "no plus": plain,
        "spaces": f"+{plain[:2]} {plain[2:5]} {plain[5:]}",
        "dashes": f"+{plain[:2]}-{plain[2:5]}-{plain[5:]}",
        "parentheses": f"+{plain[:2]} ({plain[2:5]}) {plain[5:]}",
    }[style]
