"""A run beside an earlier one: which differences exceed the noise.

Method: latencies fluctuate from one slice of time to the next; the quantile of each slice is one value. The two runs' values
are compared by the Mann-Whitney U test (two-sided, normal approximation with the correction for ties), at one per cent after
Holm's correction for the number of comparisons, and a difference below ten per cent is not worth a word.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LEVEL = 0.01
WORTH_A_WORD = 0.10
FEWEST = 8
"""Slices of each run, below which nothing can be told."""
QUANTILES = ("p50", "p95")
METHOD = "Mann-Whitney U over slices of time, Holm-corrected, 1 %; differences below 10 % are not told"


class BaselineError(ValueError):
    """The file is no load test's results."""


@dataclass(frozen=True)
class Difference:
    """`before` and `after` are medians over slices, in seconds; `p` is the test's, before correction."""

    operation: str
    figure: str
    before: float
    after: float
    p: float
    exceeds_noise: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        change = (self.after / self.before - 1) * 100
        told = f"{self.before * 1000:.0f} ms before, {self.after * 1000:.0f} ms now ({change:+.0f} %)"
        return f"{self.operation} {self.figure}: {told}"


def load(path: Path) -> list[dict[str, Any]]:
    """The timeline of an earlier run. Raises BaselineError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return list(data["measurements"]["timeline"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BaselineError(f"{path}: not the results of a load test: {type(error).__name__}: {error}") from None


def compare(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Every operation and quantile that both runs have enough slices of."""
    old, new = _series(before), _series(after)
    found = [
        (name, old[name], new[name], mann_whitney(old[name], new[name]))
        for name in sorted(old) if name in new and min(len(old[name]), len(new[name])) >= FEWEST
    ]  # fmt: skip
    significant = holm([p for *_, p in found])
    return [_difference(*one, significant=told) for one, told in zip(found, significant, strict=True)]


def _series(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[float]]:
    series: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        for figure in QUANTILES:
            if row[figure] is not None:
                series.setdefault((f"{row['scenario']}/{row['operation']}", figure), []).append(row[figure])
    return series


def _difference(
    name: tuple[str, str], before: list[float], after: list[float], p: float, *, significant: bool
) -> Difference:
    was, now = median(before), median(after)
    exceeds = significant and abs(now - was) > WORTH_A_WORD * was
    return Difference(*name, round(was, 5), round(now, 5), p, exceeds)


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p-value."""
    ranks, ties = _ranks([*one, *other])
    n, m = len(one), len(other)
    u = sum(ranks[:n]) - n * (n + 1) / 2
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return 2 * (1 - NormalDist().cdf(z))


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    """Mid-ranks, and the sum of t³ - t over groups of t equal values."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, ties, first = [0.0] * len(values), 0.0, 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            ranks[place] = (first + last) / 2 + 1
        size = last - first + 1
        ties += size**3 - size
        first = last + 1
    return ranks, ties


def holm(values: Sequence[float]) -> list[bool]:
    """Which p-values are significant at `LEVEL` together."""
    told = [False] * len(values)
    for step, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        if values[place] > LEVEL / (len(values) - step):
            break
        told[place] = True
    return told
