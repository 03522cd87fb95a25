"""MSG-08, -09, -14: sends that Meta accepts late, answers unusually, or does not answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import GREETING
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import Mismatch, NoAnswerError
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import message_at_meta, none_claims_sent
from conformance.wacrm.steps.meta_errors import (
    as_json,
    send_of,
)
from conformance.wacrm.steps.outbound_messages import FILES, TYPES, media, sample, template, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row


pytestmark = pytest.mark.usefixtures("sends")


@requirement("MSG-09")
def test_no_send_is_refused_after_meta_accepted_it(account: Account) -> None:
    """Members that Meta never gets or accepts, and that may be impossible to store."""
    marker = account.marker()
    bodies = [text(marker + "x" * length).to("") for length in (300, 1100, 2100, 4000)]
    bodies += [text(marker).to("", name=name) for name in ("a\0b", "\ud800", "n" * 100_000, "", " ", "\u202e'\";--")]
    bodies += [
        media("document", f"{FILES}/{marker}").to("", filename=name) for name in ("a\0b", "\ud800", "n" * 241, "/..")
    ]
    bodies += [media("image", f"{FILES}/{marker}?{tail}").to("") for tail in ("\0", "\ud800", "a b", "é", "x" * 3000)]
    bodies += [media(kind, f"{FILES}/{marker}", "c\0d").to("") for kind in ("image", "video", "document", "audio")]
    bodies += [template(GREETING, "en_US", marker, value).to("") for value in ("a\0b", "\ud800", "x" * 900)]
    bodies += [text(f"{marker}\0").to(""), text(marker).to("", unknown={"a": [1]}, reply_to_message_id=None)]
    numbers = [account.numbers.fresh() for _ in bodies]
    sends = [send_of(account, {**body, "to": number}) for body, number in zip(bodies, numbers, strict=True)]
    for number, exchange in zip(numbers, at_once(sends), strict=True):
        if exchange.status != 201:
            expect.equal(
                len(account.mock_meta.accepted(to=digits(number))), 0, "the number of messages at Meta", exchange
            )


@requirement("MSG-09")
def test_every_valid_form_of_metas_acceptance_is_accepted(account: Account) -> None:
    """With additional members, with the message only, with another number format, with a held message."""
    forms: list[tuple[str, Callable[[str], Row]]] = [
        ("bare", lambda wamid: {"messages": [{"id": wamid}]}),
        ("held", lambda wamid: {"messages": [{"id": wamid, "message_status": "held_for_quality_assessment"}]}),
        ("otherwise", lambda wamid: {"messaging_product": "whatsapp", "contacts": [{"input": "1", "wa_id": "12025550199"}],
                                     "messages": [{"id": wamid, "message_status": "accepted"}]}),
        ("later", lambda wamid: {"messaging_product": "whatsapp", "new": {"member": None},
                                 "contacts": [{"input": "1", "wa_id": "1", "user_id": "US.1"}], "messages": [{"id": wamid}]}),
    ]  # fmt: skip
    for _, form in forms:
        number, wamid = account.numbers.fresh(), f"wamid.{account.marker()}"
        account.mock_meta.fault(number, **as_json(200, form(wamid)))
        exchange = account.api.post("/messages", text("hello").to(number))
        expect.equal(envelope.record(exchange, 201).get("whatsapp_message_id"), wamid, "whatsapp_message_id", exchange)


@dataclass(frozen=True)
class Slow:
    """Sends whose answer from Meta came late, never, or was cut off, and concurrent sends to other numbers."""

    account: Account
    accepted: list[tuple[float, Exchange]]
    hanging: list[Exchange]
    cut: list[Exchange]
    unaffected_send: list[Exchange]


ACCEPTED_AFTER = (1.5, 3.0, 6.5)
"""Delays of Meta's answer in seconds. Statuses arrive at once, so that a deployment that has given up can still learn
that Meta accepted the message.
"""
LONGEST = 30.0
CLIENT_TIMEOUT = 33.0


@pytest.fixture(scope="module")
def slow(shared_account: Callable[[str], Account], sends: None) -> Slow:  # noqa: ARG001 - asked for its effect
    """All slow sends at the same time: together they take as long as the slowest."""
    account = shared_account("slow Meta")
    counts = (len(ACCEPTED_AFTER), len(TYPES), len(TYPES))
    slow_numbers, hanging, cut = ([account.numbers.fresh() for _ in range(count)] for count in counts)
    account.mock_meta.script(slow_numbers, ("sent", 0.05), ("delivered", 0.1))
    for number, delay in zip(slow_numbers, ACCEPTED_AFTER, strict=True):
        account.mock_meta.fault(number, delay=delay)
    account.mock_meta.fault(hanging, times=None, hang="before", delay=LONGEST + 10)
    account.mock_meta.fault(cut, times=None, reset="before")
    unreachable = at_once([timed_send(account, number, kind) for number, kind in zip(cut, TYPES, strict=True)])
    kinds = (*TYPES[: len(slow_numbers)], *TYPES)
    waits = [timed_send(account, number, kind) for number, kind in zip((*slow_numbers, *hanging), kinds, strict=True)]
    unaffected = unaffected_send(account, hanging, account.mock_meta.mark())
    answers = iter(at_once([*waits, unaffected, unaffected]))
    accepted = [(delay, next(answers)) for delay in ACCEPTED_AFTER]
    return Slow(account, accepted, [next(answers) for _ in hanging], unreachable, list(answers))


def timed_send(account: Account, number: str, kind: str) -> Callable[[], Exchange]:
    """A send with a client time-out above the limit; a missing answer is a result too."""
    body = sample(kind, account.marker()).to(number)

    def call() -> Exchange:
        try:
            return account.api.call("POST", "/messages", json=body, timeout=CLIENT_TIMEOUT)
        except NoAnswerError as error:
            return error.exchange

    return call


def unaffected_send(account: Account, hanging: Sequence[str], since: int) -> Callable[[], Exchange]:
    """A send to another number, once Meta has the hanging ones."""
    wanted = {digits(number) for number in hanging}

    def call() -> Exchange:
        eventually(lambda: wanted <= {digits(entry["to"]) for entry in account.mock_meta.sends(since=since)}, 5.0)
        return timed_send(account, account.numbers.fresh(), "text")()

    return call


@requirement("MSG-09")
@pytest.mark.usefixtures("hears")
def test_a_message_that_meta_accepts_slowly_is_no_error(slow: Slow) -> None:
    for seconds, exchange in slow.accepted:
        number = json.loads(exchange.body)["to"]
        at_metas = slow.account.mock_meta.accepted(to=digits(number))
        expect.precondition(at_metas, f"Meta did not get the send that it answers after {seconds} s")
        if exchange.status != 201:
            early = exchange.seconds < seconds
            gave_up = f"the deployment gave up after {exchange.seconds:.1f} s: " if early else ""
            raise Mismatch(
                f"201 for a message that Meta accepted (after {seconds} s)", gave_up + exchange.summary, exchange,
                evidence=[f"ledger: accepted as {entry['wamid']}" for entry in at_metas],
            )  # fmt: skip
        message_at_meta(slow.account, exchange)


def ends_in_error(exchange: Exchange) -> None:
    """A 5xx with the error envelope, in time."""
    in_time(exchange)
    expect.that(exchange.status is not None and exchange.status >= 500, "a 5xx", exchange.summary, exchange)
    envelope.error_code(exchange)


def in_time(exchange: Exchange) -> None:
    ended = exchange.trouble is None and exchange.seconds <= LONGEST
    expect.that(ended, f"an answer within {LONGEST:.0f} s", f"{exchange.trouble or exchange.seconds}", exchange)


@requirement("MSG-14")
def test_no_answer_from_meta_is_an_error_in_time(slow: Slow) -> None:
    for exchange in slow.hanging:
        ends_in_error(exchange)


@requirement("MSG-14")
def test_an_unreachable_meta_is_an_error_in_time(slow: Slow) -> None:
    for exchange in slow.cut:
        ends_in_error(exchange)


@requirement("MSG-14")
def test_other_sends_do_not_wait_for_a_hanging_meta(slow: Slow) -> None:
    for exchange in slow.unaffected_send:
        in_time(exchange)


@requirement("MSG-08")
def test_a_send_that_meta_never_answered_is_not_stored_as_sent(slow: Slow) -> None:
    for exchange in (*slow.hanging, *slow.cut):
        none_claims_sent(slow.account, json.loads(exchange.body)["to"], exchange)
