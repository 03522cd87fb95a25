"""What a refused or failed request costs of the budget (RATE-10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.limiter.counting import EARLIER
from conformance.limiter.kinds import Kind
from conformance.limiter.observation import admissions, refusals, usable
from conformance.target.expect import precondition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.counting import Budget
    from conformance.limiter.observation import Observation
    from conformance.limiter.requests import Request

CHARGES = 3
"""A request may cost nothing, one or two: that many costs can be told apart."""


@dataclass(frozen=True)
class Batch:
    """The same request sent several times: what it is in words, and what it got."""

    what: str
    seen: Sequence[Observation]

    @property
    def label(self) -> str:
        """`404 (unknown path)`: the status that it really got."""
        got = sorted({seen.status for seen in self.seen})
        return f"{'/'.join(map(str, got))} ({self.what})"


def charged(batches: Sequence[Batch], rest: Sequence[Observation], budget: Budget) -> dict[str, int]:
    """What one request of each batch cost, from what was left for `rest` to spend until it was refused.

    The batches' sizes are different powers of three, so that every cost of up to two requests each has a sum of its
    own. Raises `NoVerdict` when the numbers do not add up.
    """
    usable(rest)
    refills = budget.fit is not None and budget.fit.kind is Kind.TOKEN_BUCKET
    precondition(not refills, "a token bucket refills while it is spent, so what requests cost cannot be read off it")
    precondition(refusals(rest), "the budget was not used up, so what is left of it is not known")
    everything = [seen for batch in batches for seen in batch.seen]
    precondition(not any(seen.refused for seen in everything), "the key was refused before it had spent anything")
    _own_window([*everything, *rest], budget)
    cost, found = budget.limit - len(admissions(rest)), {}
    for batch in sorted(batches, key=lambda one: -len(one.seen)):
        found[batch.label], cost = divmod(cost, len(batch.seen))
    precondition(
        cost == 0 and all(0 <= one < CHARGES for one in found.values()),
        f"the charges do not add up ({found}, {cost} over): the key or its limit is not what we think",
    )
    return found


def _own_window(series: Sequence[Observation], budget: Budget) -> None:
    """Somebody else's requests in the same window would be taken for the charge."""
    refused = refusals(series)[0]
    if refused.retry_after is None or (budget.fit is not None and budget.fit.kind is not Kind.FIRST_REQUEST):
        return
    ends = refused.received + refused.retry_after - series[0].sent
    precondition(
        ends >= budget.window - EARLIER, "the key was in use before us, so what its requests cost is not known"
    )


def sizes(count: int, limit: int) -> list[int]:
    """`count` different powers of three, of which twice the sum is less than the limit; fewer when they do not fit."""
    found = [CHARGES**n for n in range(count)]
    while found and 2 * sum(found) >= limit:
        found.pop()
    return found


def sized(failing: Sequence[tuple[str, Request]], limit: int) -> list[tuple[str, Request, int]]:
    """Failing requests with how many of each to send; with a small limit only the first ones can be told apart."""
    return [(*one, count) for one, count in zip(failing, sizes(len(failing), limit), strict=False)]


def unknown_key(series: Sequence[Observation]) -> dict[str, int]:
    """Whether requests with a key that nobody issued use up anything: after more of them than the limit, are they refused?"""
    return {"401 (unknown key)": int(bool(refusals(usable(series, 401))))}


def words(found: dict[str, int]) -> str:
    """`charged: 400 (…), 404 (…); charged twice: 403 (…); free: 401 (…)`."""
    names = {1: "charged", 2: "charged twice", 0: "free"}
    parts = {name: sorted(what for what, charge in found.items() if charge == cost) for cost, name in names.items()}
    return "; ".join(f"{name}: {', '.join(what)}" for name, what in parts.items() if what)
