"""The search for the highest rate that keeps every SLO: doubling until one breaks, then bisection, in bounded steps."""

from __future__ import annotations

from dataclasses import dataclass, field

STEPS = 8
"""Steps of a search: with doubling from an eighth, four find the first broken one, and as many narrow it down."""
FIRST = 8
CLOSE = 0.05
"""Held and broken rates that differ by less than this part are one answer."""
SETTLING = 0.3
"""The part of each step whose requests are not evaluated: users are still being added, a backlog is being worked off."""


@dataclass(frozen=True)
class Step:
    """What was tried. `since` and `until` are the evaluated seconds of the run, `broken` what broke there, in words."""

    rate: int
    since: float
    until: float
    broken: tuple[str, ...]

    @property
    def held(self) -> bool:
        return not self.broken


@dataclass
class Search:
    """Rates up to `most`, whole numbers of tasks a second."""

    most: int
    steps: list[Step] = field(default_factory=list)
    overloads: list[tuple[float, float]] = field(default_factory=list)
    """Seconds of the run that were beyond the capacity, until the backlog was worked off."""

    @property
    def best(self) -> Step | None:
        """The highest step that held."""
        return max((step for step in self.steps if step.held), key=lambda step: step.rate, default=None)

    @property
    def worst(self) -> Step | None:
        """The lowest step that broke."""
        return min((step for step in self.steps if not step.held), key=lambda step: step.rate, default=None)

    def next(self) -> int | None:
        """The rate to try now; None when the answer is close enough, or the steps are used up."""
        low = self.best.rate if self.best else 0
        if len(self.steps) >= STEPS or low >= self.most:
            return None
        if self.worst is None:
            return min(self.most, low * 2 or max(1, self.most // FIRST))
        high = self.worst.rate
        if high - low <= max(1, CLOSE * high):
            return None
        return (low + high) // 2
