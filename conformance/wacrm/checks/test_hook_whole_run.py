"""HOOK-13: what all endpoints were told over the whole run, against what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps import told_events
from conformance.wacrm.steps.busy_thread import run_busy_thread
from conformance.wacrm.steps.endpoints import RECEIVED, Endpoints, as_evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.runner.run_state import RunState
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.busy_thread import BusyThread
    from conformance.wacrm.steps.endpoints import Endpoint
    from conformance.wacrm.steps.told_events import EventAudit, Told
    from conformance.webhooks.receiver_client import Receiver

pytestmark = [pytest.mark.xdist_group("told-events"), pytest.mark.usefixtures("hears", "sends", "event_audit")]

SHOWN = 5


@pytest.fixture(scope="module")
def thread(
    shared_account: Callable[[str], Account], receiver: Receiver, capabilities: Capabilities
) -> Iterator[tuple[BusyThread, list[Endpoint]]]:
    """A thread in which much happens at once, and the two endpoints that are told of it."""
    if not capabilities.webhooks:
        raise Lacking("capabilities.webhooks is false")
    account = shared_account("told events")
    made = Endpoints(account.api, receiver, account.marker)
    pair = [made.register(), made.register()]
    try:
        yield run_busy_thread(account, pair[0]), pair
    finally:
        made.delete_all()


@pytest.fixture
def deliveries(thread: object, receiver: Receiver) -> list[Told]:  # noqa: ARG001 - a part of the run
    found = told_events.told(receiver.attempts(""))
    expect.precondition(found, "no delivery arrives")
    return found


@requirement("HOOK-13")
def test_each_endpoint_is_told_of_each_message(thread: tuple[BusyThread, list[Endpoint]], receiver: Receiver) -> None:
    """Of those that came at once as well. Without any delivery there is no verdict."""
    happened, pair = thread
    expect.precondition(any(endpoint.attempts() for endpoint in pair), "no delivery arrives")
    for endpoint in pair:

        def untold(endpoint: Endpoint = endpoint) -> list[str]:
            return [wamid for wamid in happened.received if not endpoint.events(RECEIVED, whatsapp_message_id=wamid)]

        eventually(lambda: not untold(), receiver.patience)
        expect.equal(untold(), [], "messages that an endpoint was not told of")


@requirement("HOOK-13")
def test_nothing_is_told_twice(deliveries: list[Told]) -> None:
    repeated = told_events.twice(deliveries)
    shown = [one.attempt for group in repeated[:SHOWN] for one in group]
    expect.equal(
        [str(group[0]) for group in repeated], [], "events told twice to one endpoint", evidence=as_evidence(shown)
    )


@requirement("HOOK-13")
def test_nothing_is_told_that_did_not_happen(
    deliveries: list[Told], mock_meta: MockMeta, run_state: RunState, event_audit: EventAudit
) -> None:
    expect.precondition(
        run_state.worker[1] == 1, "one of several workers does not see what the others posted: run without -n"
    )
    happened = told_events.happened([*told_events.webhook_bodies(mock_meta), *event_audit.posted])
    invented = [one for one in deliveries if not happened.knows(one)]
    shown = as_evidence([one.attempt for one in invented[:SHOWN]])
    expect.equal([str(one) for one in invented], [], "events that did not happen", evidence=shown)


@requirement("HOOK-13")
def test_all_endpoints_of_an_account_are_told_the_same(
    deliveries: list[Told], event_audit: EventAudit, receiver: Receiver, run_state: RunState
) -> None:
    """Those that took every delivery so far; an endpoint that failed may have been switched off."""
    if run_state.worker[1] > 1:
        raise NoVerdict("one of several workers does not see the registrations of the others: run without -n")
    failing = {attempt.path for attempt in receiver.attempts("") if not attempt.taken}
    endpoints = {id_: one for id_, one in event_audit.by_id.items() if one.path not in failing}
    untold = told_events.missing(deliveries, endpoints, receiver.patience)
    expect.equal(untold[:SHOWN], [], f"events that an endpoint was not told of ({len(untold)} in all)")
