"""The limiter's checks in a run: their experiments start with the first check of all, and they come last."""

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
    from conformance.target.target import Target


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
    """Start before the first check, whatever its clause. A worker that may not get the limiter checks starts with them."""
    among_several = hasattr(request.config, "workerinput")
    if not among_several and any(waits_for_windows(item) for item in request.session.items):
        request.getfixturevalue("lab")


@pytest.fixture(scope="session")
def lab(
    run_state: RunState,
    target: Target,
    pool: KeyPool,
    new_probe: Callable[[], Probe],
    limiter_requests: Requests,
) -> Iterator[Laboratory]:
    """The limiter experiments; a check asks for one and waits for its data. `limiter_requests` is the system's fixture."""

    def tell(what: str) -> None:
        run_state.doing = what

    rng, address = random.Random(f"{run_state.seed}:limiter"), target.target
    laboratory = Laboratory(Inputs(pool, address.limit, address.window, new_probe, limiter_requests, rng, tell))
    yield laboratory
    laboratory.close()
    run_state.requests += laboratory.requests
