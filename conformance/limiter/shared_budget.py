"""Whether all operations spend the one budget of a key (RATE-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.limiter.counting import deciding, in_time, rolled_over, used_before
from conformance.limiter.observation import admissions, exchanges, usable
from conformance.target.expect import precondition
from conformance.target.verdicts import Mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.counting import Budget
    from conformance.limiter.observation import Observation

FAILED = 400


def refused_when_spent(before: Sequence[Observation], seen: Observation, budget: Budget, name: str) -> None:
    """An operation is refused when other operations have spent the budget (RATE-08). Raises `Mismatch`, `NoVerdict`."""
    precondition(
        before and before[-1].refused,
        "the budget was not spent, so nothing could be refused: another clause is about that",
    )
    series = [*before, seen]
    in_time(series, budget)
    if not seen.refused and len(admissions(series)) > budget.most(series):
        raise Mismatch(
            f"{name} to be refused when the key's budget is spent", f"HTTP {seen.status}", *exchanges([seen])
        )


def one_for_all(mixed: Sequence[Observation], rest: Sequence[Observation], budget: Budget) -> int:
    """Requests of all operations together were admitted as often as reads alone; the count (RATE-08).

    A request that succeeded was charged; whether one that failed was is RATE-10's question, so it is allowed either.
    Raises `Mismatch`, `NoVerdict`.
    """
    series = [*mixed, *usable(rest)]
    precondition(not series[0].refused, "the key was refused at its first request: it was in use before us")
    in_time(series, budget)
    precondition(rest[-1].refused, "the budget was not spent: another clause is about that")
    failed = sum(seen.status >= FAILED and not seen.refused for seen in mixed)
    admitted = len(admissions(series))
    if admitted - failed > budget.most(series):
        precondition(not rolled_over(series, budget.window), "the key was in use before us")
        raise Mismatch(
            f"{budget.limit} admissions of all operations together",
            f"{admitted}, as if {admitted - failed - budget.limit} requests were not charged",
            *deciding(series),
        )
    precondition(
        admitted >= budget.limit or not used_before(series, budget.window),
        f"the key was in use before us: {admitted} left",
    )
    if admitted < budget.limit:
        raise Mismatch(
            f"{budget.limit} admissions of all operations together", f"{admitted}, then 429", *deciding(series)
        )
    return admitted
