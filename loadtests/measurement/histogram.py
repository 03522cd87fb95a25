"""Latencies in buckets that are one per cent wide: small to send, cheap to add, exact enough for a p99.9.

Not hdrhistogram 0.10.8: no subtraction, out-of-range values dropped unsaid, ranks rounded down, 26 KiB for each of 10,000s.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 100.0
"""Buckets per factor of e."""
UNIT = 1e-4
"""Seconds below which buckets are no longer one per cent wide."""

Histogram = dict[int, int]
"""Number of values by bucket."""


def bucket(seconds: float) -> int:
    return int(math.log1p(max(seconds, 0.0) / UNIT) * WIDTH)


def middle(number: int) -> float:
    """Seconds that stand for the bucket."""
    return math.expm1((number + 0.5) / WIDTH) * UNIT


def merge(into: Histogram, more: Mapping[int, int]) -> None:
    for number, count in more.items():
        into[number] = into.get(number, 0) + count


def less(whole: Mapping[int, int], before: Mapping[int, int]) -> Histogram:
    """What came to a histogram since it was `before`."""
    return {number: more for number, count in whole.items() if (more := count - before.get(number, 0))}


def count(histogram: Mapping[int, int]) -> int:
    return sum(histogram.values())


def quantile(histogram: Mapping[int, int], q: float) -> float | None:
    """The nearest-rank quantile in seconds; None without any value."""
    wanted = math.ceil(q * count(histogram))
    seen = 0
    for number in sorted(histogram):
        seen += histogram[number]
        if seen >= wanted:
            return middle(number)
    return None


def of(values: list[float]) -> Histogram:
    found: Histogram = {}
    for value in values:
        number = bucket(value)
        found[number] = found.get(number, 0) + 1
    return found


def shown(histogram: Mapping[int, int]) -> dict[str, float | int | None]:
    """Count and the quantiles that reports show, in seconds."""
    names = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
    found: dict[str, float | int | None] = {"count": count(histogram)}
    for name, q in names.items():
        value = quantile(histogram, q)
        found[name] = None if value is None else round(value, 5)
    return found
