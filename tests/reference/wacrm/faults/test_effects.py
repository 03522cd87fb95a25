"""Faults break something: a scenario of the group goes otherwise than with the correct application.

One fault of each clause is tried here, the first that is declared, in process and without the judge. That each fault
turns its own clause red is proven by `wacrm-harness kills`, for all of them.
"""

from __future__ import annotations

import pytest

from reference.wacrm.faults import FAULTS
from tests.reference.wacrm.faults.scenarios import SCENARIOS, observed, unbroken

# these take effect on real sockets only
NEED_SOCKETS = {"redirects-are-followed", "slow-receiver-blocks-everything", "send-waits-for-its-deliveries"}


def _of_each_clause() -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {}
    for fault in FAULTS.values():
        if fault.name not in NEED_SOCKETS:
            chosen.setdefault(fault.clause, []).append(fault.name)
    return chosen


@pytest.mark.parametrize(("clause", "names"), _of_each_clause().items(), ids=_of_each_clause())
def test_a_fault_of_the_clause_changes_something(
    clause: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In process, where that is cheap; that every fault turns its clause red is for the kills to prove."""
    monkeypatch.setattr("reference.wacrm.faults.msg.meta_errors._FOREVER", 3.0)
    assert any(_changes_something(name, clause.partition("-")[0]) for name in names)


def _changes_something(name: str, group: str) -> bool:
    return any(observed(scenario, group, name) != unbroken(scenario, group) for scenario in SCENARIOS[group])


@pytest.mark.parametrize("group", sorted(SCENARIOS))
def test_scenarios_repeat(group: str) -> None:
    for scenario in SCENARIOS[group]:
        facts = observed(scenario, group)
        assert facts == unbroken(scenario, group), scenario.__name__
        assert not facts[-1].startswith("ended by"), scenario.__name__
