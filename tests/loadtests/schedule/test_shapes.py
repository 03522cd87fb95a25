from __future__ import annotations

import pytest

from loadtests.schedule.shapes import SHAPES, users


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_asks_for_more_than_its_peak(name: str) -> None:
    shape = SHAPES[name]
    rates = [shape.rate(n / 1000) for n in range(1001)]
    assert max(rates) == pytest.approx(shape.peak)
    assert min(rates) >= 0


def test_steps_go_up() -> None:
    assert [users(SHAPES["steps"], 100, elapsed, 50.0) for elapsed in (0, 11, 21, 31, 41, 50)] == [
        20,
        40,
        60,
        80,
        100,
        100,
    ]


def test_a_spike_is_in_the_middle() -> None:
    assert [users(SHAPES["spike"], 100, elapsed, 10.0) for elapsed in (0, 3, 5, 7)] == [25, 25, 100, 25]


def test_a_ramp_is_even() -> None:
    assert [users(SHAPES["ramp"], 100, elapsed, 10.0) for elapsed in (0, 2.5, 5, 10)] == [1, 25, 50, 100]
