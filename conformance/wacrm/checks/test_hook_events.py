"""HOOK: what is delivered to whom: envelope, signature, events, subscriptions, order.

One episode is played to endpoints of every subscription, and each check looks at what they got.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from conformance.contract.json_schema import is_uuid
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps import signatures
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.endpoints import CREATED, EVENTS, RECEIVED, STATUS, Hooks, data_of, shown, skews, told
from conformance.wacrm.steps.event_scenario import KINDS, TEXT, Episode, cast, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.endpoints import Endpoint
    from conformance.webhooks.receiver_client import Attempt, Receiver

pytestmark = pytest.mark.xdist_group("webhook-events")

NOW = 5.0
"""Seconds that a signature's time may be off; deliveries are made at once."""
A_HAIR = 0.2
"""Seconds by which one of two deliveries that were sent in order may overtake the other."""


@pytest.fixture(scope="module")
def episode(shared_account: Callable[[str], Account], receiver: Receiver) -> Iterator[Episode]:
    account = shared_account("webhook events")
    hooks = Hooks(account.api, receiver, account.word)
    played = cast(account, hooks)
    try:
        play(played)
        hooks.reached()
        yield played
    finally:
        hooks.clear()


# -- envelope and signature -------------------------------------------------------------------------------------------------


@requirement("HOOK-05")
def test_every_delivery_has_the_documented_envelope(episode: Episode) -> None:
    me = (needed(episode.account.api.get("/me"), 200).get("account") or {}).get("id")
    expect.precondition(me, "GET /me does not name the account")
    expect.precondition(episode.attempts, "no delivery arrives")
    for attempt in episode.attempts:
        problem = _envelope_problem(attempt, str(me))
        expect.that(problem is None, "the documented envelope", f"{problem}: {shown([attempt])[0]}")


def _envelope_problem(attempt: Attempt, account_id: str) -> str | None:
    body = attempt.json()
    if attempt.method != "POST" or not isinstance(body, dict):
        return "not a POST of a JSON object"
    if not is_uuid(str(body.get("id"))):
        return f"id is {body.get('id')!r}, no UUID"
    if body.get("event") not in EVENTS or not isinstance(body.get("data"), dict):
        return "event is none of the three, or data no object"
    if body.get("account_id") != account_id:
        return f"account_id is not the account's, {account_id}"
    return (
        None
        if _recent(body.get("occurred_at"), attempt)
        else f"occurred_at {body.get('occurred_at')!r} is not just now"
    )


