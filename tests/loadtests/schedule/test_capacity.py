from __future__ import annotations

import pytest

from loadtests.schedule.capacity import STEPS, Search, Step


def search(capacity: int, most: int) -> Search:
    """A search against a target that holds up to `capacity`."""
    made = Search(most)
    while (rate := made.next()) is not None:
        made.steps.append(Step(rate, 0.0, 1.0, () if rate <= capacity else ("p95",)))
        assert len(made.steps) <= STEPS
    return made


@pytest.mark.parametrize("capacity", [40, 97, 100, 163, 399, 400])
def test_the_highest_rate_is_found_within_some_per_cent(capacity: int) -> None:
    best = search(capacity, 400).best
    assert best is not None
    assert capacity * 0.85 <= best.rate <= capacity


def test_a_target_that_holds_everything_is_asked_for_no_more() -> None:
    found = search(10_000, 400)
    assert found.best is not None
    assert found.best.rate == 400
    assert [step.rate for step in found.steps] == [50, 100, 200, 400]


def test_a_target_that_holds_nothing_has_no_capacity() -> None:
    assert search(0, 400).best is None


def test_steps_are_bounded() -> None:
    assert len(search(1, 10**6).steps) == STEPS
