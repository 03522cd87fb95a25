from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from conformance.limiter import experiments, refusal_headers, reopening
from conformance.limiter.observation import Observation, refusals
from conformance.limiter.timekeeping import offset
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.expectations.limiter_refusals import documented
from tests.conformance.limiter.simulation import (
    LIMIT,
    WINDOW,
    Aligned,
    Deployment,
    Fixed,
    Limiter,
    Prolonging,
    SlidingLog,
    TokenBucket,
    key,
    slow,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.limiter.observation import Series

RIGHT: list[type[Limiter]] = [Fixed, Aligned, SlidingLog, TokenBucket]


def watch(limiter: Limiter, **deployment: object) -> list[Series]:
    def deployed(start: float) -> Deployment:
        return Deployment(limiter, clock=start, **deployment)  # type: ignore[arg-type]

    return [
        experiments.edge(deployed(1000.2), key(1)),
        experiments.retries(deployed(1003.7), key(2), [])[0],
        experiments.asked_once(deployed(1001.9), key(3), 0.4),
        experiments.sequential(deployed(1001.1), key(4)).series,
    ]


def judge(found: list[Series], *, last_word: bool = False) -> None:
    refused = [seen for series in found for seen in refusals(series)]
    clock = offset(seen for series in found for seen in series)
    refusal_headers.consistent(refused, clock)
    refusal_headers.within_one_window(refused, clock, WINDOW)
    for seen in refused:
        documented(seen, LIMIT)
    for series in found:
        reopening.waiting_is_enough(series, last_word=last_word)
        reopening.opens_no_earlier(series)


@pytest.mark.parametrize("limiter", RIGHT)
@pytest.mark.parametrize("skew", [0.0, -3600.0, 86_400.25])
def test_true_promises_pass_whatever_the_targets_clock_shows(limiter: type[Limiter], skew: float) -> None:
    judge(watch(limiter(), skew=skew))


@pytest.mark.parametrize("limiter", [Fixed, Aligned, SlidingLog])
@pytest.mark.parametrize("seed", range(6))
def test_a_loaded_machine_finds_nothing(limiter: type[Limiter], seed: int) -> None:
    judge(watch(limiter(), trip=slow(seed, 0.02, 1.5)))


def test_a_limiter_that_prolongs_keeps_its_last_word() -> None:
    judge(watch(Prolonging()), last_word=True)


def floor(wait: float) -> int:
    return math.floor(wait)


def a_window(_wait: float) -> int:
    return round(WINDOW)


@pytest.mark.parametrize("tell", [floor, round, lambda wait: math.ceil(wait) - 2])
def test_a_wait_that_is_too_short_is_found(tell: Callable[[float], int]) -> None:
    found = watch(Fixed(), tell=tell)
    with pytest.raises(Mismatch, match="admission after waiting"):
        [reopening.waiting_is_enough(series, last_word=False) for series in found]


@pytest.mark.parametrize("tell", [a_window, lambda wait: math.ceil(wait) + 4])
def test_a_window_that_opens_long_before_it_says_is_found(tell: Callable[[float], int]) -> None:
    found = watch(Fixed(), tell=tell)
    with pytest.raises(Mismatch, match="the window closed"):
        [reopening.opens_no_earlier(series) for series in found]


@pytest.mark.parametrize("tell", [lambda wait: math.ceil(wait) + 1, lambda wait: math.floor(wait) + 1])
def test_a_second_more_is_no_lie(tell: Callable[[float], int]) -> None:
    for series in watch(Fixed(), tell=tell):
        reopening.opens_no_earlier(series)
        reopening.waiting_is_enough(series, last_word=False)


def test_headers_that_disagree_are_found() -> None:
    found = watch(Fixed(), tell=lambda wait: math.ceil(wait) + 5)
    refused = [seen for series in found for seen in refusals(series)]
    with pytest.raises(Mismatch, match="less by at least"):
        refusal_headers.consistent(refused, offset(seen for series in found for seen in series))
    with pytest.raises(Mismatch, match="at most one window"):
        refusal_headers.within_one_window(refused, None, WINDOW)


def test_without_a_date_the_reset_is_not_judged() -> None:
    bare = Observation(0, 0.1, 429, {"retry-after": "5", "x-ratelimit-reset": "1750000000"})
    with pytest.raises(NoVerdict, match="Date"):
        refusal_headers.consistent([bare], offset([bare]))


def test_without_a_reset_the_rest_is_judged_at_once() -> None:
    bare = Observation(0, 0.1, 429, {"retry-after": "5", "date": "Fri, 20 Nov 2026 22:08:25 GMT"})
    refusal_headers.within_one_window([bare], offset([bare]), WINDOW)
    with pytest.raises(NoVerdict, match="as numbers"):
        refusal_headers.consistent([bare], offset([bare]))


def test_the_clock_is_known_within_staleness() -> None:
    found = watch(Fixed(), skew=-500.0)
    clock = offset(seen for series in found for seen in series)
    assert clock is not None
    assert clock.low - 0.05 <= 1_750_000_000.4 - 500.0 <= clock.high + 0.05
    assert clock.high - clock.low < 2.5


def test_a_clock_that_was_set_meanwhile_is_not_known() -> None:
    early = watch(Fixed())[3]
    late = watch(Fixed(), skew=100.0)[3]
    assert offset([*early, *late]) is None
