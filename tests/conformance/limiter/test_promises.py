from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from conformance.limiter import experiments, promises
from conformance.limiter.observation import Observation, refusals
from conformance.limiter.timekeeping import offset
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


def watch(limiter: Limiter, **deployment: object) -> list[Series]:
    def deployed(start: float) -> Deployment:
        return Deployment(limiter, clock=start, **deployment)  # type: ignore[arg-type]

    return [
        experiments.edge(deployed(1000.2), key(1)),
        experiments.hammered(deployed(1003.7), key(2), [])[0],
        experiments.asked_once(deployed(1001.9), key(3), 0.4),
        experiments.sequential(deployed(1001.1), key(4)).series,
    ]


def judge(found: list[Series], *, last_word: bool = False) -> None:
    refused = [seen for series in found for seen in refusals(series)]
    clock = offset(seen for series in found for seen in series)
    promises.consistent(refused, clock)
    promises.within_one_window(refused, clock, WINDOW)
    for seen in refused:
        promises.documented(seen, LIMIT)
    for series in found:
        promises.waiting_is_enough(series, last_word=last_word)
        promises.opens_no_earlier(series)


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
        [promises.waiting_is_enough(series, last_word=False) for series in found]


@pytest.mark.parametrize("tell", [a_window, lambda wait: math.ceil(wait) + 4])
def test_a_window_that_opens_long_before_it_says_is_found(tell: Callable[[float], int]) -> None:
    found = watch(Fixed(), tell=tell)
    with pytest.raises(Mismatch, match="the window closed"):
        [promises.opens_no_earlier(series) for series in found]


@pytest.mark.parametrize("tell", [lambda wait: math.ceil(wait) + 1, lambda wait: math.floor(wait) + 1])
def test_a_second_more_is_no_lie(tell: Callable[[float], int]) -> None:
    for series in watch(Fixed(), tell=tell):
        promises.opens_no_earlier(series)
        promises.waiting_is_enough(series, last_word=False)


def test_headers_that_disagree_are_found() -> None:
    found = watch(Fixed(), tell=lambda wait: math.ceil(wait) + 5)
    refused = [seen for series in found for seen in refusals(series)]
    with pytest.raises(Mismatch, match="less by at least"):
        promises.consistent(refused, offset(seen for series in found for seen in series))
    with pytest.raises(Mismatch, match="at most one window"):
        promises.within_one_window(refused, None, WINDOW)


def test_without_a_date_the_reset_is_not_judged() -> None:
    bare = Observation(0, 0.1, 429, {"retry-after": "5", "x-ratelimit-reset": "1750000000"})
    with pytest.raises(NoVerdict, match="Date"):
        promises.consistent([bare], offset([bare]))


def test_without_a_reset_the_rest_is_judged_at_once() -> None:
    bare = Observation(0, 0.1, 429, {"retry-after": "5", "date": "Fri, 20 Nov 2026 22:08:25 GMT"})
    promises.within_one_window([bare], offset([bare]), WINDOW)
    with pytest.raises(NoVerdict, match="as numbers"):
        promises.consistent([bare], offset([bare]))


GOOD = {"retry-after": "5", "x-ratelimit-limit": "120", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1750000000"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry-after", None), ("retry-after", "0"), ("retry-after", "-1"), ("retry-after", "5.2"), ("retry-after", "soon"),
        ("retry-after", "Fri, 20 Nov 2026 22:08:25 GMT"), ("x-ratelimit-limit", "100"), ("x-ratelimit-limit", None),
        ("x-ratelimit-remaining", "1"), ("x-ratelimit-remaining", "-1"), ("x-ratelimit-remaining", ""),
        ("x-ratelimit-reset", "60"), ("x-ratelimit-reset", "1750000000000"), ("x-ratelimit-reset", "1750000000.5"),
    ],
)  # fmt: skip
def test_headers_that_are_not_as_documented(name: str, value: str | None) -> None:
    promises.documented(Observation(0, 0.1, 429, GOOD), LIMIT)
    wrong = {**GOOD, name: value} if value is not None else {k: v for k, v in GOOD.items() if k != name}
    with pytest.raises(Mismatch, match=name):
        promises.documented(Observation(0, 0.1, 429, wrong), LIMIT)


def hammer(limiter: Limiter, **deployment: object) -> Series:
    return experiments.hammered(Deployment(limiter, **deployment), key(), [])[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("limiter", RIGHT)
def test_right_limiters_do_not_prolong(limiter: type[Limiter]) -> None:
    refused, seconds = promises.not_prolonged(hammer(limiter()), WINDOW)
    assert refused >= 1
    assert seconds < WINDOW + 1


@pytest.mark.parametrize("tell", [math.ceil, floor, a_window])
def test_a_limiter_that_prolongs_is_found_whatever_it_says(tell: Callable[[float], int]) -> None:
    with pytest.raises(Mismatch, match="429 still"):
        promises.not_prolonged(hammer(Prolonging(), tell=tell), WINDOW)


def test_a_wait_that_was_told_too_short_is_not_taken_for_a_prolonged_one() -> None:
    promises.not_prolonged(hammer(Fixed(), tell=lambda _: 5), WINDOW)


@pytest.mark.parametrize("seed", range(6))
def test_a_slow_machine_does_not_prolong(seed: int) -> None:
    promises.not_prolonged(hammer(Fixed(), trip=slow(seed, 0.05, 2.0)), WINDOW)


def test_an_experiment_that_ended_too_soon_gives_no_verdict() -> None:
    series = hammer(Fixed())
    with pytest.raises(NoVerdict, match="too soon"):
        promises.not_prolonged(series[:150], WINDOW)


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


@pytest.mark.parametrize(("limit", "window"), [(LIMIT, WINDOW), (60, 8.0), (30, 6.0)])
def test_a_window_that_every_admission_renews_is_found(limit: int, window: float) -> None:
    deployment = Deployment(Renewing(limit, window), limit=limit, window=window)
    series = experiments.edge(deployment, key())
    with pytest.raises(Mismatch, match="429 still"):
        promises.back_in_time(series, limit, window)


@pytest.mark.parametrize("limiter", RIGHT)
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_right_limiters_are_open_again_in_time(limiter: type[Limiter], seed: int | None) -> None:
    trip = slow(seed, 0.05, 2.0) if seed else lambda: 0.003
    promises.back_in_time(experiments.edge(Deployment(limiter(), trip=trip), key()), LIMIT, WINDOW)


def test_a_key_that_is_never_admitted_has_no_verdict() -> None:
    """As under a limiter of the whole deployment, which other keys keep spent."""
    deployment = Deployment(Fixed(0, 2 * WINDOW))
    series = experiments.edge(deployment, key())
    assert series
    assert all(seen.refused for seen in series)
    with pytest.raises(NoVerdict, match="never admitted"):
        promises.back_in_time(series, LIMIT, WINDOW)
