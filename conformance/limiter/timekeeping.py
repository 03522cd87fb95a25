"""The target's clock as seen from here: what its `Date` headers allow it to be (RATE-04)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.limiter.observation import Observation

STALE = 2.0
"""Seconds by which a server may be late to renew its `Date`: several use a timer of one second, and a busy one is late."""


@dataclass(frozen=True)
class ClockOffset:
    """The target's unix time minus our monotonic time lies between `low` and `high`, in seconds."""

    low: float
    high: float

    def between(self, seen: Observation) -> tuple[float, float]:
        """The target's unix time, at the earliest and at the latest, when it decided on this answer."""
        return seen.sent + self.low, seen.received + self.high


def offset(observations: Iterable[Observation]) -> ClockOffset | None:
    """What all `Date` headers together allow; None without any.

    A `Date` of d says that the time was between d and d + 1 + STALE while the request was under way. Many requests leave
    an interval of STALE or less. A clock that was set while we looked leaves nothing of it: then None.
    """
    dated = [(seen.date, seen) for seen in observations if seen.date is not None]
    if not dated:
        return None
    low = max(date - seen.received for date, seen in dated)
    high = min(date + 1 + STALE - seen.sent for date, seen in dated)
    return ClockOffset(low, high) if low <= high and math.isfinite(low) else None
