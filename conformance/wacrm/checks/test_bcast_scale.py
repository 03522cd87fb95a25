"""BCAST: as many recipients as the API takes, and what that costs in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch, NoVerdict, Starved
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.broadcasts import Broadcast, launch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.xdist_group("large-broadcasts")

MOST = 1000
DISTINCT, TIMES = 111, 9
TOLD = 60
"""Recipients of a large broadcast that Meta reports on; the load of reports by the thousand is the load tests' matter."""


@dataclass
class Large:
    """A broadcast of 1,000 by itself; then, at once, one of 999 that lists people several times and one to 100 of them.

    None with the reason in `refused` for what the target does not take.
    """

    full: Broadcast | None
    listed: Broadcast | None
    beside: Broadcast | None
    refused: list[str]
    ended: dict[str, bool]

    def taken(self, name: str) -> Broadcast:
        """Demand that the target took it (BCAST-12)."""
        found: Broadcast | None = getattr(self, name)
        if found is None:
            raise Mismatch("202 for at most 1,000 recipients", "; ".join(self.refused))
        return found

    def both(self) -> tuple[Broadcast, Broadcast]:
        """The two that ran at once, to their end; no verdict without them."""
        if self.listed is None or self.beside is None:
            raise NoVerdict("; ".join(self.refused))
        expect.precondition(self.ended["listed"] and self.ended["beside"], "a broadcast does not finish")
        return self.listed, self.beside


@pytest.fixture(scope="module")
def large(shared_account: Callable[[str], Account]) -> Large:
    account = shared_account("large broadcasts")
    to = account.numbers.many(MOST)
    account.mock_meta.script(to)
    account.mock_meta.script(to[:TOLD], ("delivered", 0.0), ("read", 0.05))
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
def test_a_thousand_recipients_complete(large: Large, measure: Callable[[str, Any], None]) -> None:
    broadcast = large.taken("full")
    expect.equal(broadcast.receipt.get("accepted"), MOST, "accepted", broadcast.answer)
    shown = f"{broadcast.polls[-1]} after {broadcast.polls[-1].at - broadcast.answer.at:.0f} s"
    expect.that(large.ended["full"], "the broadcast to finish", shown, *broadcast.exchanges())
    broadcast.clean(_lost(broadcast), "each of 1,000 recipients to get its message")
    broadcast.clean(broadcast.settled(broadcast.dues()), "the counts of 1,000 recipients to be right")
    _measure(broadcast, broadcast.posts(), measure)


def _measure(broadcast: Broadcast, posts: list[reconciliation.Post], measure: Callable[[str, Any], None]) -> None:
    """Sends per second from the first send to Meta's last answer."""
    first, last, over = min(p.at for p in posts), max(p.at for p in posts), max(p.done_at for p in posts)
    measure("recipients", len(broadcast.order.recipients))
    measure("time_to_202_seconds", round(broadcast.answer.seconds, 3))
    measure("time_to_first_send_seconds", round(first - broadcast.posted_at, 3))
    measure("time_to_last_send_seconds", round(last - broadcast.posted_at, 3))
    measure("sends_per_second", round(len(posts) / max(over - first, 0.001), 1))


@requirement("BCAST-12")
def test_999_recipients_of_whom_many_are_listed_again_complete(large: Large) -> None:
    broadcast = large.taken("listed")
    expect.that(large.ended["listed"], "the broadcast to finish", f"{broadcast.polls[-1]}", *broadcast.exchanges())
    broadcast.clean(_lost(broadcast), "each of 111 people to get a message")


def _lost(broadcast: Broadcast) -> list[reconciliation.Discrepancy]:
    """Who got nothing; what came twice or wrong is BCAST-05's matter, and BCAST-02's where people are listed again."""
    return reconciliation.only(reconciliation.mailing(broadcast.order, broadcast.posts()), reconciliation.Trouble.LOST)


@requirement("BCAST-05")
def test_each_of_a_thousand_gets_the_own_message_once(large: Large) -> None:
    if large.full is None:
        raise NoVerdict("; ".join(large.refused))
    found = reconciliation.mailing(large.full.order, large.full.posts())
    large.full.clean(found, "each of 1,000 recipients to get its own message once")


@requirement("BCAST-13")
def test_two_larger_broadcasts_at_once_are_each_accounted_right(large: Large) -> None:
    for broadcast, size in zip(large.both(), ("111 people", "100 of them"), strict=True):
        broadcast.clean(_lost(broadcast), f"each of {size} to get its message")
        broadcast.clean(broadcast.settled(broadcast.dues()), f"the broadcast to {size} to count its own messages alone")


@requirement("BCAST-09")
def test_no_poll_of_a_large_broadcast_contradicts_another(large: Large) -> None:
    taken = [broadcast for broadcast in (large.full, large.listed, large.beside) if broadcast is not None]
    expect.precondition(taken, "; ".join(large.refused))
    for broadcast in taken:
        found = reconciliation.contradictions(broadcast.polls)
        expect.that(
            not found, "counts that never fall, read ≤ delivered ≤ sent", "; ".join(found), *broadcast.exchanges()
        )
