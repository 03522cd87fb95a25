"""What deliveries of events must contain (HOOK-05, HOOK-07, HOOK-08, HOOK-12)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from conformance.contract.json_schema import is_uuid
from conformance.target import expect
from conformance.wacrm.steps.endpoints import (
    CREATED,
    EVENTS,
    RECEIVED,
    as_evidence,
    event_data,
    matches_event,
)

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Row
    from conformance.wacrm.steps.endpoints import Endpoint
    from conformance.webhooks.receiver import Attempt


def envelope_problem(attempt: Attempt, account_id: str) -> str | None:
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
    """An ISO 8601 timestamp with an offset, within minutes of the arrival: clocks differ."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text)))
    except ValueError:
        return False
    return moment.tzinfo is not None and abs(moment.timestamp() - attempt.at) < 300


def data_of_only(found: list[Attempt], what: str) -> Row:
    """The data of the only attempt; a Mismatch for any other number of attempts."""
    expect.that(len(found) == 1, f"one {what}", f"{len(found)}: {as_evidence(found)}")
    return event_data(found[0])


def has_ids(data: Row, message: Row, contact_id: object) -> None:
    expect.equal(data.get("conversation_id"), message.get("conversation_id"), "data.conversation_id")
    expect.equal(data.get("contact_id"), contact_id, "data.contact_id")


def missing_events(expected: list[Row], endpoint: Endpoint, event: str) -> list[Row]:
    got = _data(endpoint, event)
    return [data for data in expected if data not in got]


def _data(endpoint: Endpoint, event: str) -> list[Row]:
    return [event_data(attempt) for attempt in endpoint.events(event)]


def seconds_ahead(attempts: list[Attempt], wamid: str) -> list[float]:
    """Seconds by which conversation.created came before the conversation's first message.received; empty without it."""
    expected = [a for a in attempts if matches_event(a, RECEIVED, {"whatsapp_message_id": wamid})]
    conversation = event_data(expect.first(expected, "message.received of a new customer")).get("conversation_id")
    created = [a for a in attempts if matches_event(a, CREATED, {"conversation_id": conversation})]
    received = [a for a in attempts if matches_event(a, RECEIVED, {"conversation_id": conversation})]
    return [received[0].monotonic - created[0].monotonic] if created else []
