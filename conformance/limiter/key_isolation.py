"""Whether a key has its own budget, whatever other keys spend (RATE-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.limiter.counting import EARLIER, deciding, in_time, used_before
from conformance.limiter.observation import admissions, exchanges, refusals, usable
from conformance.target.expect import precondition
from conformance.target.verdicts import Mismatch, NoVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.counting import Budget
    from conformance.limiter.observation import Observation


def still_admitted(series: Sequence[Observation], of: str) -> None:
    """A key that was admitted before another one was spent is admitted after it too (RATE-07).

    `series` begins with the request that was sent before. Raises `Mismatch`, `NoVerdict`.
    """
    usable(series)
    precondition(not series[0].refused, f"the {of} was refused at its first request: it was in use before us")
    refused = refusals(series)
    if refused:
        raise Mismatch(
            f"the {of} to be admitted after another one was spent", "429", *exchanges([series[0], refused[0]])
        )


def untouched(series: Sequence[Observation], spent: Sequence[Observation], budget: Budget, of: str) -> None:
    """A key that was first asked after another one was spent has its own whole budget, in a window of its own (RATE-07).

    A key that was in use before us has less too: in a window that began before our first request, and that does not
    happen to be spent and to end together with the other key's. Raises `Mismatch`, `NoVerdict`.
    """
    admitted = len(admissions(usable(series)))
    if admitted >= budget.limit:
        return
    in_time(series, budget)
    ends, end_of_spent = _ends(series), _ends(spent)
    near = ends is not None and end_of_spent is not None and abs(ends - end_of_spent) < EARLIER
    joined = near and admitted == 0 and len(admissions(spent)) >= budget.limit / 2
    if joined or not used_before(series, budget.window):
        raise Mismatch(
            f"the fresh {of} to be admitted {budget.limit} times, whatever another key has spent",
            f"{admitted}, then 429",
            *deciding(series),
        )
    raise NoVerdict(f"the fresh {of} was admitted {admitted} times: it was in use before us")


def _ends(series: Sequence[Observation]) -> float | None:
    """When the key's window ends, as its first refusal says."""
    refused = [seen for seen in refusals(series) if seen.retry_after is not None]
    return refused[0].received + (refused[0].retry_after or 0) if refused else None


def still_spent(series: Sequence[Observation], budget: Budget) -> None:
    """A spent key that is asked once more after other keys were spent is refused as before (RATE-07)."""
    usable(series)
    precondition(series[-2].refused, "the key was not spent")
    in_time(series, budget)
    if not series[-1].refused and len(admissions(series)) > budget.most(series):
        raise Mismatch(
            "a spent key to stay refused, whatever other keys do", "it was admitted again", *exchanges(series[-2:])
        )
