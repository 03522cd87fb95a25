"""MSG-02: each 201 is exactly one message at Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import accepted_record
from conformance.wacrm.steps.outbound_messages import TYPES, normalized, sample, send_at_once, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row


pytestmark = pytest.mark.usefixtures("sends")


def meta_received_exactly(
    account: Account, since: int, marker: str, wanted: Sequence[tuple[str, Row]], *exchanges: Exchange
) -> None:
    """Meta's messages since then with this marker are exactly the expected (number, content)."""
    account.mock_meta.settled(at_least=len(wanted), since=since, contains=marker)
    found = account.mock_meta.accepted(since=since, contains=marker)
    pairs = [(digits(entry["to"]), normalized(entry["body"])) for entry in found]
    expected = [(digits(number), wire) for number, wire in wanted]
    expect.same_members(pairs, expected, "(number, content) of Meta's messages", *exchanges)
    senders = {entry["phone_number_id"] for entry in found}
    expect.equal(senders, {account.phone_number_id}, "the sending phone_number_id", *exchanges)


@requirement("MSG-02")
def test_each_send_reaches_exactly_its_number_with_its_content(account: Account) -> None:
    """Different types to similar numbers at once: no message goes to another number."""
    marker, since = account.marker(), account.mock_meta.mark()
    alike = [*account.numbers.sharing_tail(), *account.numbers.differing_in_country()]
    numbers = [*alike, *(account.numbers.fresh() for _ in range(8))]
    samples = [sample(TYPES[i % len(TYPES)], f"{marker}{i:02d}x") for i in range(len(numbers))]
    exchanges = send_at_once(account, *(one.to(number) for one, number in zip(samples, numbers, strict=True)))
    for exchange in exchanges:
        accepted_record(account, exchange)
    wires = [one.wire for one in samples]
    meta_received_exactly(account, since, marker, list(zip(numbers, wires, strict=True)), *exchanges)


@requirement("MSG-02")
@pytest.mark.parametrize("kind", TYPES)
def test_numbers_of_every_country_get_their_message(account: Account, kind: str) -> None:
    marker, since = account.marker(), account.mock_meta.mark()
    numbers = account.numbers.of_each_country()
    samples = [sample(kind, f"{marker}{place}x") for place in range(len(numbers))]
    exchanges = send_at_once(account, *(one.to(number) for one, number in zip(samples, numbers, strict=True)))
    for exchange in exchanges:
        accepted_record(account, exchange)
    meta_received_exactly(
        account, since, marker, [(n, one.wire) for n, one in zip(numbers, samples, strict=True)], *exchanges
    )


@requirement("MSG-02")
def test_the_same_message_sent_twice_is_two_messages(account: Account) -> None:
    """Equal texts to one number are sent as often as requested, sequentially and concurrently."""
    one, number, since = text(account.marker()), account.numbers.fresh(), account.mock_meta.mark()
    exchanges = [account.api.post("/messages", one.to(number)) for _ in range(2)] + send_at_once(
        account, *[one.to(number)] * 3
    )
    for exchange in exchanges:
        accepted_record(account, exchange)
    meta_received_exactly(account, since, one.wire["body"], [(number, one.wire)] * 5, *exchanges)
    wamids = {envelope.record(exchange, 201).get("whatsapp_message_id") for exchange in exchanges}
    expect.equal(len(wamids), 5, "the number of different whatsapp_message_id", *exchanges)


@requirement("MSG-02")
@pytest.mark.parametrize("kind", TYPES)
def test_a_send_whose_answer_was_lost_is_not_sent_again(account: Account, kind: str) -> None:
    """Meta has accepted the message when the connection breaks, and has no way to deduplicate a second request."""
    number = account.numbers.fresh()
    account.mock_meta.fault(number, reset="after_accept")
    exchange = account.api.post("/messages", sample(kind, account.marker()).to(number))
    if exchange.status == 201:  # MSG-09 reports an error
        at_metas = [entry["wamid"] for entry in account.mock_meta.accepted(to=digits(number))]
        expect.equal(len(at_metas), 1, "the number of messages that Meta accepted", exchange, evidence=at_metas)


@requirement("MSG-02")
def test_another_account_sends_from_its_own_number(other: Account) -> None:
    one, number, since = text(other.marker()), other.numbers.fresh(), other.mock_meta.mark()
    exchange = other.api.post("/messages", one.to(number))
    accepted_record(other, exchange)
    meta_received_exactly(other, since, one.wire["body"], [(number, one.wire)], exchange)


@requirement("MSG-02")
@pytest.mark.parametrize("style", ["no plus", "spaces", "dashes", "parentheses"])
def test_another_spelling_is_refused_or_sent_to_the_same_number(account: Account, style: str) -> None:
    """The documentation requires E.164. Another spelling that is accepted must mean the same number."""
    number, one, since = account.numbers.fresh(), text(account.marker()), account.mock_meta.mark()
    exchange = account.api.post("/messages", one.to(respelled(number, style)))
    if expect.status(exchange, 201, 400).status == 201:
        meta_received_exactly(account, since, one.wire["body"], [(number, one.wire)], exchange)


def respelled(number: str, style: str) -> str:
    plain = number.removeprefix("+")
    return {
        "no plus": plain,
        "spaces": f"+{plain[:2]} {plain[2:5]} {plain[5:]}",
        "dashes": f"+{plain[:2]}-{plain[2:5]}-{plain[5:]}",
        "parentheses": f"+{plain[:2]} ({plain[2:5]}) {plain[5:]}",
    }[style]
