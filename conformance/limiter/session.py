"""How a run of the gate meets the laboratory: it starts with the first check, and its checks come last.

`conftest.py` of the checks imports the fixtures and the hook.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from conformance.limiter.laboratory import Bench, Laboratory
from conformance.limiter.requests import Prepared
from conformance.target.numbers import Numbers
from conformance.target.probe import Probe
from conformance.wacrm.steps.valid_requests import Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.runner.run_state import RunState
    from conformance.target.api import Api
    from conformance.target.keys import KeyPool
    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limiter checks come last, when their windows have passed; of several workers, one runs them all."""
    items.sort(key=waits_for_windows)
    for item in items:
        if waits_for_windows(item):
            item.add_marker(pytest.mark.xdist_group("limiter"))


def waits_for_windows(item: pytest.Item) -> bool:
    return "lab" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session", autouse=True)
def _experiments_start_first(request: pytest.FixtureRequest) -> None:
    """Start before the first check, whatever it judges. A worker that may not get the limiter checks starts with them."""
    among_several = hasattr(request.config, "workerinput")
    if not among_several and any(waits_for_windows(item) for item in request.session.items):
        request.getfixturevalue("lab")


@pytest.fixture(scope="session")
def lab(
    run_state: RunState,
    target: Target,
    pool: KeyPool,
    shared_account: Callable[[str], Account],
    origins: Callable[[Api], Callable[[], str]],
    _drawn: set[str],
) -> Iterator[Laboratory]:
    """The limiter experiments; a check asks for one and waits for its data."""
    address = target.target
    unarmed = "" if run_state.armed else run_state.unarmed_reason

    def new_probe() -> Probe:
        return Probe(address.api, address.timeout, address.verify, armed=run_state.armed, unarmed_reason=unarmed)

    def prepared(account: Account) -> Prepared:
        return Prepared(Calls(account, target.capabilities, origins(account.api)), unarmed)

    account = shared_account("limiter")
    rng = random.Random(f"{run_state.seed}:limiter")

    def tell(what: str) -> None:
        run_state.doing = what

    bench = Bench(
        target, pool, new_probe, account, prepared, rng, lambda api: _numbers(rng, _drawn, api, run_state), tell
    )
    laboratory = Laboratory(bench)
    yield laboratory
    laboratory.close()
    run_state.requests += laboratory.requests


def _numbers(rng: random.Random, drawn: set[str], api: Api, run_state: RunState) -> Numbers:
    """Numbers that the target does not know: whether a refused write made a contact is asked by number."""

    def known(number: str) -> bool:
        found = api.get("/contacts", search=number.lstrip("+")).json()
        return isinstance(found, dict) and any(row.get("phone") == number for row in found.get("data") or [])

    return Numbers(random.Random(rng.random()), drawn, known, run_state.worker)
