from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from conformance.limiter import experiments, reopening
from conformance.target.verdicts import Mismatch, NoVerdict
from tests.conformance.limiter.simulation import (
    LIMIT,
    WINDOW,
    Aligned,
    Deployment,
    Fixed,
    Limiter,
    Prolonging,
    Renewing,
    SlidingLog,
    TokenBucket,
    key,
    slow,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.limiter.observation import Series

RIGHT: list[type[Limiter]] = [Fixed, Aligned, SlidingLog, TokenBucket]


def floor(wait: float) -> int:
    return math.floor(wait)


def a_window(_wait: float) -> int:
    return round(WINDOW)


def retry(limiter: Limiter, **deployment: object) -> Series:
    return experiments.retries(Deployment(limiter, **deployment), key(), [])[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("limiter", RIGHT)
def test_right_limiters_do_not_prolong(limiter: type[Limiter]) -> None:
    refused, seconds = reopening.not_prolonged(retry(limiter()), WINDOW)
    assert refused >= 1
    assert seconds < WINDOW + 1


@pytest.mark.parametrize("tell", [math.ceil, floor, a_window])
def test_a_limiter_that_prolongs_is_found_whatever_it_says(tell: Callable[[float], int]) -> None:
    with pytest.raises(Mismatch, match="429 still"):
        reopening.not_prolonged(retry(Prolonging(), tell=tell), WINDOW)


def test_a_wait_that_was_told_too_short_is_not_taken_for_a_prolonged_one() -> None:
    reopening.not_prolonged(retry(Fixed(), tell=lambda _: 5), WINDOW)


@pytest.mark.parametrize("seed", range(6))
def test_a_slow_machine_does_not_prolong(seed: int) -> None:
    reopening.not_prolonged(retry(Fixed(), trip=slow(seed, 0.05, 2.0)), WINDOW)


def test_an_experiment_that_ended_too_soon_gives_no_verdict() -> None:
    series = retry(Fixed())
    with pytest.raises(NoVerdict, match="too soon"):
        reopening.not_prolonged(series[:150], WINDOW)


@pytest.mark.parametrize(("limit", "window"), [(LIMIT, WINDOW), (60, 8.0), (30, 6.0)])
def test_a_window_that_every_admission_renews_is_found(limit: int, window: float) -> None:
    deployment = Deployment(Renewing(limit, window), limit=limit, window=window)
    series = experiments.edge(deployment, key())
    with pytest.raises(Mismatch, match="429 still"):
        reopening.back_in_time(series, limit, window)


@pytest.mark.parametrize("limiter", RIGHT)
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_right_limiters_are_open_again_in_time(limiter: type[Limiter], seed: int | None) -> None:
    trip = slow(seed, 0.05, 2.0) if seed else lambda: 0.003
    reopening.back_in_time(experiments.edge(Deployment(limiter(), trip=trip), key()), LIMIT, WINDOW)


def test_a_key_that_is_never_admitted_has_no_verdict() -> None:
    """As under a limiter of the whole deployment, which other keys keep spent."""
    deployment = Deployment(Fixed(0, 2 * WINDOW))
    series = experiments.edge(deployment, key())
    assert series
    assert all(seen.refused for seen in series)
    with pytest.raises(NoVerdict, match="never admitted"):
        reopening.back_in_time(series, LIMIT, WINDOW)
