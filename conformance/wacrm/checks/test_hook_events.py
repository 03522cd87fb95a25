"""HOOK-05 to -08, -12: deliveries, their signatures, which events are delivered to which endpoint, and in which order.

One scenario of events is run with an endpoint for every subscription; each check looks at what the endpoints received.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.expectations.deliveries import (
    data_of_only,
    envelope_problem,
    has_documented_headers,
    has_ids,
    is_signed_now,
    missing_events,
    none_delivered,
    of_conversation,
    seconds_ahead,
)
from conformance.wacrm.steps import signatures
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.endpoints import (
    CREATED,
    EVENTS,
    RECEIVED,
    Endpoints,
    as_evidence,
    clock_skews,
    event_data,
)
from conformance.wacrm.steps.event_scenario import MESSAGE_TYPES, TEXT, EventScenario, register_endpoints, run_scenario
from conformance.wacrm.steps.own_account import own_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.wacrm.steps.account import Account
    from conformance.webhooks.receiver_client import Receiver

pytestmark = pytest.mark.xdist_group("webhook-events")

MAX_OVERTAKE = 0.2
"""Seconds by which a delivery may overtake an earlier one on the way."""


@pytest.fixture(scope="module")
def scenario(shared_account: Callable[[str], Account], accepted_receiver: Receiver) -> Iterator[EventScenario]:
    account = shared_account("webhook events")
    endpoints = Endpoints(account.api, accepted_receiver, account.marker)
    prepared = register_endpoints(account, endpoints)
    try:
        run_scenario(prepared, endpoints)
        yield prepared
    finally:
        endpoints.delete_all()


@requirement("HOOK-05")
def test_every_delivery_has_the_documented_envelope(scenario: EventScenario) -> None:
    me = own_account(scenario.account.api.get("/me")).id
    expect.precondition(me, "GET /me does not name the account")
    expect.precondition(scenario.attempts, "no delivery arrives")
    for attempt in scenario.attempts:
        problem = envelope_problem(attempt, str(me))
        expect.that(problem is None, "the documented envelope", f"{problem}: {as_evidence([attempt])[0]}")


@requirement("HOOK-05")
def test_every_delivery_has_the_documented_headers(scenario: EventScenario) -> None:
    for endpoint in scenario.subscribed:
        for attempt in endpoint.attempts():
            has_documented_headers(endpoint, attempt)


@requirement("HOOK-05")
def test_every_delivery_has_a_unique_id(scenario: EventScenario) -> None:
    """To whatever endpoint it goes. A further attempt of one delivery, which HOOK-09 is about, has its id again."""
    deliveries: dict[str, tuple[str, bytes]] = {}
    for attempt in (attempt for endpoint in scenario.subscribed for attempt in endpoint.attempts()):
        identity, delivery = str(attempt.json().get("id")), (attempt.path, attempt.raw)
        known = deliveries.setdefault(identity, delivery)
        expect.that(known == delivery, "different ids for different deliveries", f"the id {identity} twice")
    expect.precondition(deliveries, "no delivery arrives")


@requirement("HOOK-06")
def test_every_signature_verifies_with_the_endpoints_secret(scenario: EventScenario) -> None:
    for endpoint in scenario.subscribed:
        clocks = clock_skews(endpoint.answer)
        for attempt in endpoint.attempts():
            is_signed_now(endpoint, attempt, clocks)


@requirement("HOOK-06")
@pytest.mark.parametrize("changed", ["is_active", "events", "url", "secret"])
def test_the_secret_stays_the_same_after_a_change(scenario: EventScenario, changed: str) -> None:
    """After changes of each member, and after a PATCH of the secret, which has no effect."""
    endpoint = scenario.after_patch_of(changed)
    attempts = endpoint.attempts()
    expect.precondition(attempts, "no delivery arrives after a change")
    for attempt in attempts:
        flaw = signatures.flaw(attempt.headers.get("x-wacrm-signature"), endpoint.secret, attempt.raw, 0.0, 1e12)
        expect.that(flaw is None, "a signature with the registration's secret", str(flaw))


@requirement("HOOK-07")
@pytest.mark.parametrize("which", ["first", "second"])
def test_an_inbound_text_fires_message_received(scenario: EventScenario, which: str) -> None:
    wamid = {"first": scenario.first, "second": scenario.second}[which]
    data = data_of_only(scenario.received(wamid), "message.received of the message")
    contact = scenario.contact()
    message = scenario.account.message(scenario.account.conversation_of(contact["id"])["id"], wamid)
    expect.precondition(message, "the message is not listed in its conversation")
    assert message is not None
    has_ids(data, message, contact["id"])
    expect.equal(expect.member(data, "content_type"), "text", "data.content_type")
    expect.equal(expect.member(data, "text"), message["content_text"], "data.text")
    if which == "first":
        expect.equal(data["text"], TEXT, "data.text")


@requirement("HOOK-07")
@pytest.mark.parametrize("kind", MESSAGE_TYPES)
def test_an_inbound_message_of_any_type_fires_message_received(scenario: EventScenario, kind: str) -> None:
    wamid = scenario.by_type[kind]
    data = data_of_only(scenario.received(wamid), f"message.received of the {kind}")
    message = scenario.account.message(str(data.get("conversation_id")), wamid)
    expect.that(message is not None, "conversation_id of the message's conversation", "the message is not in it")
    stored = message or {}
    expect.equal(expect.member(data, "content_type"), stored.get("content_type"), "data.content_type")
    texts = {stored.get("content_text"), None}
    expect.that(expect.member(data, "text") in texts, f"data.text one of {texts}", expect.show(data["text"]))
    conversation = required(scenario.account.api.get(f"/conversations/{stored.get('conversation_id')}"), 200)
    expect.equal(data.get("contact_id"), conversation.get("contact_id"), "data.contact_id")


@requirement("HOOK-07")
def test_a_first_inbound_message_fires_conversation_created_once(scenario: EventScenario) -> None:
    contact_id = scenario.contact()["id"]
    data = data_of_only(scenario.created(contact_id=contact_id), "conversation.created of the customer")
    conversation = scenario.account.conversation_of(contact_id)
    expect.equal(data.get("conversation_id"), conversation["id"], "data.conversation_id")


@requirement("HOOK-07")
def test_a_first_send_fires_conversation_created_once(scenario: EventScenario) -> None:
    for sent in (scenario.sent, scenario.failed):
        found = scenario.created(conversation_id=sent["conversation_id"])
        has_ids(data_of_only(found, "conversation.created of the send"), sent, sent["contact_id"])


@requirement("HOOK-07")
def test_a_first_message_of_a_known_contact_fires_conversation_created(scenario: EventScenario) -> None:
    """The contact was created with `POST /contacts` before; the conversation is new."""
    found = scenario.created(contact_id=scenario.known_contact["id"])
    data_of_only(found, "conversation.created of a known contact")


@requirement("HOOK-07")
def test_a_redelivered_message_fires_its_events_once(scenario: EventScenario) -> None:
    for wamid in scenario.redelivered:
        data = data_of_only(scenario.received(wamid), "message.received of the message")
        of_it = scenario.created(conversation_id=data.get("conversation_id"))
        data_of_only(of_it, "conversation.created of its conversation")


@requirement("HOOK-07")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_a_repeated_status_fires_status_updated(scenario: EventScenario, status: str) -> None:
    """Once or for every repetition: a listener tells them apart by the delivery's id."""
    wamid = scenario.repeated["whatsapp_message_id"]
    of_conversation(scenario.updated(wamid, status), scenario.repeated, status)


