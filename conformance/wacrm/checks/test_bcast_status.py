"""BCAST-06: the status becomes `sent` when every send has been attempted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.steps.broadcasts import launch

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


@requirement("BCAST-06")
def test_status_becomes_sent_once_every_send_was_attempted(account: Account) -> None:
    """Some sends are refused at once, some are slow: Meta's last answer comes before `sent`, and `sent` stays."""
    to = account.numbers.many(8)
    account.mock_meta.fault(to[5:7], times=None, error={"code": 131026})
    account.mock_meta.fault([*to[:2], to[-1]], times=3, delay=0.5)
    broadcast = launch(account, to)
    expect.that(
        broadcast.reaches_sent(), "status 'sent' in the end", lambda: broadcast.polls[-1].status, *broadcast.exchanges()
    )
    send_requests = broadcast.send_requests()
    early = sorted(broadcast.submission.recipients - {request.to for request in send_requests if request.answered})
    expect.equal(early, [], "recipients not yet attempted when status was 'sent'", *broadcast.exchanges())
    expect.equal(broadcast.poll().status, "sent", "status after it was 'sent'", *broadcast.exchanges())


@requirement("BCAST-06")
@pytest.mark.parametrize("outcome", ["all refused", "the last refused", "the first refused", "one refused"])
def test_status_becomes_sent_when_recipients_are_refused(account: Account, outcome: str) -> None:
    count = 1 if outcome == "one refused" else 4
    to = account.numbers.many(count)
    refused = {"the last refused": to[-1:], "the first refused": to[:1]}.get(outcome, to)
    account.mock_meta.fault(refused, times=None, error={"code": 131026})
    broadcast = launch(account, to)
    expect.that(
        broadcast.reaches_sent(), "status 'sent' in the end", lambda: broadcast.polls[-1].status, *broadcast.exchanges()
    )
