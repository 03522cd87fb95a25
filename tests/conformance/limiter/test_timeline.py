from __future__ import annotations

import itertools

from conformance.limiter import experiments
from conformance.limiter.timeline import POINTS, timeline
from tests.conformance.limiter.simulation import Deployment, Fixed, Instances, key


def test_short_series_are_whole() -> None:
    assert timeline(experiments.spend(Deployment(Fixed(10), limit=10), key()))[9:12] == [
        [0.03, 1],
        [0.033, 0],
        [0.036, 0],
    ]


def test_long_series_are_thinned_but_keep_their_changes() -> None:
    series = experiments.edge(Deployment(Fixed()), key())
    points = timeline(series)
    assert len(points) <= POINTS < len(series)
    assert points[0] == [0.003, 1]
    changes = [n for n, (a, b) in enumerate(itertools.pairwise(points)) if a[1] != b[1]]
    assert len(changes) == 3


def test_a_series_of_nothing_but_changes_is_bounded() -> None:
    series = experiments.spend(Deployment(Instances(2, lambda n: 1 if n % 2 else 0)), key()) * 9
    assert len(timeline(series)) <= POINTS
    assert timeline([]) == []
