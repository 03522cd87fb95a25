"""When users arrive: an open model, in which no arrival waits for an answer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

GOLDEN = 0.618_033_988_749_894_9
"""Multiples of it, modulo 1, are spread evenly however many there are (a low-discrepancy sequence)."""


class Arrivals(StrEnum):
    """How the arrivals of a rate are spread: at random and independent of each other, or evenly."""

    POISSON = "poisson"
    CONSTANT = "constant"


class ArrivalProcess:
    """The arrivals of one Locust user: `pace` of them a second, for ever, from `start` (monotonic seconds) on.

    Processes add up: n Poisson processes are one with n times the rate, and n even ones are nearly even, for their phases are.
    """

    def __init__(self, kind: Arrivals, pace: float, number: int, rng: random.Random, start: float) -> None:
        self._kind, self._pace, self._rng = kind, pace, rng
        self.due = start + (number * GOLDEN % 1.0) / pace if kind is Arrivals.CONSTANT else start + self._gap()

    def next(self) -> float:
        """The intended start of the next arrival (monotonic seconds); `due` is then the one after it."""
        due = self.due
        self.due += self._gap()
        return due

    def _gap(self) -> float:
        return 1.0 / self._pace if self._kind is Arrivals.CONSTANT else self._rng.expovariate(self._pace)
