from __future__ import annotations

from itertools import chain, repeat

import pytest

from conformance.limiter import experiments
from conformance.limiter.kinds import Kind, fit, opening
from conformance.target.verdicts import NoVerdict
from tests.conformance.limiter.simulation import (
    LIMIT,
    WINDOW,
    Aligned,
    Deployment,
    Fixed,
    Limiter,
    Prolonging,
    Renewing,
    SlidingCounter,
    SlidingLog,
    TokenBucket,
    key,
    slow,
)  # fmt: skip

KINDS = [
    (Fixed, Kind.FIRST_REQUEST),
    (Aligned, Kind.ALIGNED),
    (SlidingLog, Kind.SLIDING_LOG),
    (SlidingCounter, Kind.SLIDING_COUNTER),
    (TokenBucket, Kind.TOKEN_BUCKET),
    (Prolonging, Kind.PROLONGED),
    (Renewing, Kind.RENEWED),
]


def watch(limiter: Limiter, start: float = 1000.25, trip: float = 0.003, **deployment: object) -> list[list[object]]:
    """Two keys, as in the laboratory: their first requests are some seconds apart."""
    first = Deployment(limiter, clock=start, trip=lambda: trip, **deployment)  # type: ignore[arg-type]
    edge = experiments.edge(first, key(1))
    second = Deployment(limiter, clock=start + 3, trip=lambda: trip, **deployment)  # type: ignore[arg-type]
    retries, _ = experiments.retries(second, key(2), [])
    return [edge, retries]  # type: ignore[list-item]


@pytest.mark.parametrize(("limiter", "kind"), KINDS)
@pytest.mark.parametrize("start", [1000.25, 1017.0, 1019.5, 1031.0, 1044.4, 1049.9])
def test_each_kind_is_told_at_any_time_of_the_clock(limiter: type[Fixed], kind: Kind, start: float) -> None:
    found = fit(watch(limiter(), start), LIMIT, WINDOW)  # type: ignore[arg-type]
    assert (found.kind, found.wrong[kind]) == (kind, min(found.wrong.values())), found


@pytest.mark.parametrize(("limiter", "kind"), KINDS)
def test_each_kind_is_told_with_a_short_window_and_a_small_limit(limiter: type[Fixed], kind: Kind) -> None:
    found = fit(watch(limiter(30, 6.0), limit=30, window=6.0), 30, 6.0)  # type: ignore[arg-type]
    assert found.kind is kind, found


@pytest.mark.parametrize("limiter", [Fixed, SlidingLog, TokenBucket])
@pytest.mark.parametrize("seed", range(5))
def test_a_loaded_machine_names_no_wrong_kind(limiter: type[Fixed], seed: int) -> None:
    right = dict(KINDS)[limiter]
    made, trips = limiter(), slow(seed, 0.02, 0.5)
    series = [experiments.edge(Deployment(made, trip=trips), key(1))]
    series.append(experiments.retries(Deployment(made, trip=trips, clock=1004.0), key(2), [])[0])
    assert fit(series, LIMIT, WINDOW).kind in {right, Kind.UNKNOWN}


@pytest.mark.parametrize(("limiter", "kind"), KINDS)
def test_a_first_request_that_takes_long_confuses_nobody(limiter: type[Fixed], kind: Kind) -> None:
    trips = chain([0.9], repeat(0.004))
    made = limiter()
    edge = experiments.edge(Deployment(made, trip=lambda: next(trips)), key(1))
    trips = chain([0.7], repeat(0.004))
    retries, _ = experiments.retries(Deployment(made, clock=1003.0, trip=lambda: next(trips)), key(2), [])
    assert fit([edge, retries], LIMIT, WINDOW).kind is kind


def test_a_limit_that_is_off_by_one_has_a_kind_too() -> None:
    assert fit(watch(Fixed(LIMIT + 1)), LIMIT + 1, WINDOW).kind is Kind.FIRST_REQUEST  # type: ignore[arg-type]


def test_a_window_of_another_length_is_of_no_known_kind() -> None:
    assert fit(watch(Fixed(window=45.0)), LIMIT, WINDOW).kind is Kind.UNKNOWN  # type: ignore[arg-type]


def test_without_refusals_there_is_no_kind() -> None:
    with pytest.raises(NoVerdict, match="no request was refused"):
        fit(watch(Fixed(10**6)), LIMIT, WINDOW)  # type: ignore[arg-type]


def test_the_opening_is_bracketed() -> None:
    found = opening(experiments.edge(Deployment(Fixed()), key()))
    assert found is not None
    low, high = found
    assert low <= WINDOW <= high
    assert high - low < 0.3
    assert opening(experiments.edge(Deployment(Fixed(10**6)), key())) is None
