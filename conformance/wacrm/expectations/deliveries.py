"""What deliveries of events must contain (HOOK-05, HOOK-07, HOOK-08, HOOK-12)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from conformance.contract.json_schema import is_uuid
from conformance.target import expect
from conformance.wacrm.steps import signatures
from conformance.wacrm.steps.endpoints import (
    CREATED,
    EVENTS,
    RECEIVED,
    as_evidence,
    event_data,
    matches_event,
)

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Row
    from conformance.wacrm.steps.endpoints import Endpoint
    from conformance.webhooks.receiver_client import Attempt


def envelope_problem(attempt: Attempt, account_id: str) -> str | None:
    """What is wrong with the delivery's envelope; None when nothing is."""
    body = attempt.json()
    if attempt.method != "POST" or not isinstance(body, dict):
        return "not a POST of a JSON object"
    if not is_uuid(str(body.get("id"))):
        return f"id is {body.get('id')!r}, no UUID"
    if body.get("event") not in EVENTS or not isinstance(body.get("data"), dict):
        return "event is none of the three, or data no object"
    if body.get("account_id") != account_id:
        return f"account_id is not the account's, {account_id}"
    if not _recent(body.get("occurred_at"), attempt):
        return f"occurred_at {body.get('occurred_at')!r} is not the present time with an offset"
    return None


def _recent(text: object, attempt: Attempt) -> bool:
    """An ISO 8601 timestamp with an offset, within minutes of the arrival: clocks differ."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text)))
    except ValueError:
        return False
    return moment.tzinfo is not None and abs(moment.timestamp() - attempt.at) < 300


def has_documented_headers(endpoint: Endpoint, attempt: Attempt) -> None:
    """The delivery has the documented headers, with the endpoint's id as webhook id."""
    headers, body = attempt.headers, attempt.json()
    expect.equal(headers.get("x-wacrm-event"), body.get("event"), "X-Wacrm-Event", evidence=as_evidence([attempt]))
    expect.equal(headers.get("x-wacrm-webhook-id"), endpoint.id, "X-Wacrm-Webhook-Id")
    expect.that("x-wacrm-signature" in headers, "X-Wacrm-Signature", "no such header")
    kind = headers.get("content-type", "")
    expect.that(kind.startswith("application/json"), "Content-Type application/json", kind or "none")


SIGNATURE_TOLERANCE = 5.0
"""Tolerance for a signature's timestamp, in seconds; deliveries are made at once."""


def is_signed_now(endpoint: Endpoint, attempt: Attempt, clocks: set[float]) -> None:
    """The signature verifies with the endpoint's secret, and its timestamp is now by one of the target's clocks."""
    header = attempt.headers.get("x-wacrm-signature")
    flaws = [
        signatures.flaw(header, endpoint.secret, attempt.raw, attempt.at + skew, SIGNATURE_TOLERANCE) for skew in clocks
    ]
    actual = f"{flaws[0]}: {header}, arrived at {attempt.at:.1f}"
    expect.that(None in flaws, "a valid signature with a current timestamp", actual)


def data_of_only(found: list[Attempt], what: str) -> Row:
    """The data of the only attempt; a Mismatch for any other number of attempts."""
    expect.that(len(found) == 1, f"one {what}", f"{len(found)}: {as_evidence(found)}")
    return event_data(found[0])


def of_conversation(found: list[Attempt], sent: Row, status: str) -> None:
    """`message.status_updated` to this status came at least once, each time for the conversation of the send."""
    expect.that(found, f"message.status_updated to {status}", "none")
    for attempt in found:
        given = expect.member(event_data(attempt), "conversation_id")
        expect.equal(given, sent["conversation_id"], "data.conversation_id", evidence=as_evidence([attempt]))


def none_delivered(attempts: list[Attempt], expected: str, *exchanges: Exchange) -> None:
    """There are no attempts; a Mismatch that shows the first few."""
    expect.that(not attempts, expected, lambda: "; ".join(as_evidence(attempts[:3])), *exchanges)


def has_ids(data: Row, message: Row, contact_id: object) -> None:
    """The event's data names the message's conversation and this contact."""
    expect.equal(data.get("conversation_id"), message.get("conversation_id"), "data.conversation_id")
    expect.equal(data.get("contact_id"), contact_id, "data.contact_id")


def missing_events(expected: list[Row], endpoint: Endpoint, event: str) -> list[Row]:
    """The expected data that no attempt of the event had at this endpoint."""
    got = [event_data(attempt) for attempt in endpoint.events(event)]
    return [data for data in expected if data not in got]


def seconds_ahead(attempts: list[Attempt], wamid: str) -> list[float]:
    """Seconds by which conversation.created came before the conversation's first message.received; empty without it."""
    expected = [a for a in attempts if matches_event(a, RECEIVED, {"whatsapp_message_id": wamid})]
    conversation = event_data(expect.first(expected, "message.received of a new customer")).get("conversation_id")
    created = [a for a in attempts if matches_event(a, CREATED, {"conversation_id": conversation})]
    received = [a for a in attempts if matches_event(a, RECEIVED, {"conversation_id": conversation})]
    return [received[0].monotonic - created[0].monotonic] if created else []
