"""What Meta's ledger and a broadcast's counts must show (BCAST)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.verdicts import Mismatch
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.broadcast_reports import blind_counts
from conformance.wacrm.steps.reconciliation import DiscrepancyKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from conformance.wacrm.steps.broadcasts import Broadcast
    from conformance.wacrm.steps.reconciliation import Discrepancy, Poll


def no_discrepancies(broadcast: Broadcast, found: Sequence[Discrepancy], expected: str) -> None:
    """A Mismatch that lists every discrepancy."""
    if found:
        evidence = [str(one) for one in found]
        raise Mismatch(expected, "; ".join(evidence), *broadcast.exchanges(), evidence=evidence)


def each_recipient_got_its_message(
    broadcast: Broadcast, expected: str, *kinds: DiscrepancyKind, optional: Collection[str] = ()
) -> None:
    """Meta accepted what the broadcast owes its recipients; `kinds` limits which discrepancies count (all without any).

    `optional` are digits of recipients who need not have got a message.
    """
    found = reconciliation.delivery_discrepancies(broadcast.submission, broadcast.send_requests(), optional)
    no_discrepancies(broadcast, reconciliation.of_kinds(found, *kinds) if kinds else found, expected)


def visible_counts_match(broadcast: Broadcast, expected: str) -> list[str]:
    """`counts_match` for the counts that move in this deployment at all; the others, for which BCAST-08 is red."""
    due = broadcast.expected_counts()
    found = broadcast.remaining_discrepancies(due)
    reported = [d for d in found if d.kind is DiscrepancyKind.UNDER_COUNTED]
    blind = blind_counts(broadcast.account) if reported else []
    seen = [name for name in reconciliation.COUNTS if name not in blind]
    no_discrepancies(broadcast, reconciliation.count_discrepancies(broadcast.polls[-1], due, seen), expected)
    return blind


def dependent_counts_match(broadcast: Broadcast, expected: str) -> None:
    """`visible_counts_match`; no verdict where a count could not be looked at."""
    none_blind(visible_counts_match(broadcast, expected))


def none_blind(blind: Sequence[str]) -> None:
    """No verdict where a count never moves."""
    named = " and ".join(f"{name}_count" for name in blind)
    expect.precondition(not blind, f"{named} never moves here, not even for one plain report (BCAST-08)")


def counts_match(broadcast: Broadcast, expected: str, *names: str) -> None:
    """The counts (all, or those of these names) come to what Meta accepted and reported."""
    wanted = names or reconciliation.COUNTS
    no_discrepancies(broadcast, broadcast.remaining_discrepancies(broadcast.expected_counts(), wanted), expected)


def sent_and_failed_add_up(broadcast: Broadcast, poll: Poll) -> None:
    """`sent_count` and `failed_count` together are the number of recipients (BCAST-07)."""
    total = len(broadcast.submission.recipients)
    actual = f"sent_count {poll.sent} and failed_count {poll.failed}"
    adds_up = reconciliation.is_sum_of_recipients(broadcast.submission, poll)
    expect.that(adds_up, f"sent_count and failed_count to add up to {total}", actual, *broadcast.exchanges())


def polls_are_consistent(broadcast: Broadcast, name: str = "") -> None:
    """No poll contradicts itself or an earlier one (BCAST-09). `name` says which broadcast of several it is."""
    found: Iterable[str] = reconciliation.contradictions(broadcast.polls)
    actual = (f"{name}: " if name else "") + "; ".join(found)
    expected = "counts that never fall, and read ≤ delivered ≤ sent at every poll"
    expect.that(not found, expected, actual, *broadcast.exchanges())
