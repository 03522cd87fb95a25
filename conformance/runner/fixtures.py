"""What checks of any system ask for by name. What the target file does not give raises `Lacking`: the clause is skipped."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from conformance.runner.run_state import RUN_STATE
from conformance.target import waiting
from conformance.target.api import Api
from conformance.target.keys import MARGIN, KeyPool, Role, scoped_role
from conformance.target.probe import Probe
from conformance.target.verdicts import Lacking
from conformance.webhooks.receiver_client import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.runner.run_state import RunState
    from conformance.target.target import Capabilities, Target


@pytest.fixture(scope="session")
def run_state(pytestconfig: pytest.Config) -> RunState:
    return pytestconfig.stash[RUN_STATE]


@pytest.fixture(scope="session")
def target(run_state: RunState) -> Target:
    """The settings of what is tested."""
    assert run_state.target is not None
    return run_state.target


@pytest.fixture(scope="session")
def capabilities(target: Target) -> Capabilities:
    return target.capabilities


@pytest.fixture(scope="session")
def pool(run_state: RunState, target: Target) -> KeyPool:
    if run_state.replaces:  # what the worker before it spent on these keys is not known: let the windows pass
        waiting.pause(target.target.window + MARGIN)
    run_state.pool = KeyPool(run_state.keys(), target.target.limit, target.target.window)
    return run_state.pool


@pytest.fixture(scope="session")
def new_probe(run_state: RunState, target: Target) -> Callable[[], Probe]:
    """Makes probes to the target, each with connections of its own; who makes one closes it."""
    address, sends = target.target, run_state.system.sends

    def made() -> Probe:
        armed, reason = run_state.armed, run_state.unarmed_reason
        return Probe(
            address.api, address.timeout, address.verify, sends,
            armed=armed, unarmed_reason=reason, listener=run_state.hear,
        )  # fmt: skip

    return made


@pytest.fixture(scope="session")
def probe(run_state: RunState, new_probe: Callable[[], Probe]) -> Iterator[Probe]:
    """All traffic to the target passes through it. Use `api` unless the check is about keys or the limiter."""
    run_state.probe = new_probe()
    yield run_state.probe
    run_state.probe.close()


@pytest.fixture
def api(probe: Probe, pool: KeyPool) -> Api:
    """The API with keys that have every scope, of the main account."""
    return Api(probe, pool, Role.FULL)


@pytest.fixture
def role_keys(api: Api) -> Callable[..., Api]:
    """`role_keys("none")`, `role_keys("only", "contacts:read")`: the API with a key of that role.

    Checks that ask for this run on one worker, since such a key exists once.
    """

    def as_role(role: str, scope: str = "") -> Api:
        return api.as_role(scoped_role(role, scope) if scope else role)

    return as_role


@pytest.fixture(scope="session")
def receiver(run_state: RunState, target: Target) -> Receiver:
    """Where the target's outbound webhooks arrive."""
    if run_state.receiver is None:
        raise Lacking("the target file has no [receiver]")
    given = run_state.receiver
    origin = (target.receiver.origin if target.receiver else "") or given["origin"]
    return Receiver(origin, given["control"], given["tripwire"], target.target.patience)


@pytest.fixture
def rng(run_state: RunState, request: pytest.FixtureRequest) -> random.Random:
    """Draws that depend on the seed and the check alone, not on what ran before."""
    return random.Random(f"{run_state.seed}:{request.node.name}")


@pytest.fixture(scope="session")
def drawn_numbers() -> set[str]:
    """Telephone numbers that this process has drawn."""
    return set()


@pytest.fixture(scope="session")
def run_prefix() -> str:
    """What all markers of this run begin with."""
    return f"hx{secrets.token_hex(3)}"


@pytest.fixture(scope="session")
def marker(run_prefix: str) -> Callable[[], str]:
    """Markers: words that nothing else on the target contains: a prefix of the run and a random part."""
    return lambda: f"{run_prefix}{secrets.token_hex(5)}"


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """`measure("p95_seconds", 0.2)`: a figure for the report, under the check's clause."""
    return lambda name, value: request.node.user_properties.append(("measurement", [name, value]))
