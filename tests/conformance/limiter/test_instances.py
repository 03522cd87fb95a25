from __future__ import annotations

import random

import pytest

from conformance.limiter import experiments
from conformance.limiter.counting import Budget
from conformance.limiter.instances import estimate, one_budget
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations.limiter_refusals import SEVERAL_LIMITERS
from tests.conformance.limiter.simulation import (
    LIMIT,
    WINDOW,
    Deployment,
    Fixed,
    Instances,
    SlidingLog,
    TokenBucket,
    key,
)

BUDGET = Budget(LIMIT, WINDOW)


@pytest.mark.parametrize("limiter", [Fixed(), SlidingLog(), Fixed(LIMIT + 1), Fixed(LIMIT - 1), TokenBucket()])
def test_one_limiter_is_one_even_when_it_miscounts(limiter: object) -> None:
    found = one_budget(experiments.instances(Deployment(limiter), key()), BUDGET)  # type: ignore[arg-type]
    assert found.words == "about 1 limiter instance"


@pytest.mark.parametrize("count", [2, 3, 4, 7])
@pytest.mark.parametrize("balance", ["turns", "lots", "uneven"])
def test_several_are_counted_however_requests_are_balanced(count: int, balance: str) -> None:
    rng = random.Random(count)
    ways = {
        "turns": lambda n: n,
        "lots": lambda _: rng.randrange(count),
        "uneven": lambda _: min(rng.randrange(count), rng.randrange(count)),
    }
    series = experiments.instances(Deployment(Instances(count, ways[balance]), trip=lambda: 0.001), key())
    with pytest.raises(Mismatch) as found:
        one_budget(series, BUDGET, SEVERAL_LIMITERS)
    assert f"about {count} limiter instances" in found.value.actual or balance == "uneven"
    assert "per-process" in found.value.actual
    assert "shared store" in found.value.actual


def test_more_than_we_pay_for_are_at_least_so_many() -> None:
    found = estimate(experiments.instances(Deployment(Instances(20, lambda n: n)), key()), LIMIT)
    assert found.at_least
    assert found.limiters >= 8


def test_a_balancer_by_address_hides_the_others() -> None:
    series = experiments.instances(Deployment(Instances(3, lambda _: 1)), key())
    assert one_budget(series, BUDGET).limiters == 1


def test_few_at_a_time_count_as_well() -> None:
    series = experiments.instances(Deployment(Instances(2, lambda n: n), trip=lambda: 0.3), key())
    assert estimate(series, LIMIT).limiters == 2
