"""Fixtures of the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.api import Api
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking
from conformance.wacrm.expectations.answers import malformed_body_answers
from conformance.wacrm.steps import lists
from conformance.wacrm.steps.conversations import start_customer
from conformance.wacrm.steps.endpoints import Endpoints, require_accepted
from conformance.wacrm.steps.operation_answers import AnswerCache, failed_sends, refusals, successes
from conformance.wacrm.steps.shared_rows import SharedRows
from conformance.wacrm.steps.tenants import Tenants
from conformance.wacrm.steps.valid_requests import Calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.exchange import Exchange
    from conformance.target.keys import KeyPool
    from conformance.target.probe import Probe
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.lists import ContactSet
    from conformance.wacrm.steps.operation_answers import AnswersOf, RoleKeys
    from conformance.wacrm.steps.pagination import View
    from conformance.webhooks.receiver_client import Receiver

__all__ = ["start_customer"]


@pytest.fixture(scope="session")
def accepted_receiver(receiver: Receiver, probe: Probe, pool: KeyPool) -> Receiver:
    """The receiver, where the target registers endpoints at it."""
    require_accepted(Api(probe, pool, Role.FULL), receiver)
    return receiver


@pytest.fixture
def endpoints(account: Account, accepted_receiver: Receiver) -> Iterator[Endpoints]:
    """Endpoints at the receiver, deleted at the end."""
    made = Endpoints(account.api, accepted_receiver, account.marker)
    yield made
    made.delete_all()


@pytest.fixture
def calls_of(capabilities: Capabilities, endpoint_origin: Callable[[], str]) -> Iterator[Callable[[Account], Calls]]:
    """`calls_of(other)`: valid requests for another account. The endpoints that were registered are deleted at the end."""
    made: list[Calls] = []

    def of(account: Account) -> Calls:
        made.append(Calls(account, capabilities, endpoint_origin))
        return made[-1]

    yield of
    for calls in made:
        calls.close()


@pytest.fixture
def calls(account: Account, calls_of: Callable[[Account], Calls]) -> Calls:
    """Valid requests for each operation, for the main account."""
    return calls_of(account)


@pytest.fixture(scope="session")
def answer_cache() -> AnswerCache:
    """Answers that several checks look at, requested once."""
    return AnswerCache()


@pytest.fixture
def successes_of(calls: Calls, answer_cache: AnswerCache) -> AnswersOf:
    """`successes_of(operation)`: its 2xx answers."""
    return lambda operation: answer_cache.get(f"successes of {operation.id}", lambda: successes(operation, calls))


@pytest.fixture
def refusals_of(calls: Calls, role_keys: RoleKeys, probe: Probe, answer_cache: AnswerCache) -> AnswersOf:
    """`refusals_of(operation)`: an answer for each reason that it has to refuse."""

    def of(operation: Operation) -> list[Exchange]:
        return answer_cache.get(f"refusals of {operation.id}", lambda: refusals(operation, calls, role_keys, probe))

    return of


@pytest.fixture
def malformed_body_answers_of(calls: Calls, answer_cache: AnswerCache) -> AnswersOf:
    """`malformed_body_answers_of(operation)`: its answers to bodies that are no JSON, no object, or hard to parse."""

    def of(operation: Operation) -> list[Exchange]:
        return answer_cache.get(f"bodies for {operation.id}", lambda: malformed_body_answers(operation, calls))

    return of


@pytest.fixture
def failed_send_answers(calls: Calls, answer_cache: AnswerCache, sends: None) -> list[Exchange]:  # noqa: ARG001 - asked for its effect
    """Answers to sends that fail."""
    return answer_cache.get("failed sends", lambda: failed_sends(calls))


@pytest.fixture
def tenant_pair(account: Account, other: Account, calls_of: Callable[[Account], Calls]) -> Tenants:
    return Tenants(calls_of(account), calls_of(other))


@pytest.fixture(params=["main reads other", "other reads main"])
def tenants(request: pytest.FixtureRequest, tenant_pair: Tenants) -> Tenants:
    """Both accounts, each in turn as `mine`."""
    return tenant_pair if request.param == "main reads other" else tenant_pair.swapped


# -- lists of known rows, for PAGE ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_contact_sets() -> SharedRows[ContactSet]:
    return SharedRows()


@pytest.fixture(scope="session")
def shared_views() -> SharedRows[dict[str, View]]:
    return SharedRows()


@pytest.fixture
def contact_set(account: Account, shared_contact_sets: SharedRows[ContactSet]) -> ContactSet:
    return shared_contact_sets.get("contacts", lambda: lists.create_contacts(account))


@pytest.fixture
def contact_views(contact_set: ContactSet, shared_views: SharedRows[dict[str, View]]) -> dict[str, View]:
    return shared_views.get("contacts", contact_set.views)


@pytest.fixture
def conversation_views(
    account: Account, contact_set: ContactSet, capabilities: Capabilities, shared_views: SharedRows[dict[str, View]]
) -> dict[str, View]:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")

    def create() -> dict[str, View]:
        plain = lists.create_conversations(account, contact_set)
        rows = [row for row in plain.paginate(account.api, 100).rows if plain.key(row) in plain.timestamps]
        return {"conversations": plain, "conversations by status": lists.by_status(plain, rows)}

    return shared_views.get("conversations", create)


@pytest.fixture
def message_views(
    account: Account, capabilities: Capabilities, shared_views: SharedRows[dict[str, View]]
) -> dict[str, View]:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    return shared_views.get("messages", lambda: {"messages": lists.create_messages(account)})


@pytest.fixture(scope="module")
def shared_endpoints(shared_account: Callable[[str], Account]) -> Iterator[SharedRows[dict[str, View]]]:
    """As `shared_views`, of a module: deployments may limit the number of endpoints."""
    made: SharedRows[dict[str, View]] = SharedRows()
    yield made
    for views in made.all():
        for id_ in views["webhooks"].timestamps:
            shared_account("page: endpoints").api.delete(f"/webhooks/{id_}")


@pytest.fixture
def webhook_views(
    account: Account,
    capabilities: Capabilities,
    endpoint_origin: Callable[[], str],
    shared_endpoints: SharedRows[dict[str, View]],
) -> dict[str, View]:
    if not capabilities.webhooks:
        raise Lacking("the target has no webhooks")
    return shared_endpoints.get("webhooks", lambda: {"webhooks": lists.create_endpoints(account, endpoint_origin())})


@pytest.fixture
def view_of(request: pytest.FixtureRequest) -> Callable[[str], View]:
    """`view_of("messages")`: the view of this name; its rows are created when it is first asked for."""
    fixtures = {
        "contacts": "contact_views",
        "conversations": "conversation_views",
        "messages": "message_views",
        "webhooks": "webhook_views",
    }

    def named(name: str) -> View:
        views: dict[str, View] = request.getfixturevalue(fixtures[name.split(" ", 1)[0]])
        return views[name]

    return named
