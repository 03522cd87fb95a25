"""How many limiters a deployment has, from how often it admits one key (RATE-12)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.limiter.counting import SLOW, deciding
from conformance.limiter.observation import admissions, span, usable
from conformance.target.expect import precondition
from conformance.target.verdicts import Mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.counting import Budget
    from conformance.limiter.observation import Observation

MOST = 8
"""Limiters that the experiment pays for; with more, it says "at least"."""
ONE = 1.1
"""Up to this many times the limit is no second limiter: a miscount by a few is RATE-01's and RATE-02's."""


def silence(limit: int) -> int:
    """Refusals in a row after which every limiter counts as spent, also behind a balancer that draws lots."""
    return max(20, limit // 3)


@dataclass(frozen=True)
class Estimate:
    """About `limiters` of them; `at_least` when the experiment ended before all were spent.

    `turns` counts changes between admission and refusal: one limiter makes one, several that are spent at different
    times make many.
    """

    limiters: int
    at_least: bool
    admitted: int
    factor: float
    turns: int

    @property
    def words(self) -> str:
        return f"{'at least' if self.at_least else 'about'} {self.limiters} limiter instance{'s'[: self.limiters > 1]}"


def estimate(series: Sequence[Observation], limit: int) -> Estimate:
    """From requests of one key, each on a connection of its own, all in one window."""
    admitted = len(admissions(series))
    tail = list(itertools.takewhile(lambda seen: seen.refused, reversed(series)))
    factor = admitted / limit
    open_ended = len(tail) < silence(limit)
    count = max(1, math.ceil(factor - 0.1) if open_ended else round(factor))
    if factor > ONE:
        count = max(2, count)
    turns = sum(a.refused is not b.refused for a, b in itertools.pairwise(series))
    return Estimate(count, open_ended and factor > ONE, admitted, round(factor, 2), turns)


def one_budget(series: Sequence[Observation], budget: Budget, documented: str = "") -> Estimate:
    """The whole deployment has one budget per key; `documented` is what the system says of several limiters.

    Raises `Mismatch` with the estimate, `NoVerdict`.
    """
    found = estimate(usable(series), budget.limit)
    if found.factor > ONE and found.admitted > budget.most(series):
        actual = f"{found.words} ({documented})" if documented else found.words
        sent = f"{len(series)} requests in {span(series):.1f} s, each on a connection of its own"
        evidence = [
            f"{found.admitted} of {sent}, were admitted: {found.factor:g} times the limit of {budget.limit}",
            f"answers changed {found.turns} times between admitted and refused; one limiter changes once",
            *([documented] if documented else []),
        ]
        raise Mismatch(
            f"one budget of {budget.limit} for the whole deployment", actual, *deciding(series), evidence=evidence
        )
    precondition(
        span(series) <= budget.window * SLOW,
        f"{len(series)} requests on connections of their own took {span(series):.1f} s of a window of {budget.window:g} s",
    )
    precondition(
        found.admitted >= budget.limit / 2, f"the key was in use before us: {found.admitted} admissions were left"
    )
    return found