@requirement("HOOK-07")
@pytest.mark.parametrize("status", ["delivered", "read", "failed"])
def test_a_status_of_a_sent_message_fires_status_updated(scenario: EventScenario, status: str) -> None:
    sent = scenario.failed if status == "failed" else scenario.sent
    of_conversation(scenario.updated(sent["whatsapp_message_id"], status), sent, status)


@requirement("HOOK-07")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_a_status_of_a_template_message_fires_status_updated(scenario: EventScenario, status: str) -> None:
    """A template message that is no part of a broadcast."""
    expect.precondition(scenario.template, "the target did not send the template")
    wamid = scenario.template["whatsapp_message_id"]
    of_conversation(scenario.updated(wamid, status), scenario.template, status)


@requirement("HOOK-07")
def test_statuses_of_broadcasts_fire_no_event(scenario: EventScenario) -> None:
    expect.precondition(scenario.broadcast, "Meta accepted nothing of the broadcast")
    found = [a for wamid in scenario.broadcast.values() for a in scenario.updated(wamid)]
    none_delivered(found, "no message.status_updated of a broadcast")


@requirement("HOOK-07")
def test_no_status_is_reported_that_the_message_never_had(scenario: EventScenario) -> None:
    """`sent` is allowed when Meta accepted the message, whether Meta reported it or not."""
    possible = {
        scenario.sent["whatsapp_message_id"]: {"sent", "delivered", "read"},
        scenario.failed["whatsapp_message_id"]: {"sent", "failed"},
        scenario.repeated["whatsapp_message_id"]: {"sent", "delivered", "read"},
    }
    for wamid, statuses in possible.items():
        impossible = [a for a in scenario.updated(wamid) if event_data(a).get("status") not in statuses]
        none_delivered(impossible, f"no message.status_updated but to {' or '.join(sorted(statuses))}")


