"""What Wacrm's checks ask for by name: its accounts, its side of Meta, its limiter's requests."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.generation.every_answer import AnswerAudit
from conformance.meta.mock_client import MockMeta
from conformance.meta.webhook_payloads import MetaSide
from conformance.runner.limiter_checks import audits
from conformance.target.api import Api
from conformance.target.keys import Role
from conformance.target.learned import Learned
from conformance.target.numbers import Numbers, digits, tail
from conformance.target.probe import Probe
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import endpoints, keys_in_use, limiter_requests
from conformance.wacrm.steps.account import Account
from conformance.wacrm.steps.told_events import EventAudit
from conformance.wacrm.steps.valid_requests import ORIGIN, Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.limiter.laboratory import Laboratory
    from conformance.runner.limiter_checks import NewLab
    from conformance.runner.run_state import RunState
    from conformance.target.keys import KeyPool
    from conformance.target.target import Capabilities, Meta, Target
    from conformance.wacrm.steps.keys_in_use import Use


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
def meta(target: Target) -> Meta:
    """The account's WhatsApp connection and mock Meta's address."""
    if target.meta is None:
        raise Lacking("the target file has no [meta]")
    return target.meta


@pytest.fixture(scope="session")
def meta_side(meta: Meta, target: Target, run_state: RunState) -> Iterator[MetaSide]:
    """The deployment's webhook for Meta, for handshakes and for POSTs that Meta would never send."""
    address = target.target
    probe = Probe(address.meta_webhook, address.timeout, address.verify, frozenset(), listener=run_state.hear)
    yield MetaSide(probe, meta.app_secret.get_secret_value(), meta.verify_token.get_secret_value())
    run_state.requests += probe.count
    probe.close()


@pytest.fixture(scope="session")
def mock_meta_if_any(target: Target) -> MockMeta | None:
    """One client for all checks: making one costs more than a request."""
    return MockMeta(target.meta.control, target.target.patience) if target.meta is not None else None


@pytest.fixture(scope="session")
def mock_meta(meta: Meta, mock_meta_if_any: MockMeta) -> MockMeta:  # noqa: ARG001 - without `meta` there is none
    """Mock Meta: ledger, behaviour, faults, inbound messages."""
    return mock_meta_if_any


@pytest.fixture(scope="session")
def learned() -> Learned:
    """What the run has learned about the target, so that no two checks wait in vain for the same."""
    return Learned()


@pytest.fixture
def numbers(rng: random.Random, run_state: RunState, target: Target, api: Api, drawn_numbers: set[str]) -> Numbers:
    """Telephone numbers that reach nobody, new to this run and to the target."""
    return Numbers(rng, drawn_numbers, known_to(api, target), run_state.worker)


@pytest.fixture
def account(
    api: Api,
    target: Target,
    numbers: Numbers,
    marker: Callable[[], str],
    mock_meta_if_any: MockMeta | None,
    learned: Learned,
) -> Account:
    """The main account, with what a user of it does: contacts, sends, inbound messages."""
    return main_account(target, api, numbers, marker, mock_meta_if_any, learned)


@pytest.fixture
def other(
    api: Api,
    target: Target,
    numbers: Numbers,
    marker: Callable[[], str],
    mock_meta_if_any: MockMeta | None,
    learned: Learned,
) -> Account:
    """Another account of the same deployment."""
    given = target.meta
    mock_meta = mock_meta_if_any if given and given.other_phone_number_id else None
    phone, waba = (given.other_phone_number_id, given.other_waba_id) if given else ("", "")
    return Account(api.as_role(Role.OTHER), numbers, marker, mock_meta, phone, waba, learned)


@pytest.fixture(scope="session")
def shared_account(
    run_state: RunState,
    target: Target,
    probe: Probe,
    pool: KeyPool,
    drawn_numbers: set[str],
    marker: Callable[[], str],
    learned: Learned,
) -> Callable[[str], Account]:
    """`shared_account("broadcasts")`: the main account for a set-up that several checks share; the name seeds its draws."""

    def named(name: str) -> Account:
        api, rng = Api(probe, pool, Role.FULL), random.Random(f"{run_state.seed}:{name}")
        numbers = Numbers(rng, drawn_numbers, known_to(api, target), run_state.worker)
        mock_meta = MockMeta(target.meta.control, target.target.patience) if target.meta is not None else None
        return main_account(target, api, numbers, marker, mock_meta, learned)

    return named


def main_account(
    target: Target,
    api: Api,
    numbers: Numbers,
    marker: Callable[[], str],
    mock_meta: MockMeta | None,
    learned: Learned,
) -> Account:
    phone, waba = (target.meta.phone_number_id, target.meta.waba_id) if target.meta else ("", "")
    return Account(api, numbers, marker, mock_meta, phone, waba, learned)


