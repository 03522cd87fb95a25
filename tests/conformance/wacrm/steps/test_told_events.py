from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.wacrm.steps.told_events import EventAudit, Registration, happened, missing, told, twice
from conformance.webhooks.receiver_client import Attempt

NOW = time.monotonic()
RECEIVED, STATUS, CREATED = "message.received", "message.status_updated", "conversation.created"


def attempt(path: str, event: str, delivery: str = "d", at: float = NOW - 50, **data: Any) -> Attempt:
    body = {"id": delivery, "event": event, "account_id": "a", "data": data}
    return Attempt(1, 0.0, at, "POST", path, {"x-wacrm-webhook-id": path[1:]}, json.dumps(body).encode())


def test_a_message_that_is_told_under_two_ids_is_told_twice() -> None:
    both = [attempt("/x", RECEIVED, id_, whatsapp_message_id="w") for id_ in ("1", "2")]
    ((first, second),) = twice(told(both))
    assert (first.of, second.of) == (("w",), ("w",))


@pytest.mark.parametrize(
    "attempts",
    [
        [attempt("/x", RECEIVED, "1", whatsapp_message_id="w"), attempt("/x", RECEIVED, "1", whatsapp_message_id="w")],
        [attempt("/x", RECEIVED, "1", whatsapp_message_id="w"), attempt("/y", RECEIVED, "2", whatsapp_message_id="w")],
        [attempt("/x", STATUS, id_, whatsapp_message_id="w", status="read") for id_ in ("1", "2")],
        [attempt("/x", RECEIVED, id_) for id_ in ("1", "2")],
    ],
    ids=["a further attempt", "two endpoints", "a repeated status", "without a message"],
)
def test_what_is_not_twice(attempts: list[Attempt]) -> None:
    assert twice(told(attempts)) == []


def endpoints(**changes: float) -> dict[str, Registration]:
    here = Registration("/x", frozenset([RECEIVED]), NOW - 100)
    return {"x": here, "y": Registration("/y", frozenset([RECEIVED]), **{"since": NOW - 100, **changes})}


def deliveries(at: float = NOW - 50) -> list[Attempt]:
    known = [attempt(path, CREATED, path, at, conversation_id="c") for path in ("/x", "/y")]
    return [*known, attempt("/x", RECEIVED, "1", at, whatsapp_message_id="w")]


def test_what_one_endpoint_was_told_the_other_is_owed() -> None:
    assert missing(told(deliveries()), endpoints(), 10) == [f"{RECEIVED} of w, told to /x, not to /y"]


@pytest.mark.parametrize("changes", [{"since": NOW - 55}, {"until": NOW - 45}], ids=["new", "changed soon after"])
def test_an_endpoint_that_may_not_have_been_there_is_owed_nothing(changes: dict[str, float]) -> None:
    assert missing(told(deliveries()), endpoints(**changes), 10) == []


def test_what_may_still_arrive_is_not_missing() -> None:
    assert missing(told(deliveries(time.monotonic())), endpoints(), 10) == []


def test_what_meta_said_happened_and_nothing_else() -> None:
    status = {"id": "wamid.A/B", "status": "read", "recipient_id": "1"}
    known = happened([json.dumps({"statuses": [status]}).replace("/", "\\/"), "{"])
    events = told([
        attempt("/x", RECEIVED, "1", whatsapp_message_id="wamid.A/B"),
        attempt("/x", STATUS, "2", whatsapp_message_id="wamid.A/B", status="read"),
        attempt("/x", STATUS, "3", whatsapp_message_id="wamid.other", status="sent"),
        attempt("/x", STATUS, "4", whatsapp_message_id="wamid.A/B", status="delivered"),
        attempt("/x", RECEIVED, "5", whatsapp_message_id="wamid.other"),
    ])  # fmt: skip
    assert [known.knows(event) for event in events] == [True, True, True, False, False]


def exchange(method: str, path: str, status: int, body: Any, at: float) -> Exchange:
    content = json.dumps(body).encode()
    return Exchange(method, f"http://t{path}", {}, b"sent", None, status, httpx.Headers(), content, at, 0.5)


def test_registrations_and_their_changes_are_heard() -> None:
    audit = EventAudit()
    row = {"id": "i", "url": "https://r/x", "events": [RECEIVED]}
    audit.hear(exchange("POST", "/api/v1/webhooks", 201, {"data": row}, 1.0), "")
    audit.hear(exchange("POST", "/api/v1/webhooks", 400, {"error": {}}, 2.0), "")
    audit.hear(exchange("PATCH", "/api/v1/webhooks/i", 200, {"data": row}, 3.0), "")
    audit.hear(exchange("DELETE", "/api/v1/webhooks/i", 200, {"data": {}}, 4.0), "")
    audit.hear(exchange("POST", "/api/whatsapp/webhook", 200, {}, 5.0), "")
    assert audit.by_id == {"i": Registration("/x", frozenset([RECEIVED]), 1.5, 3.0)}
    assert audit.posted == ["sent"]
