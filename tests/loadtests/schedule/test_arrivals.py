from __future__ import annotations

import random
from itertools import pairwise
from statistics import mean, pstdev

import pytest

from loadtests.schedule.arrivals import ArrivalProcess, Arrivals


def merged(kind: Arrivals, streams: int, seconds: float) -> list[float]:
    rng = random.Random(5)
    found = []
    for number in range(streams):
        stream = ArrivalProcess(kind, 1.0, number, rng, 0.0)
        while stream.due < seconds:
            found.append(stream.next())
    return sorted(found)


def test_streams_add_up_to_the_rate() -> None:
    for kind in Arrivals:
        assert len(merged(kind, 40, 60.0)) == pytest.approx(40 * 60, rel=0.08)


def test_poisson_streams_are_one_poisson_stream() -> None:
    """Gaps of a Poisson stream are as spread as they are long."""
    gaps = [later - earlier for earlier, later in pairwise(merged(Arrivals.POISSON, 40, 60.0))]
    assert pstdev(gaps) / mean(gaps) == pytest.approx(1.0, abs=0.1)


def test_constant_streams_are_nearly_even() -> None:
    gaps = [later - earlier for earlier, later in pairwise(merged(Arrivals.CONSTANT, 40, 10.0))]
    assert max(gaps) < 3 * mean(gaps)


def test_intended_starts_do_not_wait_for_anybody() -> None:
    """Who comes for the next arrival late finds it where it was meant to be."""
    stream = ArrivalProcess(Arrivals.CONSTANT, 10.0, 0, random.Random(1), 100.0)
    assert [round(stream.next(), 6) for _ in range(3)] == [100.0, 100.1, 100.2]
