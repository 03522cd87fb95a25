from __future__ import annotations

import pytest

from conformance.limiter import experiments, key_isolation
from conformance.limiter.counting import Budget
from conformance.target.verdicts import Mismatch, NoVerdict
from tests.conformance.limiter.simulation import (
    LIMIT,
    WINDOW,
    ByAccount,
    Deployment,
    Fixed,
    key,
)  # fmt: skip

BUDGET = Budget(LIMIT, WINDOW)


def isolated(limiter: object) -> experiments.Isolation:
    begun, fresh = {"other key": key(1)}, {"other key": key(2)}
    return experiments.isolation(Deployment(limiter), key(), begun, fresh)  # type: ignore[arg-type]


def test_keys_apart() -> None:
    found = isolated(Fixed())
    key_isolation.still_admitted(found.begun["other key"], "other key")
    key_isolation.untouched(found.fresh["other key"], found.spent, BUDGET, "other key")
    key_isolation.still_spent(found.spent, BUDGET)


def test_keys_that_share_a_budget() -> None:
    found = isolated(ByAccount())
    with pytest.raises(Mismatch):
        key_isolation.still_admitted(found.begun["other key"], "other key")
    with pytest.raises(Mismatch):
        key_isolation.untouched(found.fresh["other key"], found.spent, BUDGET, "other key")


def test_a_key_that_loses_a_part_of_its_budget_to_another() -> None:
    class Leaning(Fixed):
        def start(self, key: str, now: float) -> None:
            super().start(key, now)
            self.used[key] = sum(used for other, used in self.used.items() if other != key) // 4

    found = isolated(Leaning())
    with pytest.raises(Mismatch):
        key_isolation.untouched(found.fresh["other key"], found.spent, BUDGET, "other key")


def test_a_spent_key_that_others_free_again() -> None:
    class Freeing(Fixed):
        def start(self, key: str, now: float) -> None:
            self.used.clear()
            super().start(key, now)

    found = isolated(Freeing())
    with pytest.raises(Mismatch, match="to stay refused"):
        key_isolation.still_spent(found.spent, BUDGET)


def test_another_key_in_use_gives_no_verdict() -> None:
    deployment = Deployment(Fixed())
    experiments.spend(deployment, key(2))
    deployment.clock += 20
    found = experiments.isolation(deployment, key(), {"other key": key(2)}, {"other key": key(2)})
    with pytest.raises(NoVerdict, match="in use before us"):
        key_isolation.untouched(found.fresh["other key"], found.spent, BUDGET, "other key")
    with pytest.raises(NoVerdict, match="in use before us"):
        key_isolation.still_admitted(found.begun["other key"], "other key")
