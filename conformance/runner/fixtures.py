"""What checks ask for by name. Anything that the target file does not give raises `Lacking`: the clause is skipped."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.mock_client import MockMeta
from conformance.meta.webhook_payloads import MetaSide
from conformance.target.api import Api
from conformance.target.keys import KeyPool, Role, scoped_role
from conformance.target.numbers import Numbers
from conformance.target.probe import Probe
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.steps.account import Account
from conformance.webhooks.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.runner.run_state import RunState
    from conformance.target.target import Capabilities, Meta, Target

__all__ = [
    "_drawn",
    "_mock",
    "_prefix",
    "account",
    "api",
    "capabilities",
    "hears",
    "measure",
    "meta",
    "meta_side",
    "mock_meta",
    "numbers",
    "other",
    "pool",
    "probe",
    "receiver",
    "rng",
    "role_keys",
    "run_state",
    "sends",
    "shared_account",
    "target",
    "word",
]  # fmt: skip


@pytest.fixture(scope="session")
def run_state(request: pytest.FixtureRequest) -> RunState:
    bench: Any = request.config.pluginmanager.get_plugin("wacrm-bench")
    found: RunState = bench.run_state
    return found


@pytest.fixture(scope="session")
def target(run_state: RunState) -> Target:
    """The settings of what is judged."""
    assert run_state.target is not None
    return run_state.target


@pytest.fixture(scope="session")
def capabilities(target: Target) -> Capabilities:
    return target.capabilities


@pytest.fixture(scope="session")
def sends(capabilities: Capabilities) -> None:
    """The target sends messages: checks ask for this with `usefixtures`."""
    if not capabilities.messages:
        raise Lacking("capabilities.messages is false: the deployment does not send messages")


@pytest.fixture(scope="session")
def hears(capabilities: Capabilities, target: Target) -> None:
    """The target takes Meta's webhooks, and mock Meta reaches it: checks ask for this with `usefixtures`."""
    if not capabilities.inbound:
        raise Lacking("capabilities.inbound is false: the deployment does not take Meta's webhooks")
    if target.meta is not None and not MockMeta(target.meta.control).reaches(target.meta.waba_id):
        raise NoVerdict(f"mock Meta does not reach the deployment's webhook at {target.target.meta_webhook}")


@pytest.fixture(scope="session")
def pool(run_state: RunState, target: Target) -> KeyPool:
    run_state.pool = KeyPool(run_state.keys(), target.target.limit, target.target.window)
    return run_state.pool


@pytest.fixture(scope="session")
def probe(run_state: RunState, target: Target) -> Iterator[Probe]:
    """The seam to the target. Use `api` unless the check is about keys or the limiter."""
    address = target.target
    run_state.probe = Probe(
        address.api, address.timeout, address.verify, armed=run_state.armed, unarmed_reason=run_state.unarmed_reason
    )
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
def meta(target: Target) -> Meta:
    """The account's WhatsApp connection and mock Meta's address."""
    if target.meta is None:
        raise Lacking("the target file has no [meta]")
    return target.meta


@pytest.fixture(scope="session")
def meta_side(meta: Meta, target: Target, run_state: RunState) -> Iterator[MetaSide]:
    """The deployment's webhook for Meta, for handshakes and for POSTs that Meta would never send."""
    address = target.target
    probe = Probe(address.meta_webhook, address.timeout, address.verify)
    yield MetaSide(probe, meta.app_secret.get_secret_value(), meta.verify_token.get_secret_value())
    run_state.requests += probe.count
    probe.close()


@pytest.fixture(scope="session")
def mock_meta(meta: Meta, target: Target) -> MockMeta:
    """Mock Meta: ledger, behaviour, faults, inbound messages."""
    return MockMeta(meta.control, target.target.patience)


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
def _drawn() -> set[str]:
    return set()


@pytest.fixture
def numbers(rng: random.Random, run_state: RunState, target: Target, api: Api, _drawn: set[str]) -> Numbers:
    """Telephone numbers that reach nobody, new to this run and to the target."""
    return Numbers(rng, _drawn, _known(target, api), run_state.worker)


def _known(target: Target, api: Api) -> Callable[[str], bool]:
    """Whether the target has a contact with a number already; the embedded one begins with none."""

    def known(number: str) -> bool:
        found = api.get("/contacts", search=number.lstrip("+")).json()
        return isinstance(found, dict) and any(row.get("phone") == number for row in found.get("data") or [])

    return (lambda _number: False) if target.target.embedded else known


@pytest.fixture(scope="session")
def _prefix() -> str:
    return f"hx{secrets.token_hex(3)}"


@pytest.fixture
def word(_prefix: str) -> Callable[[], str]:
    """Words that nothing else on the target contains: a prefix of the run and a random part."""
    return lambda: f"{_prefix}{secrets.token_hex(5)}"


@pytest.fixture(scope="session")
def _mock(target: Target) -> MockMeta | None:
    """One client for all checks: making one costs more than a request."""
    return MockMeta(target.meta.control, target.target.patience) if target.meta is not None else None


@pytest.fixture
def account(api: Api, target: Target, numbers: Numbers, word: Callable[[], str], _mock: MockMeta | None) -> Account:
    """The main account, with what a user of it does: contacts, sends, inbound messages."""
    given = target.meta
    return Account(api, numbers, word, _mock, given.phone_number_id if given else "", given.waba_id if given else "")


@pytest.fixture(scope="session")
def shared_account(
    run_state: RunState, target: Target, probe: Probe, pool: KeyPool, _drawn: set[str], _prefix: str
) -> Callable[[str], Account]:
    """`shared_account("broadcasts")`: the main account for a set-up that several checks share; the name seeds its draws."""

    def named(name: str) -> Account:
        rng = random.Random(f"{run_state.seed}:{name}")
        api = Api(probe, pool, Role.FULL)
        numbers = Numbers(rng, _drawn, _known(target, api), run_state.worker)
        given = target.meta
        mock_meta = MockMeta(given.control, target.target.patience) if given is not None else None
        phone, waba = (given.phone_number_id, given.waba_id) if given else ("", "")
        return Account(api, numbers, lambda: f"{_prefix}{secrets.token_hex(5)}", mock_meta, phone, waba)

    return named


@pytest.fixture
def other(api: Api, target: Target, numbers: Numbers, word: Callable[[], str], _mock: MockMeta | None) -> Account:
    """Another account of the same deployment."""
    given = target.meta
    mock_meta = _mock if given and given.other_phone_number_id else None
    phone, waba = (given.other_phone_number_id, given.other_waba_id) if given else ("", "")
    return Account(api.as_role(Role.OTHER), numbers, word, mock_meta, phone, waba)


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """`measure("p95_seconds", 0.2)`: a figure for the report, under the check's clause."""
    return lambda name, value: request.node.user_properties.append(("measurement", [name, value]))
