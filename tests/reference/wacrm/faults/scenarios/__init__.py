"""Scenarios per group of clauses: what each does, seen from outside, differs when a fault of the group is installed."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.reference.wacrm.conftest import deployed
from tests.reference.wacrm.faults.scenarios import (
    access,
    broadcasts,
    contacts,
    inbound,
    limiter,
    messages,
    odd_input,
    webhooks,
    whole_run,
)
from tests.reference.wacrm.faults.scenarios.log import SCENARIOS, Log, Scenario

__all__ = [
    "SCENARIOS", "access", "broadcasts", "contacts", "inbound", "limiter", "messages", "observed", "odd_input", "unbroken",
    "webhooks", "whole_run",
]  # fmt: skip

SETTINGS: dict[str, dict[str, Any]] = {"RATE": {"limit": 10}, "HOOK": {"webhook_failures": 5}}
_BROKEN = (AssertionError, KeyError, StopIteration, IndexError, TypeError)


def observed(scenario: Scenario, group: str, *faults: str, wear: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The facts of a run; what ended it counts as the last of them."""
    log = Log()
    with deployed(*faults, wear=wear, **SETTINGS.get(group, {})) as wacrm:
        try:
            scenario(wacrm, log)
        except _BROKEN as error:
            log.facts.append(f"ended by {type(error).__name__}")
    return tuple(log.facts)


@cache
def unbroken(scenario: Scenario, group: str, wear: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The facts of a run of the application without a fault."""
    return observed(scenario, group, wear=wear)
