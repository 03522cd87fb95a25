"""Limiter checks in a run: their experiments start with the first check of all, and they come late.

A system gives a laboratory for each of its limiters as a session fixture named `lab` or `…_lab`, made with `new_lab`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from conformance.limiter.laboratory import Inputs, Laboratory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.limiter.requests import Requests
    from conformance.runner.run_state import RunState
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe

    NewLab = Callable[[KeyPool, int, float, Requests], Laboratory]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limiter checks come late, when their windows have passed, and what audits the whole run comes after them; of several
    workers, one runs them all.
    """
    items.sort(key=lambda item: (bool(audits(item)), bool(laboratories(item))))
    for item in items:
        if laboratories(item):
            item.add_marker(pytest.mark.xdist_group("limiter"))


def laboratories(item: pytest.Item) -> set[str]:
    """The fixtures of the laboratories that a check asks for."""
    return {name for name in getattr(item, "fixturenames", ()) if name == "lab" or name.endswith("_lab")} - {"new_lab"}


def audits(item: pytest.Item) -> set[str]:
    """The fixtures that have watched the whole run, of those that a check asks for: their names end with `_audit`."""
    return {name for name in getattr(item, "fixturenames", ()) if name.endswith("_audit")}


@pytest.fixture(scope="session", autouse=True)
def _experiments_start_first(request: pytest.FixtureRequest) -> None:
    """Start before the first check, whatever its clause. A worker that may not get the limiter checks starts with them."""
    if not hasattr(request.config, "workerinput"):
        for name in sorted(set[str]().union(*map(laboratories, request.session.items))):
            request.getfixturevalue(name)


@pytest.fixture(scope="session")
def new_lab(run_state: RunState, new_probe: Callable[[], Probe]) -> Iterator[NewLab]:
    """`new_lab(pool, limit, window, requests)`: the experiments on one limiter; a check asks for one and waits for its data."""
    made: list[Laboratory] = []

    def tell(what: str) -> None:
        run_state.doing = what

    def new(pool: KeyPool, limit: int, window: float, requests: Requests) -> Laboratory:
        rng = random.Random(f"{run_state.seed}:limiter")
        made.append(Laboratory(Inputs(pool, limit, window, new_probe, requests, rng, tell)))
        return made[-1]

    yield new
    for laboratory in made:
        laboratory.close()
        run_state.requests += laboratory.requests
