from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.generation.tolerance import must_be_refused
from conformance.generation.traffic import Request
from conformance.wacrm.specification import OPENAPI

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
PHONE = "+33199000001"
TEXT = {"to": PHONE, "text": "hello"}
HOOK = {"url": "https://hooks.wacrm.invalid/x", "events": ["message.received"]}
CAST = {"template_name": "promo", "recipients": [{"to": PHONE}]}


def request(operation_id: str, body: Any) -> Request:
    wanted = OPENAPI.operation(operation_id)
    return Request(wanted, ID if wanted.takes_id else None, (), json.dumps(body).encode())


@pytest.mark.parametrize(
    ("operation_id", "body"),
    [
        ("createContact", {"phone": "33 1 99 00 00 01"}),
        ("createContact", {"phone": PHONE, "nickname": 5, "tags": None}),
        ("createContact", {"phone": PHONE, "tags": ["", 5]}),
        ("createContact", {"phone": PHONE, "email": "no address"}),
        ("updateContact", {}),
        ("sendMessage", TEXT | {"type": None, "name": None, "reply_to_message_id": ""}),
        ("sendMessage", TEXT | {"type": "", "filename": 5, "template": 5}),
        ("sendMessage", {"to": PHONE, "type": "image", "media_url": "no URL", "text": None}),
        ("sendMessage", {"to": PHONE, "type": "template", "template": {"name": "a", "params": 5}}),
        ("createBroadcast", CAST | {"recipients": [5, {"to": "x"}, {"to": PHONE, "params": [1]}]}),
        ("createBroadcast", CAST | {"name": None, "template_language": ""}),
        ("createWebhook", HOOK | {"url": " HTTPS://hooks.wacrm.invalid", "is_active": None}),
        ("updateWebhook", {"url": None, "events": None}),
    ],
)
def test_what_a_correct_deployment_may_accept(operation_id: str, body: Any) -> None:
    assert must_be_refused(request(operation_id, body)) is None


@pytest.mark.parametrize(
    ("operation_id", "body", "reason"),
    [
        ("createContact", {}, "$: expected member phone, got only no members"),
        ("createContact", {"phone": "12345"}, r"$.phone: expected to match"),
        ("createContact", {"phone": 33199000001}, "$.phone: expected string, got 33199000001"),
        ("createContact", {"phone": PHONE, "name": 5}, "$.name: expected string or null, got 5"),
        ("createContact", [], "$: expected object, got []"),
        ("updateContact", {"tags": "vip"}, '$.tags: expected array or null, got "vip"'),
        ("sendMessage", {"to": PHONE}, ""),
        ("sendMessage", TEXT | {"text": ""}, ""),
        ("sendMessage", TEXT | {"text": "x" * 4097}, ""),
        ("sendMessage", TEXT | {"type": "fax"}, ""),
        ("sendMessage", TEXT | {"type": "image"}, ""),
        ("sendMessage", TEXT | {"reply_to_message_id": "4711"}, ""),
        ("createBroadcast", CAST | {"recipients": []}, "$.recipients: expected at least 1 items, got 0 items"),
        ("createBroadcast", CAST | {"recipients": [{"to": "x"}, 5]}, ""),
        ("createBroadcast", CAST | {"template_name": ""}, "$.template_name: expected at least 1 characters"),
        ("createWebhook", HOOK | {"url": "http://hooks.wacrm.invalid"}, "$.url: expected to match"),
        ("createWebhook", HOOK | {"events": ["contact.created"]}, "$.events[0]: expected one of"),
        ("updateWebhook", {"is_active": "yes"}, '$.is_active: expected boolean or null, got "yes"'),
    ],
)
def test_what_every_deployment_must_refuse(operation_id: str, body: Any, reason: str) -> None:
    refusal = must_be_refused(request(operation_id, body))
    assert refusal is not None
    assert refusal.reason.startswith(reason)


def test_no_body_and_no_json_must_be_refused() -> None:
    wanted = OPENAPI.operation("createContact")
    missing, broken = must_be_refused(Request(wanted, None, (), None)), must_be_refused(Request(wanted, None, (), b"{"))
    assert missing is not None
    assert missing.reason == "body: expected JSON, got no body"
    assert broken is not None
    assert broken.reason == "body: expected JSON, got something else"


def test_an_impossible_id_must_be_refused_and_a_query_never() -> None:
    wanted = OPENAPI.operation("listConversationMessages")
    assert must_be_refused(Request(wanted, ID, (("limit", "-1"), ("cursor", "x"), ("y", "z")), None)) is None
    refusal = must_be_refused(Request(wanted, "4711", (), None))
    assert refusal is not None
    assert refusal.where == "path: expected a uuid"
