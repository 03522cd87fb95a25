from __future__ import annotations

from itertools import product

import pytest

from conformance.limiter import charging, experiments
from conformance.limiter.counting import Budget
from conformance.limiter.requests import Request
from conformance.target.verdicts import NoVerdict
from tests.conformance.limiter.simulation import LIMIT, SPEND, WINDOW, Deployment, Fixed, key

BUDGET = Budget(LIMIT, WINDOW)
NAMES = ("a", "b", "c", "d")
WARES = [(name, Request("GET", f"/{name}"), size) for name, size in zip(NAMES, charging.sizes(4, LIMIT), strict=True)]


def bought(limit: int = LIMIT, **paid: int) -> dict[str, int]:
    deployment = Deployment(
        Fixed(limit),
        prices={f"GET /{name}": price for name, price in paid.items()},
        statuses={f"GET /{name}": 404 for name in NAMES},
    )
    found = experiments.charges(deployment, key(), WARES, SPEND)
    return charging.charged(found.batches, found.rest, Budget(limit, WINDOW))


@pytest.mark.parametrize("paid", list(product((0, 1, 2), repeat=4))[::4])
def test_every_combination_is_read_off_one_number(paid: tuple[int, ...]) -> None:
    found = bought(**dict(zip(NAMES, paid, strict=True)))
    assert found == {f"404 ({name})": price for name, price in zip(NAMES, paid, strict=True)}


def test_in_words() -> None:
    assert (
        charging.words(bought(a=0, b=1, c=2, d=1)) == "charged: 404 (b), 404 (d); charged twice: 404 (c); free: 404 (a)"
    )


def test_a_key_in_use_gives_no_verdict() -> None:
    deployment = Deployment(Fixed())
    deployment.ask(key(), SPEND)
    deployment.clock += 30
    found = experiments.charges(deployment, key(), WARES, SPEND)
    with pytest.raises(NoVerdict, match="in use before us"):
        charging.charged(found.batches, found.rest, BUDGET)


def test_another_limit_than_thought_gives_no_verdict() -> None:
    found = experiments.charges(Deployment(Fixed(LIMIT + 50)), key(), WARES[:1], SPEND)
    with pytest.raises(NoVerdict, match="do not add up"):
        charging.charged(found.batches, found.rest, BUDGET)


def test_sizes_fit_the_limit() -> None:
    assert charging.sizes(4, 120) == [1, 3, 9, 27]
    assert charging.sizes(4, 30) == [1, 3, 9]
    assert charging.sizes(4, 2) == []


def test_unknown_keys() -> None:
    unlimited = Deployment(Fixed(10**6), statuses={f"GET {SPEND.path}": 401})
    assert charging.unknown_key(experiments.unknown_key(unlimited, key())) == {"401 (unknown key)": 0}
    limited = Deployment(Fixed(), statuses={f"GET {SPEND.path}": 401})
    assert charging.unknown_key(experiments.unknown_key(limited, key())) == {"401 (unknown key)": 1}
