"""BCAST-13: two broadcasts at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from conformance.target.expect import requirement
from conformance.wacrm.expectations.broadcasts import (
    dependent_counts_match,
    each_recipient_got_its_message,
)
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.broadcast_reports import (
    reply,
    report,
)
from conformance.wacrm.steps.broadcasts import launch
from conformance.wacrm.steps.reconciliation import DiscrepancyKind

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


@requirement("BCAST-13")
def test_two_broadcasts_with_common_recipients_are_counted_separately(account: Account) -> None:
    """Statuses and replies count for the broadcast whose message they are about."""
    to = account.numbers.many(9)
    account.mock_meta.script(to)
    account.mock_meta.fault([to[0], to[8]], times=2, delay=0.5)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda numbers: launch(account, numbers), (to[:6], to[3:]))
    first.require_finished()
    second.require_finished()
    mine, others = first.wamids(), second.wamids()
    common = sorted(set(mine) & set(others))
    report(first, *[(mine[who], "delivered") for who in common], (mine[common[0]], "read"))
    report(second, *[(others[who], "read") for who in common[:2]])
    reply(first, common[0], mine[common[0]])
    reply(second, common[1], others[common[1]])
    for broadcast, name in ((first, "first"), (second, "second")):
        expected = f"each recipient of the {name} broadcast to get its message"
        each_recipient_got_its_message(broadcast, expected, DiscrepancyKind.MISSING)
        dependent_counts_match(broadcast, f"the {name} broadcast to count reports about its own messages only")


@requirement("BCAST-13")
def test_broadcasts_of_two_accounts_to_the_same_numbers_are_counted_separately(
    account: Account, other: Account
) -> None:
    to = account.numbers.many(3)
    account.mock_meta.script(to)
    with ThreadPoolExecutor(2) as pool:
        here, there = pool.map(lambda of: launch(of, to), (account, other))
    here.require_finished()
    there.require_finished()
    report(here, *[(wamid, "read") for wamid in here.wamids().values()])
    dependent_counts_match(here, "the account's own broadcast to count its own readers only")
    required(other.api.get(f"/broadcasts/{there.id}"), 200)
    dependent_counts_match(there, "the other account's broadcast to count none of these reports")