def known_to(api: Api, target: Target | None = None) -> Callable[[str], bool]:
    """Whether the target has a contact whose number ends like this one; the embedded target begins with none."""

    def known(number: str) -> bool:
        found = api.get("/contacts", search=tail(number)).json()
        rows = found.get("data") if isinstance(found, dict) else None
        return any(tail(digits(row.get("phone"))) == tail(number) for row in rows or [])

    embedded = target is not None and target.target.embedded
    return (lambda _number: False) if embedded else known


# -- keys that end ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def expiring_key_in_use(
    target: Target, pool: KeyPool, probe: Probe, shared_account: Callable[[str], Account]
) -> Callable[[], Use]:
    """`expiring_key_in_use()`: the key that expires during the run, used since the run's beginning."""
    found: Use | Exception
    try:
        account = shared_account("expiring key")
        key = keys_in_use.expiring_key(target, pool)
        found = keys_in_use.used(key, probe, Calls(account, target.capabilities))
    except (Lacking, NoVerdict) as error:
        found = error

    def use() -> Use:
        if isinstance(found, Exception):
            raise found
        return found

    return use


@pytest.fixture(scope="session", autouse=True)
def _expiring_key_is_used_first(request: pytest.FixtureRequest) -> None:
    """It expires within a minute or so, and the check that judges it may come later."""
    if any("expiring_key_in_use" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("expiring_key_in_use")


# -- the whole run ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def answer_audit(run_state: RunState) -> Iterator[AnswerAudit]:
    """Hears every answer from the run's beginning; checks that ask for it come last."""
    audit = AnswerAudit(OPENAPI)
    run_state.listeners.append(audit.hear)
    yield audit
    audit.close()


@pytest.fixture(scope="session")
def event_audit(run_state: RunState) -> EventAudit:
    """Hears of every registration of an endpoint, and of what is posted as Meta would; checks that ask for it come last."""
    audit = EventAudit()
    run_state.listeners.append(audit.hear)
    return audit


@pytest.fixture(scope="session", autouse=True)
def _audits_listen_first(request: pytest.FixtureRequest) -> None:
    for name in sorted(set[str]().union(*map(audits, request.session.items))):
        request.getfixturevalue(name)


# -- origins of endpoints -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def candidate_origins(run_state: RunState, target: Target) -> list[str]:
    """Origins that an endpoint may be registered for, first the one that does not resolve: some deployments look
    names up.
    """
    given = (target.receiver.origin if target.receiver else "") or (run_state.receiver or {}).get("origin", "")
    return [ORIGIN, *([given] if given else [])]


@pytest.fixture(scope="session")
def endpoint_origin_for(candidate_origins: list[str]) -> Callable[[Api], Callable[[], str]]:
    """`endpoint_origin_for(api)()`: the first of those origins that the target accepts, found when first asked for."""

    def for_api(api: Api) -> Callable[[], str]:
        found: list[str] = []

        def origin() -> str:
            if not found:
                found.append(next((o for o in candidate_origins if _accepts(api, o)), ""))
            if not found[0]:
                raise Lacking(
                    "the target registers no endpoint of ours: give it an origin that it takes in receiver.origin"
                )
            return found[0]

        return origin

    return for_api


@pytest.fixture(scope="session")
def endpoint_origin(
    endpoint_origin_for: Callable[[Api], Callable[[], str]], probe: Probe, pool: KeyPool
) -> Callable[[], str]:
    """The origin that endpoints may be registered for."""
    return endpoint_origin_for(Api(probe, pool, Role.FULL))


def _accepts(api: Api, origin: str) -> bool:
    """Whether the target registers such an endpoint; other findings about it are left to the checks."""
    return endpoints.accepts(api, f"{origin}/harness")


# -- the limiter --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def lab(
    run_state: RunState,
    target: Target,
    pool: KeyPool,
    shared_account: Callable[[str], Account],
    endpoint_origin_for: Callable[[Api], Callable[[], str]],
    drawn_numbers: set[str],
    new_lab: NewLab,
) -> Laboratory:
    """The limiter's experiments. Whether a refused write made a contact is asked by number, so the target knows none."""
    account, rng = shared_account("limiter"), random.Random(f"{run_state.seed}:limiter numbers")

    def calls(api: Api) -> Calls:
        numbers = Numbers(random.Random(rng.random()), drawn_numbers, known_to(api), run_state.worker)
        return Calls(replace(account, api=api, numbers=numbers), target.capabilities, endpoint_origin_for(api))

    requests = limiter_requests.requests(calls, pool, "" if run_state.armed else run_state.unarmed_reason)
    return new_lab(pool, target.target.limit, target.target.window, requests)
