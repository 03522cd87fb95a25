"""BCAST-07, -08: the counts, against Meta's ledger and its webhooks."""

from __future__ import annotations

import math
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations.broadcasts import (
    counts_match,
)
from conformance.wacrm.steps.broadcast_reports import (
    PROGRESS,
    finished_without_reports,
    reply,
    report,
)
from conformance.wacrm.steps.broadcasts import launch

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.reconciliation import Poll


DELIVERED = "delivered_count"
SAMPLES = 20
"""Number of webhooks for the measurement."""


@requirement("BCAST-07")
def test_sent_counts_what_meta_accepted_before_any_webhook(account: Account) -> None:
    counts_match(
        finished_without_reports(account, 5),
        "sent_count to be the 5 messages that Meta accepted, and nothing else counted",
    )


@requirement("BCAST-08")
def test_counts_converge_to_metas_reports(account: Account) -> None:
    to = account.numbers.many(12)
    account.mock_meta.script(to[0:2])
    account.mock_meta.script(to[2:4], ("sent", 0.0))
    account.mock_meta.script(to[4:7], ("sent", 0.0), ("delivered", 0.1))
    account.mock_meta.script(to[7:], ("sent", 0.0), ("delivered", 0.1), ("read", 0.2))
    broadcast = launch(account, to)
    broadcast.require_finished()
    counts_match(broadcast, "8 delivered, 5 of them read, none replied")


@requirement("BCAST-08")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_one_report_changes_the_count_by_one(account: Account, status: str) -> None:
    """A read message counts as delivered, whether Meta reports that or not (fact sheet 16.1: delivered may be
    skipped).
    """
    broadcast = finished_without_reports(account, 4)
    report(broadcast, (next(iter(broadcast.wamids().values())), status))
    counts_match(broadcast, f"one recipient counted as {status}")


KINDS: dict[str, dict[str, Any]] = {
    "text": {},
    "button": {"type": "button", "button": {"payload": "Ok", "text": "Ok"}},
    "image": {"type": "image"},
}


@requirement("BCAST-08")
@pytest.mark.parametrize("kind", KINDS)
def test_two_replies_of_one_recipient_count_once(account: Account, kind: str) -> None:
    broadcast = finished_without_reports(account, 4)
    wamids = sorted(broadcast.wamids().items())
    for to, wamid in wamids[:2]:
        reply(broadcast, to, wamid, **KINDS[kind])
    reply(broadcast, *wamids[0])
    counts_match(broadcast, "two recipients counted as replied, one of whom replied twice")


@requirement("BCAST-08")
def test_replies_during_the_fan_out_are_counted(account: Account) -> None:
    to = account.numbers.many(8)
    account.mock_meta.script(to)
    account.mock_meta.fault(to[4:], times=4, delay=0.7)
    broadcast = launch(account, to)
    quick = {number.removeprefix("+") for number in to[:4]}
    answered = broadcast.until(lambda poll: poll.sent >= len(quick), account.mock_meta.patience)
    for recipient, wamid in broadcast.wamids().items():
        if recipient in quick:
            reply(broadcast, recipient, wamid)
    expect.precondition(answered.sent and broadcast.finished(), "the broadcast does not finish")
    counts_match(broadcast, "the four recipients counted who replied during the fan-out", "replied")


@requirement("BCAST-08")
def test_messages_from_similar_numbers_are_not_counted_as_replies(account: Account) -> None:
    similar, recipient = account.numbers.sharing_tail()
    other, twin = account.numbers.differing_in_country()
    account.mock_meta.script([recipient, other])
    broadcast = launch(account, [recipient, other])
    broadcast.require_finished()
    for number in (similar, twin, account.numbers.fresh()):
        account.receive(number)
    reply(broadcast, other.removeprefix("+"), broadcast.wamids()[other.removeprefix("+")])
    counts_match(broadcast, "one reply counted, of the recipient who replied", "replied")


@requirement("BCAST-08")
def test_single_messages_to_a_recipient_are_not_counted(account: Account) -> None:
    """Single sends to the same numbers and their statuses run beside the broadcast."""
    to = account.numbers.many(6)
    account.mock_meta.script(to)
    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(account.send, to[0])
        broadcast = launch(account, to)
        sends = [before.result(), *pool.map(account.send, to[:3])]
    broadcast.require_finished()
    wamids = [str(send.get("whatsapp_message_id")) for send in sends]
    report(broadcast, *[(wamid, status) for wamid in wamids for status in PROGRESS])
    report(broadcast, (broadcast.wamids()[to[5].removeprefix("+")], "delivered"))
    counts_match(broadcast, "one delivered message of the broadcast, and no single message counted")


@requirement("BCAST-08")
def test_the_time_from_webhook_to_count_is_measured(account: Account, measure: Callable[[str, Any], None]) -> None:
    broadcast = finished_without_reports(account, SAMPLES)
    seconds = []
    for count, wamid in enumerate(broadcast.wamids().values(), start=1):
        began = time.monotonic()
        report(broadcast, (wamid, "delivered"))
        shown = broadcast.until(
            _delivered(count), account.learned.patience(DELIVERED, account.mock_meta.patience), 0.005
        )
        if shown.delivered < count:
            account.learned.missed(DELIVERED)
            break
        account.learned.came(DELIVERED, shown.at - began)
        seconds.append(shown.at - began)
    counts_match(broadcast, "every reported recipient counted as delivered", "delivered")
    ordered = sorted(seconds)
    measure("webhook_to_count_p50_seconds", round(statistics.median(ordered), 4))
    measure("webhook_to_count_p95_seconds", round(ordered[math.ceil(0.95 * len(ordered)) - 1], 4))
    measure("webhook_to_count_max_seconds", round(ordered[-1], 4))


def _delivered(count: int) -> Callable[[Poll], bool]:
    return lambda poll: poll.delivered >= count
