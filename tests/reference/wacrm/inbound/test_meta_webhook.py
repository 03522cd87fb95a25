from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.reference.wacrm.conftest import Deployment, envelope, says

VERIFY = {"hub.mode": "subscribe", "hub.challenge": "4711", "hub.verify_token": "verify token"}


def test_the_handshake(wacrm: Deployment) -> None:
    path = "/api/whatsapp/webhook"
    right = wacrm.client.get(path, params=VERIFY)
    assert (right.status_code, right.text, right.headers["content-type"][:10]) == (200, "4711", "text/plain")
    assert wacrm.client.get(path, params=VERIFY | {"hub.verify_token": "wröng"}).status_code == 403
    assert wacrm.client.get(path, params={"hub.mode": "subscribe"}).status_code == 400


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha1=00", "sha256=" + "0" * 64, "é"])
def test_a_missing_or_wrong_signature_changes_nothing(wacrm: Deployment, signature: str | None) -> None:
    raw = json.dumps(envelope("111", messages=[says("hi", "wamid.1")])).encode()
    assert wacrm.signed(raw, signature.encode("latin-1") if signature else signature) == 401  # type: ignore[arg-type]
    assert wacrm.get("/conversations").json()["data"] == []


@pytest.mark.parametrize("escaped", [True, False])
def test_the_signature_is_over_the_bytes_as_they_come(wacrm: Deployment, escaped: bool) -> None:  # noqa: FBT001
    raw = json.dumps(envelope("111", messages=[says("Perché 👍 a/b", "wamid.1")]), ensure_ascii=escaped)
    sent = (raw.replace("/", "\\/") if escaped else raw).encode()
    signature = hmac.new(b"app secret", sent, hashlib.sha256).hexdigest()
    assert wacrm.signed(sent, f"sha256={signature}") == 200
    wacrm.settle()
    assert wacrm.newest()["last_message_text"] == "Perché 👍 a/b"


def test_what_is_signed_but_no_json_is_400(wacrm: Deployment) -> None:
    for raw in (b"{", b"\xff", b"[" * 100_000):
        assert wacrm.signed(raw, "sha256=" + hmac.new(b"app secret", raw, hashlib.sha256).hexdigest()) == 400


@pytest.mark.parametrize(
    "payload",
    [[], "x", None, {"entry": 5}, {"entry": [5, {"changes": [None, {"value": 3}]}]}, envelope("999", messages=[{}])],
)
def test_what_is_none_of_our_business_is_acknowledged(wacrm: Deployment, payload: Any) -> None:
    assert wacrm.webhook(payload) == 200
    wacrm.settle()


def test_an_inbound_message_is_stored_once(wacrm: Deployment) -> None:
    for _ in range(2):
        wacrm.inbound(says("hi", "wamid.1"))
    conversation = wacrm.newest()
    (message,) = wacrm.messages(conversation["id"])
    assert conversation["unread_count"] == 1
    assert (conversation["last_message_text"], conversation["contact"]["name"]) == ("hi", "Anna")
    assert (message["direction"], message["sender_type"], message["status"]) == ("inbound", "customer", "received")
    assert (message["content_type"], message["whatsapp_message_id"]) == ("text", "wamid.1")
    assert conversation["last_message_at"] == message["created_at"]


def test_a_malformed_item_does_not_lose_the_others(wacrm: Deployment) -> None:
    broken: list[Any] = [None, 5, {}, {"id": 5}, {"id": "w", "from": "x", "type": "text"}]
    broken += [{"id": "w", "from": "14155550100", "type": "text"}, {"id": "w", "from": "14155550100"}]
    wacrm.inbound(*broken, says("a", "wamid.1"), *broken, says("b\ud800\x00", "wamid.2"))
    assert [m["content_text"] for m in wacrm.messages(wacrm.newest()["id"])] == ["b\ufffd\ufffd", "a"]


@pytest.mark.parametrize(
    ("kind", "member", "expected"),
    [
        ("image", {"id": "7", "caption": "x"}, ("image", "x", None, True)),
        ("sticker", {"id": "7"}, ("image", None, None, True)),
        ("document", {"id": "7", "filename": "a"}, ("document", None, None, True)),
        ("audio", {"id": "7"}, ("audio", None, None, True)),
        ("location", {"latitude": 1.5, "longitude": 2, "name": "Duomo"}, ("location", "Duomo\n1.5, 2", None, False)),
        ("button", {"text": "Ok", "payload": "P"}, ("interactive", "Ok", "P", False)),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "r1", "title": "Uno"}},
            ("interactive", "Uno", "r1", False),
        ),
        ("interactive", {"type": "nfm_reply"}, ("unsupported", None, None, False)),
        ("contacts", [{}], ("unsupported", None, None, False)),
        ("poll_creation", {}, ("unsupported", None, None, False)),
    ],
)
def test_every_type_arrives(wacrm: Deployment, kind: str, member: Any, expected: tuple[Any, ...]) -> None:
    wacrm.inbound({"from": "14155550100", "id": "wamid.1", "type": kind, kind: member})
    (message,) = wacrm.messages(wacrm.newest()["id"])
    has_media = message["media_url"] is not None
    assert (message["content_type"], message["content_text"], message["interactive_reply_id"], has_media) == expected


def test_a_reply_names_the_quoted_message(wacrm: Deployment) -> None:
    sent = wacrm.send()
    wacrm.inbound(says("yes", "wamid.in", context={"id": sent["whatsapp_message_id"]}))
    assert wacrm.messages(sent["conversation_id"])[0]["reply_to_message_id"] == sent["message_id"]


def test_conversations_are_filtered(wacrm: Deployment) -> None:
    sent = wacrm.send()
    wacrm.send("+14155550101")
    assert len(wacrm.get("/conversations", status="open").json()["data"]) == 2
    assert wacrm.get("/conversations", status="closed").json()["data"] == []
    assert wacrm.get("/conversations", status="Open").status_code == 400
    assert wacrm.newest(contact_id=sent["contact_id"])["id"] == sent["conversation_id"]
    assert wacrm.get("/conversations", contact_id="x").status_code == 400


def test_another_accounts_status_moves_nothing(wacrm: Deployment) -> None:
    sent = wacrm.send()
    wacrm.statuses((sent["whatsapp_message_id"], "read"), number="222")
    assert wacrm.messages(sent["conversation_id"])[0]["status"] == "sent"
