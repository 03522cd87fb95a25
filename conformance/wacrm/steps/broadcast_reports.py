"""Statuses and replies that a check reports about a broadcast's messages, in place of mock Meta's own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from conformance.target import expect
from conformance.wacrm.steps.broadcasts import launch

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.broadcasts import Broadcast

PROGRESS = ("sent", "delivered", "read")
ORDERS = [*itertools.permutations(PROGRESS), ("delivered", "read"), ("read", "delivered"), ("read",), ("delivered",)]


def finished_without_reports(account: Account, count: int) -> Broadcast:
    """A finished broadcast about which Meta has reported nothing yet."""
    to = account.numbers.many(count)
    account.mock_meta.script(to)
    broadcast = launch(account, to)
    broadcast.require_finished()
    expect.precondition(len(broadcast.wamids()) == count, "Meta did not accept every message of the broadcast")
    return broadcast


REPORTED = ("delivered", "read", "replied")
"""The counts that only Meta's webhooks move."""


def blind_counts(account: Account) -> list[str]:
    """The reported counts that never move in this deployment, not even for one plain report (BCAST-08)."""
    learned = account.learned
    return [
        name
        for name in REPORTED
        if not learned.ever_came(f"{name}_count")
        and not learned.fact(f"{name}_count moves", lambda: _moves(account, name))  # noqa: B023 - called at once
    ]


def _moves(account: Account, name: str) -> bool:
    """Whether one plain report about a finished broadcast is counted."""
    broadcast = finished_without_reports(account, 1)
    ((to, wamid),) = broadcast.wamids().items()
    if name == "replied":
        reply(broadcast, to, wamid)
    else:
        report(broadcast, (wamid, name))
    patience = account.learned.patience(f"{name}_count", account.mock_meta.patience)
    return bool(broadcast.until(lambda poll: poll.counts[name], patience).counts[name])


def report(broadcast: Broadcast, *reports: tuple[str, str]) -> None:
    """Report these (wamid, status), each in its own webhook; no verdict when the deployment does not acknowledge one."""
    for report in reports:
        report_in_one_webhook(broadcast, report)


def report_in_one_webhook(broadcast: Broadcast, *reports: tuple[str, str]) -> None:
    """Report these (wamid, status) in one webhook."""
    account = broadcast.account
    items = [{"id": wamid, "status": status} | _why(status) for wamid, status in reports]
    account.mock_meta.acknowledged(account.mock_meta.statuses(account.phone_number_id, *items))


def _why(status: str) -> dict[str, Any]:
    error = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}
    return {"errors": [error]} if status == "failed" else {}


def reply(broadcast: Broadcast, to: str, wamid: str | None, **message: Any) -> None:  # noqa: ANN401 - Meta's members
    """The recipient (digits) replies, quoting the message with this wamid if one is given."""
    quoted: dict[str, Any] = {} if wamid is None else {"context": {"id": wamid}}
    broadcast.account.receive(f"+{to}", **quoted, **message)
