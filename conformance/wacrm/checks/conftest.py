"""Fixtures that several groups of checks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.limiter.session import _experiments_start_first, lab, pytest_collection_modifyitems
from conformance.target.api import Api
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps.answers import Answers
from conformance.wacrm.steps.conversations import customer
from conformance.wacrm.steps.endpoints import Hooks
from conformance.wacrm.steps.tenants import Pair
from conformance.wacrm.steps.valid_requests import ORIGIN, Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.runner.run_state import RunState
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Capabilities, Target
    from conformance.wacrm.steps.account import Account
    from conformance.webhooks.receiver import Receiver

__all__ = ["_experiments_start_first", "customer", "lab", "pytest_collection_modifyitems"]


@pytest.fixture(scope="session")
def hook_origins(run_state: RunState, target: Target) -> list[str]:
    """Origins that an endpoint may be registered for, the harmless one first: some deployments ask a name server."""
    given = (target.receiver.origin if target.receiver else "") or (run_state.receiver or {}).get("origin", "")
    return [ORIGIN, *([given] if given else [])]


@pytest.fixture(scope="session")
def origins(hook_origins: list[str]) -> Callable[[Api], Callable[[], str]]:
    """`origins(api)()`: the first of those origins that the target takes; found when first asked for."""

    def through(api: Api) -> Callable[[], str]:
        found: list[str] = []

        def origin() -> str:
            if not found:
                found.append(next((o for o in hook_origins if _taken(api, o)), ""))
            if not found[0]:
                raise Lacking(
                    "the target registers no endpoint of ours: give it an origin that it takes in receiver.origin"
                )
            return found[0]

        return origin

    return through


@pytest.fixture(scope="session")
def hook_origin(origins: Callable[[Api], Callable[[], str]], probe: Probe, pool: KeyPool) -> Callable[[], str]:
    """The origin that endpoints may be registered for."""
    return origins(Api(probe, pool, Role.FULL))


@pytest.fixture
def hooks(account: Account, receiver: Receiver) -> Iterator[Hooks]:
    """Endpoints at the receiver, removed at the end."""
    made = Hooks(account.api, receiver, account.word)
    yield made
    made.clear()


def _taken(api: Api, origin: str) -> bool:
    """Whether the target registers such an endpoint. Whatever else is wrong with it is for the checks to find."""
    body = {"url": f"{origin}/harness", "events": ["message.received"], "is_active": False}
    answer = api.post("/webhooks", body)
    made = answer.json()
    if answer.status == 201 and isinstance(made, dict) and isinstance(made.get("data"), dict) and "id" in made["data"]:
        api.delete(f"/webhooks/{made['data']['id']}")
    return answer.status != 400


@pytest.fixture
def calls_of(capabilities: Capabilities, hook_origin: Callable[[], str]) -> Iterator[Callable[[Account], Calls]]:
    """`calls_of(other)`: valid requests for another account. The endpoints that were registered are deleted at the end."""
    made: list[Calls] = []

    def of(account: Account) -> Calls:
        made.append(Calls(account, capabilities, hook_origin))
        return made[-1]

    yield of
    for calls in made:
        calls.close()


@pytest.fixture
def calls(account: Account, calls_of: Callable[[Account], Calls]) -> Calls:
    """A valid request for each operation, for the main account."""
    return calls_of(account)


@pytest.fixture(scope="session")
def answers() -> Answers:
    """Answers that are asked for once and judged by several clauses."""
    return Answers()


@pytest.fixture
def pair(account: Account, other: Account, calls_of: Callable[[Account], Calls]) -> Pair:
    return Pair(calls_of(account), calls_of(other))


@pytest.fixture(params=["main reads other", "other reads main"])
def each(request: pytest.FixtureRequest, pair: Pair) -> Pair:
    """The two accounts, one way and the other way round."""
    return pair if request.param == "main reads other" else pair.turned
