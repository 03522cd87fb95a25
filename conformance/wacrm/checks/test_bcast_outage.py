"""BCAST-15: broadcasts while Meta is down for everybody, or for one recipient for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import waiting
from conformance.target.expect import requirement, that
from conformance.target.numbers import digits, variants
from conformance.wacrm.expectations.broadcasts import no_discrepancies
from conformance.wacrm.steps.broadcasts import Broadcast, launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.wacrm.steps.account import Account

pytestmark = [pytest.mark.usefixtures("sends"), pytest.mark.xdist_group("broadcasts-under-outages")]

MANY, FEW = 24, 6
"""Recipients; more than a fan-out that gives up would try, and few where each attempt takes seconds."""
OUTAGES: dict[str, tuple[int, dict[str, Any]]] = {
    "something went wrong (131000, HTTP 500)": (MANY, {"error": {"code": 131000}}),
    "API service (2, HTTP 503)": (MANY, {"error": {"code": 2}}),
    "a proxy's page (HTTP 502)": (MANY, {"http": {"status": 502, "body": "<html>Bad gateway</html>"}}),
    "every connection reset": (MANY, {"reset": "before"}),
    "no answer": (FEW, {"hang": "before", "delay": 3.0}),
}
"""Number of recipients and fault, as mock Meta's control takes it."""
NO_ANSWER = frozenset({"every connection reset", "no answer"})
LIMIT = 30.0
"""Seconds after which a send must have ended (MSG-14)."""


@pytest.fixture(scope="module")
def outages(shared_account: Callable[[str], Account]) -> Iterator[dict[str, Broadcast]]:
    """A broadcast for each outage, all started; the second half of one more meets an outage that begins meanwhile."""
    account = shared_account("outages")
    faults: list[str] = []
    yield {
        **{
            name: _launched(account, account.numbers.many(size), 0, fault, faults)
            for name, (size, fault) in OUTAGES.items()
        },
        "from the middle on": _launched(
            account, account.numbers.many(MANY), MANY // 2, {"error": {"code": 131016}}, faults
        ),
    }
    for fault in faults:
        account.mock_meta.lift(fault)


def _launched(account: Account, to: Sequence[str], first: int, fault: dict[str, Any], faults: list[str]) -> Broadcast:
    """A broadcast whose recipients from position `first` on meet the fault."""
    spellings = [spelling for number in to[first:] for spelling in variants(digits(number))]
    account.mock_meta.script(to)
    faults.append(account.mock_meta.fault(spellings, times=None, **fault))
    return launch(account, to)


@requirement("BCAST-15")
@pytest.mark.parametrize("name", [*OUTAGES, "from the middle on"])
def test_every_recipient_is_attempted_and_counted_during_an_outage(outages: dict[str, Broadcast], name: str) -> None:
    broadcast = outages[name]
    broadcast.finished()
    missing = broadcast.submission.recipients - {post.to for post in broadcast.send_requests()}
    that(not missing, "an attempt for each recipient", f"none for {sorted(missing)}", *broadcast.exchanges())
    undecided = broadcast.submission.recipients if name in NO_ANSWER else ()
    found = broadcast.remaining_discrepancies(broadcast.expected_counts(undecided), ["sent", "failed"])
    no_discrepancies(broadcast, found, "each recipient counted as sent or as failed")
    last = broadcast.poll()
    total = len(broadcast.submission.recipients)
    that(last.sent + last.failed == total, f"{total} recipients accounted for", f"{last}", *broadcast.exchanges())


@requirement("BCAST-15")
@pytest.mark.parametrize("position", [0, MANY // 2])
def test_a_hanging_send_does_not_hold_up_the_others(account: Account, position: int) -> None:
    to = account.numbers.many(MANY)
    account.mock_meta.script(to)
    spellings = variants(digits(to[position]))
    fault = account.mock_meta.fault(spellings, times=None, hang="before", delay=2 * LIMIT)
    try:
        broadcast = launch(account, to)
        others = broadcast.submission.recipients - {digits(to[position])}
        limit = LIMIT + account.mock_meta.patience
        waiting.eventually(lambda: others <= set(broadcast.wamids()), limit, waiting.POLL)
        missing = others - set(broadcast.wamids())
    finally:
        account.mock_meta.lift(fault)
    actual = f"{len(missing)} of {len(others)} not sent to"
    that(not missing, f"the others sent to within {limit:g} s", actual, broadcast.answer)
