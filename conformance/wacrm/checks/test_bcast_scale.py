"""BCAST-05, -09, -12, -13: broadcasts to 1,000 recipients."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch, NoVerdict, Starved
from conformance.wacrm.expectations.broadcasts import (
    dependent_counts_match,
    each_recipient_got_its_message,
    polls_are_consistent,
    visible_counts_match,
)
from conformance.wacrm.steps.broadcasts import Broadcast, launch
from conformance.wacrm.steps.reconciliation import DiscrepancyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.submission import SendRequest

pytestmark = pytest.mark.xdist_group("large-broadcasts")

MAX_RECIPIENTS = 1000
DISTINCT, TIMES = 111, 9
REPORTED = 60
"""Recipients about whom Meta reports; the load tests report about thousands."""


@dataclass
class Large:
    """Large broadcasts: one to 1,000 recipients alone; then concurrently one with 999 entries for 111 recipients, and
    one to 100 of them.

    None for a broadcast that the target refused; `refused` has the reasons.
    """

    full: Broadcast | None
    listed: Broadcast | None
    beside: Broadcast | None
    refused: list[str]
    ended: dict[str, bool]

    def accepted(self, name: str) -> Broadcast:
        """The target must have accepted it (BCAST-12)."""
        found: Broadcast | None = getattr(self, name)
        if found is None:
            raise Mismatch("202 for at most 1,000 recipients", "; ".join(self.refused))
        return found

    def both(self) -> tuple[Broadcast, Broadcast]:
        """The two concurrent broadcasts; no verdict unless both finish."""
        if self.listed is None or self.beside is None:
            raise NoVerdict("; ".join(self.refused))
        expect.precondition(self.ended["listed"] and self.ended["beside"], "a broadcast does not finish")
        return self.listed, self.beside


@pytest.fixture(scope="module")
def large(shared_account: Callable[[str], Account]) -> Large:
    account = shared_account("large broadcasts")
    to = account.numbers.many(MAX_RECIPIENTS)
    account.mock_meta.script(to)
    account.mock_meta.script(to[:REPORTED], ("delivered", 0.0), ("read", 0.05))
    refused: list[str] = []
    full = _launched(account, to, refused)
    ended = {"full": full is not None and full.finished()}
    with ThreadPoolExecutor(2) as pool:
        lists = (to[:DISTINCT] * TIMES, to[:100])
        listed, beside = pool.map(lambda numbers: _launched(account, numbers, refused), lists)
    ended |= {name: b is not None and b.finished() for name, b in (("listed", listed), ("beside", beside))}
    return Large(full, listed, beside, refused, ended)


def _launched(account: Account, to: Sequence[str], refused: list[str]) -> Broadcast | None:
    try:
        return launch(account, to)
    except Starved:
        raise
    except NoVerdict as reason:
        refused.append(str(reason))
        return None


@requirement("BCAST-12")
def test_a_broadcast_to_1000_recipients_completes(large: Large, measure: Callable[[str, Any], None]) -> None:
    broadcast = large.accepted("full")
    expect.equal(broadcast.accepted_record.get("accepted"), MAX_RECIPIENTS, "accepted", broadcast.answer)
    shown = f"{broadcast.polls[-1]} after {broadcast.polls[-1].at - broadcast.answer.at:.0f} s"
    expect.that(large.ended["full"], "the broadcast to finish", shown, *broadcast.exchanges())
    each_recipient_got_its_message(broadcast, "each of 1,000 recipients to get its message", DiscrepancyKind.MISSING)
    visible_counts_match(broadcast, "the counts of 1,000 recipients to match Meta's reports")
    _measure(broadcast, broadcast.send_requests(), measure)


def _measure(broadcast: Broadcast, send_requests: list[SendRequest], measure: Callable[[str, Any], None]) -> None:
    """Sends per second from the first send to Meta's last answer."""
    first, last, over = (
        min(p.at for p in send_requests),
        max(p.at for p in send_requests),
        max(p.done_at for p in send_requests),
    )
    measure("recipients", len(broadcast.submission.recipients))
    measure("time_to_202_seconds", round(broadcast.answer.seconds, 3))
    measure("time_to_first_send_seconds", round(first - broadcast.posted_at, 3))
    measure("time_to_last_send_seconds", round(last - broadcast.posted_at, 3))
    measure("sends_per_second", round(len(send_requests) / max(over - first, 0.001), 1))


@requirement("BCAST-12")
def test_a_broadcast_with_repeated_recipients_completes(large: Large) -> None:
    broadcast = large.accepted("listed")
    expect.that(large.ended["listed"], "the broadcast to finish", f"{broadcast.polls[-1]}", *broadcast.exchanges())
    each_recipient_got_its_message(broadcast, "each of 111 recipients to get a message", DiscrepancyKind.MISSING)


@requirement("BCAST-05")
def test_each_of_1000_recipients_gets_its_own_message_once(large: Large) -> None:
    if large.full is None:
        raise NoVerdict("; ".join(large.refused))
    each_recipient_got_its_message(large.full, "each of 1,000 recipients to get its own message once")


@requirement("BCAST-13")
def test_two_large_broadcasts_at_once_are_counted_separately(large: Large) -> None:
    for broadcast, size in zip(large.both(), ("111 recipients", "100 of them"), strict=True):
        each_recipient_got_its_message(broadcast, f"each of {size} to get its message", DiscrepancyKind.MISSING)
        dependent_counts_match(broadcast, f"the broadcast to {size} to count its own messages only")


@requirement("BCAST-09")
def test_counts_of_large_broadcasts_never_fall(large: Large) -> None:
    accepted = [broadcast for broadcast in (large.full, large.listed, large.beside) if broadcast is not None]
    expect.precondition(accepted, "; ".join(large.refused))
    for broadcast in accepted:
        polls_are_consistent(broadcast)
