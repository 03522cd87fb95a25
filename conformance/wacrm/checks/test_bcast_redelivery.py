"""BCAST-10: Meta's webhooks twice, out of order, or at once after the send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import requirement
from conformance.wacrm.expectations.broadcasts import (
    dependent_counts_match,
    none_blind,
    sent_and_failed_add_up,
    visible_counts_match,
)
from conformance.wacrm.steps.broadcast_reports import (
    ORDERS,
    PROGRESS,
    finished_without_reports,
    report,
    report_in_one_webhook,
)
from conformance.wacrm.steps.broadcasts import launch

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


@requirement("BCAST-10")
def test_reports_in_any_order_give_the_same_counts(account: Account) -> None:
    broadcast = finished_without_reports(account, len(ORDERS))
    for wamid, order in zip(broadcast.wamids().values(), ORDERS, strict=True):
        for status in order:
            report(broadcast, (wamid, status))
    dependent_counts_match(
        broadcast, "every recipient counted as delivered and all but one as read, with reports in any order"
    )


@requirement("BCAST-10")
def test_reports_in_one_webhook_in_any_order_give_the_same_counts(account: Account) -> None:
    broadcast = finished_without_reports(account, len(ORDERS))
    report_in_one_webhook(
        broadcast, *[(w, s) for w, order in zip(broadcast.wamids().values(), ORDERS, strict=True) for s in order]
    )
    dependent_counts_match(
        broadcast, "every recipient counted as delivered and all but one as read, with all reports in one webhook"
    )


@requirement("BCAST-10")
def test_repeated_reports_count_once(account: Account) -> None:
    broadcast = finished_without_reports(account, 3)
    first, second, _ = broadcast.wamids().values()
    for _ in range(3):
        report_in_one_webhook(broadcast, (first, "delivered"), (first, "delivered"), (second, "read"))
        report(broadcast, (first, "sent"))
    deliveries = account.mock_meta.statuses(account.phone_number_id, {"id": second, "status": "read"})
    account.mock_meta.acknowledged([account.mock_meta.replay(str(deliveries[0]["id"]))])
    dependent_counts_match(broadcast, "two recipients counted as delivered and one as read, with repeated reports")


@requirement("BCAST-10")
def test_a_redelivered_reply_counts_once(account: Account) -> None:
    broadcast = finished_without_reports(account, 3)
    to, wamid = next(iter(broadcast.wamids().items()))
    message = {"from": to, "type": "text", "text": {"body": account.marker()}, "context": {"id": wamid}}
    body = {"phone_number_id": account.phone_number_id, "messages": [message], "batch": False, "wait": True}
    answer = account.mock_meta.request("POST", "/inbound", body)
    account.mock_meta.acknowledged([*answer["deliveries"], account.mock_meta.replay(answer["deliveries"][0]["id"])])
    dependent_counts_match(broadcast, "one recipient counted as replied")


@requirement("BCAST-10")
def test_reports_about_unknown_messages_are_not_counted(account: Account) -> None:
    broadcast = finished_without_reports(account, 3)
    first = next(iter(broadcast.wamids().values()))
    unknown = "wamid." + account.marker()
    report_in_one_webhook(broadcast, (unknown, "delivered"), (first, "delivered"), (unknown, "read"))
    report(broadcast, (unknown, "failed"))
    dependent_counts_match(
        broadcast, "one recipient counted as delivered, with reports about unknown messages in the same webhook"
    )


@requirement("BCAST-10")
def test_reports_before_metas_answer_to_the_send_are_counted(account: Account) -> None:
    to = account.numbers.many(6)
    account.mock_meta.script(to[:3], *[(status, 0.0) for status in PROGRESS])
    account.mock_meta.script(to[3:], ("read", 0.0), ("delivered", 0.0))
    account.mock_meta.fault(to, times=len(to), delay=0.7)
    broadcast = launch(account, to)
    broadcast.require_finished()
    dependent_counts_match(broadcast, "all six recipients counted as read, reported before Meta answered the sends")


@requirement("BCAST-10")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_reports_immediately_after_the_send_are_counted(account: Account, status: str) -> None:
    to = account.numbers.many(40)
    account.mock_meta.script(to, (status, 0.0))
    broadcast = launch(account, to)
    broadcast.require_finished()
    dependent_counts_match(broadcast, f"all 40 recipients counted as {status}, reported immediately after each send")


@requirement("BCAST-10")
@pytest.mark.parametrize(
    "order", [("delivered", "failed"), ("read", "failed"), ("failed", "delivered"), ("failed", "read")]
)
def test_contradicting_reports_count_each_recipient_once(account: Account, order: tuple[str, str]) -> None:
    """The target chooses which report counts, as long as each recipient is counted exactly once."""
    broadcast = finished_without_reports(account, 3)
    wamid = next(iter(broadcast.wamids().values()))
    for status in order:
        report(broadcast, (wamid, status))
        broadcast.poll()
    blind = visible_counts_match(broadcast, f"{order[0]} and then {order[1]} counted for one recipient")
    sent_and_failed_add_up(broadcast, broadcast.polls[-1])
    none_blind(blind)
