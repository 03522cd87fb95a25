"""BCAST-01, -02, -14: the answer to POST /broadcasts, and what its counts of recipients mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.contract.json_schema import is_uuid
from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.broadcasts import (
    each_recipient_got_its_message,
)
from conformance.wacrm.steps.broadcasts import INVALID_NUMBERS, greeting_values, launch, submit
from conformance.wacrm.steps.reconciliation import DiscrepancyKind

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.broadcasts import Broadcast


RECIPIENTS = (DiscrepancyKind.MISSING, DiscrepancyKind.DUPLICATED, DiscrepancyKind.MISADDRESSED)
"""Discrepancies in which messages went to whom; BCAST-05 checks their content."""
SLOW = 1.5
"""Seconds that Meta takes to answer, so that the fan-out is still in progress."""


@requirement("BCAST-01")
def test_the_answer_has_the_documented_fields(account: Account) -> None:
    body = {"template_name": PLAIN, "recipients": [{"to": account.numbers.fresh()}]}
    answer = account.api.post("/broadcasts", body)
    record = envelope.record(answer, 202)
    expect.that(is_uuid(str(record.get("broadcast_id"))), "broadcast_id to be a UUID", answer.excerpt, answer)
    expect.equal(expect.member(record, "status", answer), "sending", "status", answer)
    for name, value in (("total_recipients", 1), ("accepted", 1), ("rejected", 0)):
        expect.equal(expect.member(record, name, answer), value, name, answer)


@requirement("BCAST-01")
def test_the_answer_does_not_wait_for_the_fan_out(account: Account) -> None:
    to = account.numbers.many(3)
    account.mock_meta.fault(to, times=len(to), delay=SLOW)
    broadcast = launch(account, to)
    done = [request for request in broadcast.send_requests() if request.answered]
    waited = len(done) == len(to) and broadcast.answer.seconds >= SLOW
    seconds = f"{broadcast.answer.seconds:.1f} s, after all of Meta's answers, which took {SLOW:g} s each"
    expect.that(not waited, "an answer before the fan-out is done", f"an answer after {seconds}", broadcast.answer)


@requirement("BCAST-02")
@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_invalid_numbers_are_rejected_and_the_others_get_their_message(account: Account, place: str) -> None:
    good = account.numbers.many(3)
    order = {
        "before": [*INVALID_NUMBERS, *good],
        "between": [good[0], *INVALID_NUMBERS, *good[1:]],
        "after": [*good, *INVALID_NUMBERS],
    }[place]
    broadcast = launch(account, order)
    record = broadcast.accepted_record
    expect.equal(expect.member(record, "accepted"), len(good), "accepted", broadcast.answer)
    expect.equal(expect.member(record, "rejected"), len(INVALID_NUMBERS), "rejected", broadcast.answer)
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "each valid number to get its own message", *RECIPIENTS)


@requirement("BCAST-02")
def test_a_number_listed_twice_is_messaged_once(account: Account) -> None:
    first, second, third = account.numbers.many(3)
    submitted = [first, second, first, third, first, third]
    broadcast = launch(account, submitted)
    adds_up(broadcast, len(submitted))
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "each of the three numbers to get one message", *RECIPIENTS)


@requirement("BCAST-02")
def test_a_number_listed_in_two_spellings_is_messaged_once(account: Account) -> None:
    """Another spelling may be rejected or accepted; it is the same recipient either way."""
    number = account.numbers.fresh()
    spellings = [number, f"{number[:3]} {number[3:6]}-{number[6:]}", number.removeprefix("+"), f" {number} "]
    marker = account.marker()
    broadcast = submit(account, marker, [{"to": to, "params": greeting_values(marker, 0)} for to in spellings])
    adds_up(broadcast, len(spellings))
    broadcast.require_finished()
    each_recipient_got_its_message(broadcast, "one message, to the number in all its spellings", *RECIPIENTS)


def adds_up(broadcast: Broadcast, submitted: int) -> None:
    """`accepted` and `rejected` together are the number of submitted entries."""
    record = broadcast.accepted_record
    both = expect.member(record, "accepted"), expect.member(record, "rejected")
    expect.equal(sum(both), submitted, "accepted and rejected added up", broadcast.answer)


@requirement("BCAST-14")
def test_total_recipients_is_the_number_queued_in_every_answer(account: Account) -> None:
    to = account.numbers.many(4)
    account.mock_meta.fault(to[1], times=None, error={"code": 131026})
    broadcast = launch(account, [*to, *INVALID_NUMBERS])
    record = broadcast.accepted_record
    expect.equal(expect.member(record, "total_recipients"), 4, "total_recipients in the 202", broadcast.answer)
    expect.equal(broadcast.poll().total, 4, "total_recipients while sending", *broadcast.exchanges())
    broadcast.require_finished()
    expect.equal(broadcast.poll().total, 4, "total_recipients at the end", *broadcast.exchanges())