@requirement("HOOK-08")
@pytest.mark.parametrize("event", EVENTS)
def test_only_subscribed_events_arrive(scenario: EventScenario, event: str) -> None:
    others = [a for a in scenario.by_event[event].attempts() if a.json().get("event") != event]
    none_delivered(others, f"deliveries of {event} only")


@requirement("HOOK-08")
@pytest.mark.parametrize("event", EVENTS)
def test_every_subscribed_endpoint_gets_the_event(scenario: EventScenario, event: str) -> None:
    """Every event of the scenario that one endpoint got, the other subscribed endpoints got too."""
    own = scenario.conversation_ids()
    expected = [
        d for e in scenario.subscribed for a in e.events(event) if (d := event_data(a)).get("conversation_id") in own
    ]
    expect.precondition(expected, f"no {event} arrives anywhere")
    for endpoint in (scenario.all_events, scenario.by_event[event]):
        eventually(lambda e=endpoint: not missing_events(expected, e, event), scenario.patience)
        missing = missing_events(expected, endpoint, event)
        expect.that(
            not missing, f"every {event} at each endpoint that subscribes to it", f"missing: {expect.show(missing)}"
        )


@requirement("HOOK-08")
@pytest.mark.parametrize("which", ["inactive", "deleted"])
def test_inactive_and_deleted_endpoints_get_nothing(scenario: EventScenario, which: str) -> None:
    endpoint = {"inactive": scenario.inactive, "deleted": scenario.deleted}[which]
    scenario.require_last()
    attempts = scenario.after_setup(endpoint)
    none_delivered(attempts, f"no delivery to the {which} endpoint")


@requirement("HOOK-08")
def test_a_reactivated_endpoint_gets_later_events_only(scenario: EventScenario) -> None:
    later = scenario.reactivated.events(RECEIVED, whatsapp_message_id=scenario.second)
    expect.that(later, "the events after PATCH is_active", "none")
    before = scenario.reactivated.events(RECEIVED, whatsapp_message_id=scenario.first)
    none_delivered(before, "no delivery of events while it was inactive")


@requirement("HOOK-08")
def test_a_changed_subscription_applies_immediately(scenario: EventScenario) -> None:
    got = {attempt.json().get("event") for attempt in scenario.after_setup(scenario.resubscribed)}
    what = "the events after a change from message.status_updated to conversation.created"
    expect.equal(got, {CREATED}, what)


@requirement("HOOK-12")
def test_conversation_created_comes_before_message_received(scenario: EventScenario) -> None:
    """By arrival at an endpoint with both events. Two deliveries sent in order may sometimes arrive in reverse,
    shortly after one another.
    """
    attempts = scenario.attempts
    new_customers = [scenario.first, *scenario.new_customers, *scenario.by_type.values()]
    gaps = [gap for wamid in new_customers for gap in seconds_ahead(attempts, wamid)]
    expect.precondition(gaps, "no conversation.created of a new customer arrives")
    late = [gap for gap in gaps if gap < 0]
    actual = f"in {len(late)} of {len(gaps)} conversations it came later, by up to {-min(gaps):.3f} s"
    fine = len(late) <= len(gaps) / 3 and min(gaps) > -MAX_OVERTAKE
    expect.that(fine, "conversation.created before the first message.received", actual)
