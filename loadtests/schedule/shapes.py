"""How the rate changes over time: pure functions of the seconds since the start, and of the rate that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Shape:
    """`rate(share)` is the part of the asked rate at that part of the run's time, both from 0 to 1 (a spike goes beyond).

    `peak` is the highest part, for the number of keys.
    """

    rate: Callable[[float], float]
    peak: float
    what: str


STEPS = 5


def _ramp(share: float) -> float:
    return share


def _steps(share: float) -> float:
    return min(STEPS, int(share * STEPS) + 1) / STEPS


def _spike(share: float) -> float:
    return 1.0 if 0.4 <= share < 0.6 else 0.25  # noqa: PLR2004 - the shape itself


def _soak(share: float) -> float:
    """Up in the first twentieth, and then the same for as long as it takes to see a leak."""
    return min(1.0, share * 20)


SHAPES = {
    "ramp": Shape(_ramp, 1.0, "from nothing to the rate, evenly"),
    "steps": Shape(_steps, 1.0, f"{STEPS} steps up to the rate"),
    "spike": Shape(_spike, 1.0, "a quarter of the rate, all of it in the middle fifth"),
    "soak": Shape(_soak, 1.0, "the rate for a long time"),
    "capacity": Shape(_soak, 1.0, "bisection for the highest rate that keeps every SLO"),
}
"""By name; `constant` is Locust's own `-u`, `-r`, `-t`."""


def users(shape: Shape, asked: int, elapsed: float, duration: float) -> int:
    """Locust users (tasks a second, with a pace of 1) at a moment."""
    return max(1, round(asked * shape.rate(min(1.0, max(0.0, elapsed / duration)))))
