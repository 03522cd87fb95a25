from __future__ import annotations

import random

import pytest

from loadtests.measurement import histogram


def test_quantiles_are_exact_to_one_per_cent() -> None:
    rng = random.Random(3)
    values = sorted(rng.lognormvariate(-3, 1) for _ in range(20_000))
    found = histogram.of(values)
    for q in (0.5, 0.95, 0.99, 0.999, 1.0):
        assert histogram.quantile(found, q) == pytest.approx(values[round(q * len(values)) - 1], rel=0.012)


def test_nothing_has_no_quantile() -> None:
    assert histogram.quantile({}, 0.99) is None


def test_parts_add_up_to_the_whole() -> None:
    one, other = histogram.of([0.1, 0.2]), histogram.of([0.2, 0.3, 0.0])
    whole = dict(one)
    histogram.merge(whole, other)
    assert whole == histogram.of([0.1, 0.2, 0.2, 0.3, 0.0])
    assert histogram.less(whole, one) == other


def test_shown_rows_have_every_quantile() -> None:
    assert set(histogram.shown({})) == {"count", "p50", "p90", "p95", "p99", "p999", "max"}