def _recent(text: object, attempt: Attempt) -> bool:
    """An ISO 8601 time with an offset, within minutes of the arrival: clocks differ."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text)))
    except ValueError:
        return False
    return moment.tzinfo is not None and abs(moment.timestamp() - attempt.at) < 300


@requirement("HOOK-05")
def test_every_delivery_has_the_documented_headers(episode: Episode) -> None:
    for endpoint in episode.everybody:
        for attempt in endpoint.attempts():
            event = attempt.json().get("event")
            expect.equal(attempt.headers.get("x-wacrm-event"), event, "X-Wacrm-Event", evidence=shown([attempt]))
            given = attempt.headers.get("x-wacrm-webhook-id")
            expect.that(
                given in {endpoint.id, attempt.json().get("id")}, f"X-Wacrm-Webhook-Id {endpoint.id}", str(given)
            )
            expect.that("x-wacrm-signature" in attempt.headers, "X-Wacrm-Signature", "no such header")
            kind = attempt.headers.get("content-type", "")
            expect.that(kind.startswith("application/json"), "Content-Type application/json", kind or "none")


@requirement("HOOK-05")
def test_every_delivery_of_an_endpoint_has_an_id_of_its_own(episode: Episode) -> None:
    for endpoint in episode.everybody:
        bodies: dict[str, bytes] = {}
        for attempt in endpoint.attempts():
            identity = str(attempt.json().get("id"))
            same = bodies.setdefault(identity, attempt.raw) == attempt.raw
            expect.that(same, "different ids of different events", f"{identity} twice")


@requirement("HOOK-05")
def test_an_id_names_one_event_wherever_it_is_delivered(episode: Episode) -> None:
    """The deliveries of one event may share its id; those of two events may not, whichever endpoints they go to."""
    events: dict[str, tuple[str, str]] = {}
    for attempt in (attempt for endpoint in episode.everybody for attempt in endpoint.attempts()):
        event = str(attempt.json().get("event")), expect.show(data_of(attempt), 2000)
        known = events.setdefault(str(attempt.json().get("id")), event)
        expect.that(known == event, "different ids of different events", f"{known} and {event} have the same")
    expect.precondition(events, "no delivery arrives")


@requirement("HOOK-06")
def test_every_signature_verifies_over_the_raw_body_with_the_own_secret(episode: Episode) -> None:
    for endpoint in episode.everybody:
        clocks = skews(endpoint.answer)
        for attempt in endpoint.attempts():
            header = attempt.headers.get("x-wacrm-signature")
            flaws = [signatures.flaw(header, endpoint.secret, attempt.raw, attempt.at + s, NOW) for s in clocks]
            seen = f"{flaws[0]}: {header}, arrived at {attempt.at:.1f}"
            expect.that(None in flaws, "a signature that verifies, made now", seen)


@requirement("HOOK-06")
@pytest.mark.parametrize("changed", ["is_active", "events", "url", "secret"])
def test_the_secret_of_the_registration_outlives_a_change(episode: Episode, changed: str) -> None:
    """Of what can be changed, and of the secret, which cannot."""
    ends = {"is_active": episode.paused, "events": episode.switched, "url": episode.moved, "secret": episode.meddled}
    attempts = ends[changed].attempts()
    expect.precondition(attempts, "no delivery arrives after a change")
    for attempt in attempts:
        flaw = signatures.flaw(attempt.headers.get("x-wacrm-signature"), ends[changed].secret, attempt.raw, 0.0, 1e12)
        expect.that(flaw is None, "a signature with the registration's secret", str(flaw))


# -- the events -------------------------------------------------------------------------------------------------------------


def only(found: list[Attempt], what: str) -> Row:
    """The data of the one attempt there must be."""
    expect.that(len(found) == 1, f"one {what}", f"{len(found)}: {shown(found)}")
    return data_of(found[0])


def same_ids(data: Row, message: Row, contact_id: object) -> None:
    expect.equal(data.get("conversation_id"), message.get("conversation_id"), "data.conversation_id")
    expect.equal(data.get("contact_id"), contact_id, "data.contact_id")


@requirement("HOOK-07")
@pytest.mark.parametrize("which", ["first", "second"])
def test_an_inbound_text_is_told(episode: Episode, which: str) -> None:
    wamid = {"first": episode.first, "second": episode.second}[which]
    data = only(episode.watcher.events(RECEIVED, whatsapp_message_id=wamid), "message.received of the message")
    contact = episode.contact()
    message = episode.account.message(episode.account.conversation_of(contact["id"])["id"], wamid)
    if message is None:
        raise NoVerdict("the message is not in its conversation")
    same_ids(data, message, contact["id"])
    expect.equal(expect.member(data, "content_type"), "text", "data.content_type")
    expect.equal(expect.member(data, "text"), message["content_text"], "data.text")
    if which == "first":
        expect.equal(data["text"], TEXT, "data.text")


@requirement("HOOK-07")
@pytest.mark.parametrize("kind", KINDS)
def test_inbound_messages_of_every_type_are_told(episode: Episode, kind: str) -> None:
    wamid = episode.by_kind[kind]
    data = only(episode.watcher.events(RECEIVED, whatsapp_message_id=wamid), f"message.received of the {kind}")
    message = episode.account.message(str(data.get("conversation_id")), wamid)
    expect.that(message is not None, "conversation_id of the message's conversation", "the message is not in it")
    stored = message or {}
    expect.equal(expect.member(data, "content_type"), stored.get("content_type"), "data.content_type")
    expect.that(
        expect.member(data, "text") in {stored.get("content_text"), None}, "data.text", expect.show(data["text"])
    )
    conversation = needed(episode.account.api.get(f"/conversations/{stored.get('conversation_id')}"), 200)
    expect.equal(data.get("contact_id"), conversation.get("contact_id"), "data.contact_id")


@requirement("HOOK-07")
def test_a_conversation_is_told_once_when_a_customer_begins_it(episode: Episode) -> None:
    contact = episode.contact()
    data = only(episode.watcher.events(CREATED, contact_id=contact["id"]), "conversation.created of the customer")
    expect.equal(
        data.get("conversation_id"), episode.account.conversation_of(contact["id"])["id"], "data.conversation_id"
    )


@requirement("HOOK-07")
def test_a_conversation_is_told_once_when_a_send_begins_it(episode: Episode) -> None:
    for sent in (episode.sent, episode.bounced):
        found = episode.watcher.events(CREATED, conversation_id=sent["conversation_id"])
        same_ids(only(found, "conversation.created of the send"), sent, sent["contact_id"])


@requirement("HOOK-07")
def test_a_conversation_is_told_when_a_known_contact_begins_it(episode: Episode) -> None:
    """The contact was made with `POST /contacts`; the conversation is new all the same."""
    only(episode.watcher.events(CREATED, contact_id=episode.known["id"]), "conversation.created of a known contact")


@requirement("HOOK-07")
def test_a_message_that_meta_delivers_again_is_told_once(episode: Episode) -> None:
    for wamid in episode.again:
        data = only(episode.watcher.events(RECEIVED, whatsapp_message_id=wamid), "message.received of the message")
        of_it = episode.watcher.events(CREATED, conversation_id=data.get("conversation_id"))
        only(of_it, "conversation.created of its conversation")


@requirement("HOOK-07")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_a_status_that_meta_reports_again_is_told_once(episode: Episode, status: str) -> None:
    """Nothing was updated the second time."""
    wamid = episode.nagged["whatsapp_message_id"]
    found = episode.watcher.events(STATUS, whatsapp_message_id=wamid, status=status)
    only(found, f"message.status_updated to {status}")


@requirement("HOOK-07")
@pytest.mark.parametrize("status", ["delivered", "read", "failed"])
def test_a_status_of_a_sent_message_is_told(episode: Episode, status: str) -> None:
    sent = episode.bounced if status == "failed" else episode.sent
    found = episode.watcher.events(STATUS, whatsapp_message_id=sent["whatsapp_message_id"], status=status)
    data = only(found, f"message.status_updated to {status}")
    expect.equal(expect.member(data, "conversation_id"), sent["conversation_id"], "data.conversation_id")


@requirement("HOOK-07")
@pytest.mark.parametrize("status", ["delivered", "read"])
def test_a_status_of_a_template_is_told(episode: Episode, status: str) -> None:
    """A template that was sent by itself is no broadcast."""
    expect.precondition(episode.templated, "the target did not send the template")
    wamid = episode.templated["whatsapp_message_id"]
    data = only(episode.watcher.events(STATUS, whatsapp_message_id=wamid, status=status), f"event for {status}")
    expect.equal(expect.member(data, "conversation_id"), episode.templated["conversation_id"], "data.conversation_id")


@requirement("HOOK-07")
def test_statuses_of_broadcasts_are_not_told(episode: Episode) -> None:
    expect.precondition(episode.broadcast, "Meta accepted nothing of the broadcast")
    told = [
        a for wamid in episode.broadcast.values() for a in episode.watcher.events(STATUS, whatsapp_message_id=wamid)
    ]
    expect.that(not told, "no message.status_updated of a broadcast", lambda: "; ".join(shown(told)))


@requirement("HOOK-07")
def test_nothing_is_told_of_what_did_not_happen(episode: Episode) -> None:
    """No status that the message never had: `sent` it had when Meta took it, whether Meta reported that or not."""
    mine = {
        episode.sent["whatsapp_message_id"]: {"sent", "delivered", "read"},
        episode.bounced["whatsapp_message_id"]: {"sent", "failed"},
    }
    for attempt in episode.watcher.events(STATUS):
        data = data_of(attempt)
        allowed = mine.get(str(data.get("whatsapp_message_id")))
        expect.that(allowed is None or data.get("status") in allowed, f"a status of {allowed}", shown([attempt])[0])


# -- who gets them ----------------------------------------------------------------------------------------------------------


@requirement("HOOK-08")
@pytest.mark.parametrize("event", EVENTS)
def test_only_subscribed_events_arrive(episode: Episode, event: str) -> None:
    others = [a for a in episode.single[event].attempts() if a.json().get("event") != event]
    expect.that(not others, f"nothing but {event}", lambda: "; ".join(shown(others[:3])))


@requirement("HOOK-08")
@pytest.mark.parametrize("event", EVENTS)
def test_every_subscriber_gets_the_event(episode: Episode, event: str) -> None:
    """What one endpoint got of the story, which began when all were there, the others that subscribe to it got too."""
    own = episode.conversations()
    told_of = [d for e in episode.everybody for a in e.events(event) if (d := data_of(a)).get("conversation_id") in own]
    expect.precondition(told_of, f"no {event} arrives anywhere")
    for endpoint in (episode.watcher, episode.single[event]):
        eventually(lambda e=endpoint: not _missing(told_of, e, event), episode.patience)
        missing = _missing(told_of, endpoint, event)
        expect.that(
            not missing, f"every {event} at each endpoint that subscribes to it", f"missing: {expect.show(missing)}"
        )


def _missing(told_of: list[Row], endpoint: Endpoint, event: str) -> list[Row]:
    got = _data(endpoint, event)
    return [data for data in told_of if data not in got]


def _data(endpoint: Endpoint, event: str) -> list[Row]:
    return [data_of(attempt) for attempt in endpoint.events(event)]


@requirement("HOOK-08")
@pytest.mark.parametrize("which", ["inactive", "deleted"])
def test_who_is_off_gets_nothing(episode: Episode, which: str) -> None:
    endpoint = {"inactive": episode.inactive, "deleted": episode.deleted}[which]
    expect.precondition(episode.watcher.events(RECEIVED, whatsapp_message_id=episode.last), "no delivery arrives")
    attempts = episode.since_cast(endpoint)
    expect.that(not attempts, f"nothing at an {which} endpoint", lambda: "; ".join(shown(attempts)))


@requirement("HOOK-08")
def test_who_was_registered_inactive_gets_nothing(episode: Episode) -> None:
    if episode.dormant is None:
        raise Lacking("the target registers no inactive endpoints")
    expect.precondition(episode.watcher.events(RECEIVED, whatsapp_message_id=episode.last), "no delivery arrives")
    attempts, made = episode.dormant.attempts(), episode.dormant.answer
    expect.that(not attempts, "nothing at an endpoint registered inactive", lambda: "; ".join(shown(attempts)), made)


@requirement("HOOK-08")
def test_an_endpoint_gets_events_from_when_it_was_switched_on(episode: Episode) -> None:
    expect.that(
        episode.paused.events(RECEIVED, whatsapp_message_id=episode.second), "the events after PATCH is_active", "none"
    )
    before = episode.paused.events(RECEIVED, whatsapp_message_id=episode.first)
    expect.that(not before, "nothing from when it was off", lambda: "; ".join(shown(before)))


@requirement("HOOK-08")
def test_a_changed_subscription_holds_at_once(episode: Episode) -> None:
    got = {attempt.json().get("event") for attempt in episode.since_cast(episode.switched)}
    expect.equal(
        got, {CREATED}, "events at the endpoint that was changed from message.status_updated to conversation.created"
    )


# -- order ------------------------------------------------------------------------------------------------------------------


@requirement("HOOK-12")
def test_a_conversation_is_told_before_its_first_message(episode: Episode) -> None:
    """At an endpoint of both events, by arrival. Two deliveries that are sent in order may overtake each other on the way:
    by a hair, and now and then.
    """
    attempts = episode.attempts
    newcomers = [episode.first, *episode.newcomers, *episode.by_kind.values()]
    ahead = [gap for wamid in newcomers for gap in _ahead(attempts, wamid)]
    expect.precondition(ahead, "no conversation.created of a newcomer arrives")
    late = [gap for gap in ahead if gap < 0]
    said = f"in {len(late)} of {len(ahead)} conversations it came later, by up to {-min(ahead):.3f} s"
    fine = len(late) <= len(ahead) / 3 and min(ahead) > -A_HAIR
    expect.that(fine, "conversation.created before the first message.received", said)


def _ahead(attempts: list[Attempt], wamid: str) -> list[float]:
    """By how many seconds conversation.created came before the conversation's first message.received."""
    told_of = [a for a in attempts if told(a, RECEIVED, {"whatsapp_message_id": wamid})]
    conversation = data_of(expect.first(told_of, "message.received of a newcomer")).get("conversation_id")
    created = [a for a in attempts if told(a, CREATED, {"conversation_id": conversation})]
    received = [a for a in attempts if told(a, RECEIVED, {"conversation_id": conversation})]
    return [received[0].monotonic - created[0].monotonic] if created else []
