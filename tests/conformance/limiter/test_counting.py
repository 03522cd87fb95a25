from __future__ import annotations

import pytest

from conformance.limiter import counting, experiments
from conformance.limiter.counting import Budget
from conformance.limiter.kinds import Fit, Kind
from conformance.target.verdicts import Mismatch, NoVerdict
from tests.conformance.limiter.simulation import (
    LIMIT,
    SPEND,
    WINDOW,
    Aligned,
    CarryingOver,
    Deployment,
    Fixed,
    Instances,
    Prolonging,
    SlidingLog,
    TokenBucket,
    key,
    slow,
)  # fmt: skip

BUDGET = Budget(LIMIT, WINDOW)


def sequence(limiter: object, **deployment: object) -> experiments.Sequential:
    return experiments.sequential(Deployment(limiter, **deployment), key())  # type: ignore[arg-type]


@pytest.mark.parametrize("limiter", [Fixed(), SlidingLog(), Aligned(), Prolonging(), CarryingOver()])
def test_right_counts_pass(limiter: object) -> None:
    found = sequence(limiter)
    assert counting.exact(found.first, BUDGET, again=found.after) == LIMIT


@pytest.mark.parametrize("limit", [LIMIT + 1, LIMIT - 1, LIMIT * 2, LIMIT // 2])
def test_another_limit_is_found(limit: int) -> None:
    found = sequence(Fixed(limit))
    with pytest.raises(Mismatch, match=str(min(limit, 204))):
        counting.exact(found.first, BUDGET, again=found.after)


def test_no_limit_at_all_is_found() -> None:
    found = sequence(Fixed(10**6))
    assert not found.after
    with pytest.raises(Mismatch, match="all 204 were admitted"):
        counting.exact(found.first, BUDGET)


@pytest.mark.parametrize("limiter", [Fixed(), Aligned()])
def test_a_key_that_somebody_used_before_gives_no_verdict(limiter: Fixed) -> None:
    deployment = Deployment(limiter)
    for _ in range(5):
        deployment.ask(key(), SPEND)
    deployment.clock += 10
    found = experiments.sequential(deployment, key())
    with pytest.raises(NoVerdict, match="in use"):
        counting.exact(found.first, BUDGET, again=found.after)


def test_a_key_that_is_spent_from_the_start_gives_no_verdict() -> None:
    deployment = Deployment(Fixed())
    experiments.spend(deployment, key())
    found = experiments.sequential(deployment, key())
    with pytest.raises(NoVerdict, match="at its first request"):
        counting.exact(found.first, BUDGET, again=found.after)


def test_a_window_of_somebody_else_that_ends_among_our_requests_gives_no_verdict() -> None:
    deployment = Deployment(Fixed(), trip=lambda: 0.05)
    deployment.ask(key(), SPEND)
    deployment.clock += WINDOW - 3
    first = experiments.spend(deployment, key())
    assert len([seen for seen in first if not seen.refused]) > LIMIT
    with pytest.raises(NoVerdict, match="in use before us"):
        counting.exact(first, BUDGET)


def test_a_limiter_that_admits_too_few_is_found_on_a_used_key_too() -> None:
    deployment = Deployment(Fixed(LIMIT - 2))
    deployment.ask(key(), SPEND)
    deployment.clock += 10
    found = experiments.sequential(deployment, key())
    with pytest.raises(Mismatch):
        counting.exact(found.first, BUDGET, again=found.after)


def test_a_window_that_ends_while_it_is_counted_is_not_held_against_an_aligned_limiter() -> None:
    deployment = Deployment(Aligned(), clock=1019.9)
    first = experiments.spend(deployment, key())
    assert len([seen for seen in first if not seen.refused]) > LIMIT
    fit = Fit(Kind.ALIGNED, 1, {}, phase=1020.0)
    assert counting.exact(first, Budget(LIMIT, WINDOW, fit)) > LIMIT
    with pytest.raises(Mismatch):
        counting.exact(first, Budget(LIMIT, WINDOW, Fit(Kind.ALIGNED, 1, {}, phase=1050.0)))


def test_a_token_bucket_may_refill_while_it_is_counted() -> None:
    first = experiments.spend(Deployment(TokenBucket(), trip=lambda: 0.02), key())
    assert counting.exact(first, Budget(LIMIT, WINDOW, Fit(Kind.TOKEN_BUCKET, 1, {}))) > LIMIT
    with pytest.raises(Mismatch):
        counting.exact(first, BUDGET)


@pytest.mark.parametrize("trip", [0.2, 0.45, 1.5])
def test_a_slow_target_is_asked_several_requests_at_a_time(trip: float) -> None:
    found = sequence(Fixed(), trip=lambda: trip)
    assert counting.exact(found.first, BUDGET, again=found.after) == LIMIT
    assert counting.whole_again(found.after, BUDGET, LIMIT) == LIMIT
    with pytest.raises(Mismatch, match="at most"):
        counting.exact(experiments.spend(Deployment(Fixed(LIMIT + 20), trip=lambda: trip), key()), BUDGET)


def test_a_series_that_outlasts_its_window_is_no_over_admission() -> None:
    deployment = Deployment(Fixed(), trip=lambda: 0.6)
    one_by_one = [deployment.ask(key(), SPEND) for _ in range(LIMIT + 50)]
    with pytest.raises(NoVerdict, match="too slow"):
        counting.exact(one_by_one, BUDGET)


def test_a_machine_too_slow_to_count_gives_no_verdict() -> None:
    found = experiments.spend(Deployment(Fixed(), trip=lambda: 7.0), key())
    with pytest.raises(NoVerdict, match="too slow"):
        counting.exact(found, BUDGET)


@pytest.mark.parametrize("seed", range(10))
def test_a_loaded_machine_counts_right(seed: int) -> None:
    found = sequence(Fixed(), trip=slow(seed, 0.02, 0.4))
    assert counting.exact(found.first, BUDGET, again=found.after) == LIMIT
    assert counting.whole_again(found.after, BUDGET, LIMIT) == LIMIT


def test_unexpected_answers_give_no_verdict() -> None:
    found = experiments.spend(Deployment(Fixed(), statuses={f"{SPEND.method} {SPEND.path}": 503}), key())
    with pytest.raises(NoVerdict, match="neither 200 nor 429"):
        counting.exact(found, BUDGET)


def test_bursts() -> None:
    assert counting.exact(experiments.burst(Deployment(Fixed()), key()), BUDGET) == LIMIT
    with pytest.raises(Mismatch):
        counting.exact(experiments.burst(Deployment(Fixed(), racy=20), key()), BUDGET)
    with pytest.raises(Mismatch):
        counting.exact(experiments.burst(Deployment(Fixed(LIMIT - 1)), key()), BUDGET)


def test_a_burst_over_two_instances_is_told_as_such() -> None:
    with pytest.raises(Mismatch) as found:
        counting.exact(experiments.spend(Deployment(Instances(2, lambda n: n)), key()), BUDGET)
    assert "RATE-12" in "".join(found.value.evidence) or "all 204" in found.value.actual


def test_after_the_reset() -> None:
    assert counting.whole_again(sequence(Fixed()).after, BUDGET, LIMIT) == LIMIT
    assert counting.whole_again(sequence(SlidingLog()).after, BUDGET, LIMIT) == LIMIT
    with pytest.raises(Mismatch, match="108"):
        counting.whole_again(sequence(CarryingOver()).after, BUDGET, LIMIT)
    with pytest.raises(Mismatch):
        counting.whole_again(sequence(TokenBucket()).after, BUDGET, LIMIT)


def test_too_many_in_both_windows_is_not_the_resets_fault() -> None:
    assert counting.whole_again(sequence(Fixed(LIMIT + 1)).after, BUDGET, LIMIT + 1) == LIMIT + 1


def test_more_than_the_limit_within_a_window() -> None:
    counting.no_more_in_a_window(experiments.edge(Deployment(Fixed()), key()), BUDGET)
    counting.no_more_in_a_window(experiments.edge(Deployment(SlidingLog()), key()), BUDGET)


class Leaky(Fixed):
    """Every fifth refusal is none."""

    def refuse(self, key: str, now: float) -> float:
        self.limit += 1 if int(now * 10) % 5 == 0 else 0
        return super().refuse(key, now)


def test_a_limiter_that_leaks_before_the_window_ends() -> None:
    with pytest.raises(Mismatch):
        counting.no_more_in_a_window(experiments.edge(Deployment(Leaky()), key()), BUDGET)


@pytest.mark.parametrize("limiter", [Fixed(), SlidingLog(), Aligned(), Prolonging()])
def test_windows_of_the_documented_length(limiter: object) -> None:
    assert counting.as_long(sequence(limiter).after, BUDGET) > WINDOW - 1.5


@pytest.mark.parametrize("limiter", [Fixed(window=50.0), Aligned(window=30.0), SlidingLog(window=55.0)])
def test_a_shorter_window_is_found(limiter: object) -> None:
    with pytest.raises(Mismatch, match="windows of 60 s"):
        counting.as_long(sequence(limiter).after, BUDGET)
