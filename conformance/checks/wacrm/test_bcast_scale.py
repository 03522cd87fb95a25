"""BCAST: as many recipients as the API takes, and what that costs in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance import books, expect
from conformance.broadcasts import Broadcast, launch
from conformance.expect import requirement

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.account import Account

pytestmark = pytest.mark.xdist_group("large-broadcasts")

MOST = 1000
DISTINCT, TIMES = 111, 9
TOLD = 60
"""Recipients of a large broadcast that Meta reports on; the load of reports by the thousand is the load tests' matter."""


@dataclass
class Large:
    """A broadcast of 1,000 by itself; then, at once, one of 999 that lists people several times and one to 100 of them."""

    full: Broadcast
    listed: Broadcast
    beside: Broadcast
    full_ended: bool
    both_ended: bool


@pytest.fixture(scope="module")
def large(shared_account: Callable[[str], Account]) -> Large:
    account = shared_account("large broadcasts")
    to = account.numbers.many(MOST)
    account.provider.script(to)
    account.provider.script(to[:TOLD], ("delivered", 0.0), ("read", 0.05))
    full = launch(account, to)
    full_ended = full.finished()
    with ThreadPoolExecutor(2) as pool:
        listed, beside = pool.map(lambda numbers: launch(account, numbers), (to[:DISTINCT] * TIMES, to[:100]))
    return Large(full, listed, beside, full_ended, listed.finished() and beside.finished())


@requirement("BCAST-12")
def test_a_thousand_recipients_complete(large: Large, measure: Callable[[str, Any], None]) -> None:
    broadcast = large.full
    record = expect.record(broadcast.answer, 202)
    expect.equal(record.get("accepted"), MOST, "accepted", broadcast.answer)
    shown = f"{broadcast.polls[-1]} after {broadcast.polls[-1].at - broadcast.answer.at:.0f} s"
    expect.that(large.full_ended, "the broadcast to finish", shown, *broadcast.exchanges())
    posts = broadcast.posts()
    broadcast.clean(books.mailing(broadcast.order, posts), "each of 1,000 recipients to get its own message once")
    broadcast.clean(broadcast.settled(broadcast.dues()), "the counts of 1,000 recipients to be right")
    _measure(broadcast, posts, measure)


def _measure(broadcast: Broadcast, posts: list[books.Post], measure: Callable[[str, Any], None]) -> None:
    """Sends per second from the first send to Meta's last answer."""
    first, last, over = min(p.at for p in posts), max(p.at for p in posts), max(p.done_at for p in posts)
    measure("recipients", len(broadcast.order.recipients))
    measure("time_to_202_seconds", round(broadcast.answer.seconds, 3))
    measure("time_to_first_send_seconds", round(first - broadcast.posted_at, 3))
    measure("time_to_last_send_seconds", round(last - broadcast.posted_at, 3))
    measure("sends_per_second", round(len(posts) / max(over - first, 0.001), 1))


@requirement("BCAST-12")
def test_999_recipients_of_whom_many_are_listed_again_complete(large: Large) -> None:
    expect.that(large.both_ended, "the broadcasts to finish", f"{large.listed.polls[-1]}", *large.listed.exchanges())
    record = expect.record(large.listed.answer, 202)
    both = expect.member(record, "accepted"), expect.member(record, "rejected")
    expect.equal(sum(both), DISTINCT * TIMES, "accepted and rejected together", large.listed.answer)
    large.listed.clean(_mailing(large.listed), "each of 111 people to get a message of its own")


def _mailing(broadcast: Broadcast) -> list[books.Discrepancy]:
    """Its mailing, apart from messages to people who are listed again, which are BCAST-02's matter."""
    found = books.mailing(broadcast.order, broadcast.posts())
    return [one for one in found if one.trouble is not books.Trouble.DUPLICATED]


@requirement("BCAST-13")
def test_two_larger_broadcasts_at_once_are_each_accounted_right(large: Large) -> None:
    expect.precondition(large.both_ended, "a broadcast does not finish")
    for broadcast, size in ((large.listed, "111 people"), (large.beside, "100 of them")):
        broadcast.clean(_mailing(broadcast), f"each of {size} to get its message")
        broadcast.clean(broadcast.settled(broadcast.dues()), f"the broadcast to {size} to count its own messages alone")


@requirement("BCAST-09")
def test_no_poll_of_a_large_broadcast_contradicts_another(large: Large) -> None:
    for broadcast in (large.full, large.listed, large.beside):
        found = books.contradictions(broadcast.polls)
        expect.that(
            not found, "counts that never fall, read ≤ delivered ≤ sent", "; ".join(found), *broadcast.exchanges()
        )
