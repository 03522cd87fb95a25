"""Admissions and refusals over time, small enough for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.observation import Observation

POINTS = 240


def timeline(series: Sequence[Observation], points: int = POINTS) -> list[list[float]]:
    """`[seconds since the first request, 1 admitted or 0 refused]` per request, thinned to `points` or fewer.

    What stays first are the changes from one to the other; of the rest, every n-th.
    """
    if not series:
        return []
    ordered = sorted(series, key=lambda seen: seen.sent)
    kept = _changes(ordered) if len(ordered) > points else set(range(len(ordered)))
    kept = set(sorted(kept)[: points // 2]) if len(kept) > points // 2 and len(ordered) > points else kept
    room = points - len(kept) - 1
    if len(ordered) > points:
        kept |= {round(n * (len(ordered) - 1) / room) for n in range(room + 1)}
    return [[round(ordered[n].sent - ordered[0].sent, 3), int(not ordered[n].refused)] for n in sorted(kept)]


def _changes(ordered: Sequence[Observation]) -> set[int]:
    pairs = [n for n in range(1, len(ordered)) if ordered[n].refused is not ordered[n - 1].refused]
    return {m for n in pairs for m in (n - 1, n)}
