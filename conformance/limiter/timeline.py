"""Admissions and refusals over time, small enough for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.observation import Observation

POINTS = 240


def timeline(series: Sequence[Observation], points: int = POINTS) -> list[list[float]]:
    """`[seconds from the first request to the answer, 1 admitted or 0 refused]`, thinned to `points` or fewer.

    What stays first are the changes from one to the other; of the rest, every n-th.
    """
    if not series:
        return []
    ordered = sorted(series, key=lambda seen: seen.received)
    start, kept = min(seen.sent for seen in series), list(range(len(ordered)))
    if len(ordered) > points:
        changes = _changes(ordered)[: points // 2]
        room = points - len(changes) - 1
        kept = sorted({*changes, *(round(n * (len(ordered) - 1) / room) for n in range(room + 1))})
    return [[round(ordered[n].received - start, 3), int(not ordered[n].refused)] for n in kept]


def _changes(ordered: Sequence[Observation]) -> list[int]:
    """Both sides of every change between admitted and refused."""
    pairs = [n for n in range(1, len(ordered)) if ordered[n].refused is not ordered[n - 1].refused]
    return [m for n in pairs for m in (n - 1, n)]
