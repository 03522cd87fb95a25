from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from reference.wacrm.webhooks.allowed_targets import RefusedTargetError, Targets
from tests.reference.wacrm.conftest import FIRST, HOOK, Deployment, deployed, says

if TYPE_CHECKING:
    from typing import Any

ALL_EVENTS = ("message.received", "message.status_updated", "conversation.created")


def test_an_endpoints_life(wacrm: Deployment) -> None:
    made = wacrm.hook("message.received", "message.received")
    secret = made.pop("secret")
    path = f"/webhooks/{made['id']}"
    assert secret.startswith("whsec_")
    assert made["events"] == ["message.received"]
    assert wacrm.get(path).json()["data"] == made
    assert wacrm.get("/webhooks").json()["data"] == [made]
    changed = wacrm.patch(path, {"url": f"{HOOK}/other", "events": ["conversation.created"], "is_active": False}).json()
    assert changed["data"] == made | {"url": f"{HOOK}/other", "events": ["conversation.created"], "is_active": False}
    assert wacrm.call("DELETE", path, letter="B").status_code == 404
    deleted = wacrm.call("DELETE", path)
    assert (deleted.status_code, deleted.json()["data"]) == (200, {"id": made["id"], "deleted": True})
    assert wacrm.get(path).status_code == 404
    assert wacrm.get("/webhooks").json()["data"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://a.example/", "events": ["message.received"]},
        {"url": "nonsense", "events": ["message.received"]},
        {"url": "https://", "events": ["message.received"]},
        {"url": "https://u:p@a.example/", "events": ["message.received"]},
        {"url": "https://a.example/", "events": []},
        {"url": "https://a.example/", "events": ["message.sent"]},
        {"url": "https://a.example/"},
        {"events": ["message.received"]},
    ],
)
def test_a_bad_endpoint_is_400(wacrm: Deployment, body: dict[str, Any]) -> None:
    assert wacrm.post("/webhooks", body).status_code == 400
    made = wacrm.hook("message.received")
    if len(body) == 3 or "url" in body:
        changed = wacrm.patch(f"/webhooks/{made['id']}", body)
        assert changed.status_code == 400 or "events" not in body


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3",
        "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]",
        "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "localhost", "LOCALHOST.", "a.localhost",
        "db.internal", "printer.local", "[::]", "224.0.0.1",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused_in_any_spelling(wacrm: Deployment, host: str) -> None:
    body = {"url": f"https://{host}:9443/", "events": ["message.received"]}
    assert wacrm.post("/webhooks", body).status_code == 400


def test_a_name_is_judged_by_what_it_resolves_to(wacrm: Deployment) -> None:
    class Resolving(Targets):
        async def look_up(self, url: httpx.URL) -> list[str]:
            return {"inside.example": ["93.184.216.34", "10.0.0.1"], "outside.example": ["93.184.216.34"]}[url.host]

    targets = Resolving(frozenset(), only_allowed=False)
    resolve = wacrm.client.portal.call
    assert resolve(targets.resolve, httpx.URL("https://outside.example/")) == "93.184.216.34"
    with pytest.raises(RefusedTargetError):
        resolve(targets.resolve, httpx.URL("https://inside.example/"))
    with pytest.raises(RefusedTargetError):
        resolve(Resolving(frozenset(), only_allowed=True).resolve, httpx.URL("https://outside.example/"))


def test_an_unlisted_target_is_never_contacted(wacrm: Deployment) -> None:
    answer = wacrm.post("/webhooks", {"url": "https://hooks.example/", "events": list(ALL_EVENTS)})
    wacrm.inbound(says("hi", "wamid.1"))
    assert wacrm.receiver.posts == []
    assert wacrm.get(f"/webhooks/{answer.json()['data']['id']}").json()["data"]["failure_count"] == 2


def test_the_three_events_with_their_data_and_signature(wacrm: Deployment) -> None:
    made = wacrm.hook(*ALL_EVENTS)
    wacrm.inbound(says("hi ü", "wamid.in"))
    sent = wacrm.send()
    wacrm.statuses((sent["whatsapp_message_id"], "delivered"), (sent["whatsapp_message_id"], "delivered"))
    created, received, updated = (post.event for post in wacrm.receiver.posts)
    place = {"conversation_id": sent["conversation_id"], "contact_id": sent["contact_id"]}
    assert (created["event"], created["data"]) == ("conversation.created", place)
    text = {"whatsapp_message_id": "wamid.in", "content_type": "text", "text": "hi ü"}
    assert (received["event"], received["data"]) == ("message.received", place | text)
    assert updated["data"] == {
        "whatsapp_message_id": sent["whatsapp_message_id"],
        "conversation_id": sent["conversation_id"],
        "status": "delivered",
    }
    for post in wacrm.receiver.posts:
        assert UUID(post.event["id"])
        assert (post.event["account_id"], post.headers["X-Wacrm-Event"]) == (FIRST, post.event["event"])
        assert post.headers["X-Wacrm-Webhook-Id"] == made["id"]
        t, v1 = (part.partition("=")[2] for part in post.headers["X-Wacrm-Signature"].split(","))
        assert abs(int(t) - time.time()) < 5
        assert v1 == hmac.new(made["secret"].encode(), f"{t}.".encode() + post.body, hashlib.sha256).hexdigest()
    assert len({post.event["id"] for post in wacrm.receiver.posts}) == 3
    assert wacrm.get(f"/webhooks/{made['id']}").json()["data"]["last_delivery_at"] is not None


def test_only_subscribed_events_of_ones_own_account_arrive(wacrm: Deployment) -> None:
    wacrm.hook("message.received")
    wacrm.hook(*ALL_EVENTS, letter="B")
    silent = wacrm.hook(*ALL_EVENTS)
    wacrm.patch(f"/webhooks/{silent['id']}", {"is_active": False})
    wacrm.inbound(says("hi", "wamid.in"))
    assert wacrm.receiver.events() == ["message.received"]


def test_consecutive_failures_switch_an_endpoint_off() -> None:
    with deployed(webhook_failures=3) as wacrm:
        made = wacrm.hook("message.received")
        path = f"/webhooks/{made['id']}"
        for n, status in enumerate((500, 302, 200, 404, 500, 503, 200)):
            wacrm.receiver.status = status
            wacrm.inbound(says("hi", f"wamid.{n}"))
        assert len(wacrm.receiver.posts) == 6
        off = wacrm.get(path).json()["data"]
        assert (off["is_active"], off["failure_count"]) == (False, 3)
        on = wacrm.patch(path, {"is_active": True}).json()["data"]
        assert (on["is_active"], on["failure_count"]) == (True, 0)
