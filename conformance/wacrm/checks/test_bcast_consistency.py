"""BCAST-09: polls that do not contradict themselves or each other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from conformance.target.expect import requirement
from conformance.wacrm.expectations.broadcasts import (
    polls_are_consistent,
)
from conformance.wacrm.steps.broadcast_reports import (
    ORDERS,
    PROGRESS,
)
from conformance.wacrm.steps.broadcasts import launch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.wacrm.steps.account import Account


APART = 0.12
"""Seconds between the statuses of one message, so that a poll falls between two of them."""


@requirement("BCAST-09")
def test_counts_never_fall_while_reports_arrive_in_any_order(account: Account) -> None:
    """Statuses arrive in every order while sends are in progress and the API is polled."""
    to = account.numbers.many(len(ORDERS) * 2)
    for numbers, order in zip(_pairs(to), ORDERS, strict=True):
        account.mock_meta.script(numbers, *[(status, 0.02 + APART * i) for i, status in enumerate(order)])
    account.mock_meta.fault(to[1::6], times=4, delay=0.4)
    account.mock_meta.fault(to[4:5], times=None, error={"code": 131026})
    broadcast = launch(account, to)
    over = time.monotonic() + 0.4 + APART * (len(PROGRESS) + 1)
    broadcast.until(lambda poll: poll.status == "sent" and poll.at > over, account.mock_meta.patience, 0.01)
    due = broadcast.expected_counts()
    broadcast.remaining_discrepancies(due)
    polls_are_consistent(broadcast)


def _pairs(to: Sequence[str]) -> list[Sequence[str]]:
    return [to[i : i + 2] for i in range(0, len(to), 2)]
