"""CONV, META, HOOK: Meta's webhook, and outbound webhooks."""

import asyncio
import hashlib
import hmac
import time
from typing import Any

import httpx

from tests.reference.wacrm.conftest import Deployment, accepted, envelope, says
from tests.reference.wacrm.faults.scenarios.log import ALL_EVENTS, BODIES, IMAGE, Log, of


@of("CONV", "META", "HOOK")
def a_customer_writes(wacrm: Deployment, log: Log) -> None:
    wacrm.hook(*ALL_EVENTS)
    contact = wacrm.contact("+14155550100", name="Anna", tags=["t"])
    conversation = None
    items = [says("a  b ", "in.1"), says("c", "in.2"), says("d", "in.3", context={"id": "in.1"})]
    types: list[tuple[str, Any]] = [
        ("image", {"id": "7", "caption": "x", "mime_type": "image/png"}),
        ("document", {"id": "7", "caption": "y"}),
        ("audio", {"id": "7"}),
        ("location", {"latitude": 1, "longitude": 2}),
        ("contacts", [{}]),
        ("button", {"text": "t", "payload": "p"}),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "l", "title": "L"}}),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "b", "title": "B"}}),
    ]
    items += [
        {"from": "14155550100", "id": f"in.t{n}", "type": kind, kind: value} for n, (kind, value) in enumerate(types)
    ]
    for chunk in (items[:1], items[1:3], items[3:], items[:1]):
        wacrm.inbound(*chunk)
        conversation = wacrm.newest()
        log(conversation, wacrm.messages(conversation["id"]))
    assert conversation is not None
    sent = wacrm.send(reply_to_message_id=wacrm.messages(conversation["id"])[0]["id"], text="a long enough text")
    log(wacrm.get(f"/conversations/{conversation['id']}"))
    wacrm.post("/messages", {"to": "+14155550100", "type": "image", "media_url": IMAGE, "text": "cap"})
    wacrm.post("/messages", {"to": "+14155550100", "type": "template", "template": {"name": "n"}})
    wacrm.send("+14155550109")
    path = f"/conversations/{conversation['id']}"
    log(wacrm.get(path), wacrm.get(f"{path}/messages"), wacrm.get("/conversations"))
    for status in ("pending", "closed", "nonsense"):
        log(wacrm.get("/conversations", status=status))
    log(wacrm.get("/conversations", status="open", contact_id=contact["id"]))
    wacrm.statuses((sent["whatsapp_message_id"], "failed"))
    time.sleep(0.6)
    wacrm.settle()
    log(*[(post.event["event"], post.event["data"]) for post in wacrm.receiver.posts])
    newest = wacrm.get("/conversations", contact_id=contact["id"]).json()["data"][0]
    log(newest["last_message_at"] == wacrm.messages(conversation["id"])[0]["created_at"])


@of("HOOK")
def endpoints_and_deliveries(wacrm: Deployment, log: Log) -> None:
    made = wacrm.hook("message.received")
    off = wacrm.hook(*ALL_EVENTS)
    path = f"/webhooks/{made['id']}"
    log(made | {"secret": ""}, wacrm.get(path), wacrm.patch(f"/webhooks/{off['id']}", {"is_active": False}))
    seen: list[str] = []
    for n in range(34):
        wacrm.receiver.status = 500 if n != 3 else 200
        wacrm.inbound(says("hi ü", f"wamid.{n}"))
        if n == 24:
            log(wacrm.patch(path, {"is_active": True}))
        log(len(wacrm.receiver.posts), wacrm.get(path))
    for post in wacrm.receiver.posts:
        signature = wacrm.wacrm.dispatcher.signature("s", 1_700_000_000, b'{"a":"\xc3\xbc"}')
        log(post.event | {"id": ""}, post.headers["X-Wacrm-Webhook-Id"], post.headers["X-Wacrm-Event"])
        log(signature.replace(",v1=", " "), len(post.headers["X-Wacrm-Signature"]))
        seen.append(post.event["id"])
    log(len(set(seen)) == len(seen))
    for change in (
        {"url": "https://127.0.0.1:8443/other"},
        {"events": ["conversation.created"]},
        {"url": "http://a.example/"},
    ):
        log(wacrm.patch(path, change), wacrm.get(path))
    log(wacrm.call("DELETE", path), wacrm.get(path), wacrm.get("/webhooks"))
    for host in ("localhost", "127.0.0.1", "[::1]", "2130706433", "10.0.0.1", "169.254.169.254"):
        log(host, wacrm.post("/webhooks", {"url": f"https://{host}:9/", "events": ["message.received"]}))


@of("META")
def meta_posts(wacrm: Deployment, log: Log) -> None:
    token = {"hub.mode": "subscribe", "hub.challenge": "4711", "hub.verify_token": "verify token"}
    for params in (token, token | {"hub.verify_token": "x"}):
        answer = wacrm.client.get("/api/whatsapp/webhook", params=params)
        log(answer.status_code, answer.text)
    raw = str(envelope("111", messages=[says("é", "wamid.s")])).replace("'", '"').replace("é", "\\u00e9").encode()
    for signature in (None, "sha256=", "sha256=00"):
        log(wacrm.signed(raw, signature))
    wacrm.settle()
    log(wacrm.get("/conversations"))
    log(wacrm.signed(raw, "sha256=" + hmac.new(b"app secret", raw, hashlib.sha256).hexdigest()))
    sent = [wacrm.send(f"+141555502{n:02d}") for n in range(60)]
    wamids = [one["whatsapp_message_id"] for one in sent]
    payload = envelope(
        "111", statuses=[{"id": w, "status": "read"} for w in wamids], messages=[says("both", "wamid.both")]
    )
    log(wacrm.webhook(payload), wacrm.webhook(envelope("999", messages=[says("x", "wamid.x", "14155550777")])))
    log(wacrm.webhook(envelope("111", statuses=[{"id": "wamid.unknown", "status": "read"}])))
    wacrm.settle()
    log(*[wacrm.messages(one["conversation_id"])[0]["status"] for one in sent])
    broken: list[Any] = [{"id": "w", "from": "14155550100", "type": "text"}]
    wacrm.webhook(
        envelope("111", messages=[*broken, says("after", "wamid.after")], statuses=[{"id": 5}, {"id": wamids[0]}])
    )
    again = wacrm.send("+14155550250")
    wacrm.webhook(envelope("111", statuses=[{"id": 5}, {"id": again["whatsapp_message_id"], "status": "read"}]))
    wacrm.settle()
    log(
        wacrm.messages(again["conversation_id"])[0]["status"],
        wacrm.get("/conversations", limit=100),
        wacrm.get("/contacts"),
    )
    template = {"name": "n", "params": {"buttonParams": {"0": "x"}}}
    wacrm.post("/messages", {"to": "+14155550100", "type": "template", "template": template})
    log(wacrm.meta.asked[-1], wacrm.meta.requests[-1].url)


@of("META")
def acknowledgements(wacrm: Deployment, log: Log) -> None:
    async def slow(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.5)
        return accepted("wamid.slow")

    wacrm.wacrm.graph._client = httpx.AsyncClient(transport=httpx.MockTransport(slow))
    wacrm.post("/broadcasts", BODIES["/broadcasts"])
    for item in (says("x", "wamid.1"), {"image": {"mime_type": "image/png"}}):
        began = time.monotonic()
        wacrm.webhook(envelope("111", messages=[item]))
        log(time.monotonic() - began < 2)
