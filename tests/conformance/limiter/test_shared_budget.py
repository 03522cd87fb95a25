from __future__ import annotations

import pytest

from conformance.limiter import experiments, shared_budget
from conformance.limiter.counting import Budget
from conformance.limiter.observation import Observation
from conformance.limiter.requests import Request
from conformance.target.verdicts import Mismatch
from tests.conformance.limiter.simulation import (
    LIMIT,
    PLAIN,
    SPEND,
    WINDOW,
    Deployment,
    Fixed,
    key,
)  # fmt: skip

BUDGET = Budget(LIMIT, WINDOW)
OPERATIONS = [(name, lambda name=name: Request("GET", f"/{name}")) for name in ("me", "contacts", "webhooks")]


def mix(deployment: Deployment) -> experiments.Mixture:
    return experiments.mixture(deployment, key(), [OPERATIONS, OPERATIONS, OPERATIONS], PLAIN)


def mixed(found: experiments.Mixture) -> list[Observation]:
    return [seen for _, seen in found.mixed]


def test_one_budget_for_all_operations() -> None:
    found = mix(Deployment(Fixed()))
    assert shared_budget.one_for_all(mixed(found), found.rest, BUDGET) == LIMIT
    for name, seen in found.refused:
        shared_budget.refused_when_spent([*mixed(found), *found.rest], seen, BUDGET, name)


@pytest.mark.parametrize(
    "deployment", [Deployment(Fixed(), free=frozenset({"GET /webhooks"})), Deployment(Fixed(), per_operation=True)]
)
def test_a_budget_apart_is_found(deployment: Deployment) -> None:
    found = mix(deployment)
    with pytest.raises(Mismatch):
        shared_budget.one_for_all(mixed(found), found.rest, BUDGET)
    with pytest.raises(Mismatch, match="webhooks"):
        shared_budget.refused_when_spent(
            [*mixed(found), *found.rest], dict(found.refused)["webhooks"], BUDGET, "webhooks"
        )


def test_reads_of_contacts_that_are_free_are_found_too() -> None:
    found = mix(Deployment(Fixed(), free=frozenset({f"GET {SPEND.path}"})))
    assert found.rest[-1].refused
    with pytest.raises(Mismatch):
        shared_budget.one_for_all(mixed(found), found.rest, BUDGET)


def test_failed_operations_may_be_charged_or_not() -> None:
    for free in (frozenset[str](), frozenset({"GET /webhooks"})):
        found = mix(Deployment(Fixed(), free=free, statuses={"GET /webhooks": 500}))
        if free:
            found = experiments.Mixture(
                [
                    (n, s if n != "webhooks" else Observation(s.sent, s.received, 500, s.headers))
                    for n, s in found.mixed
                ],
                found.rest,
                found.refused,
            )
        shared_budget.one_for_all(mixed(found), found.rest, BUDGET)
