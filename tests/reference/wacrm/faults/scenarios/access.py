"""AUTH, SCOPE, TENANT: who may do what."""

from tests.reference.wacrm.conftest import Deployment, key, says
from tests.reference.wacrm.domain.test_admission import CALLS
from tests.reference.wacrm.faults.scenarios.log import ALL_EVENTS, BODIES, Log, of


@of("AUTH", "SCOPE", "ENV")
def every_operation_with_every_key(wacrm: Deployment, log: Log) -> None:
    wacrm.wacrm.endpoints.new_secret = lambda: "whsec_" + "x" * 43  # type: ignore[method-assign]
    for method, path in CALLS.values():
        for letter in ["X", "R", "E", "N", "A", *"0123456", *"abcdefg"]:
            log(method, path, letter, wacrm.call(method, path, BODIES.get(path) if method == "POST" else None, letter))
            log(wacrm.call(method, path, {"phone": 1}, letter) if method != "GET" else "")
        for header in ("", f"Basic {key('A')}", f"Bearer {key('A')}x", key("A"), f"Bearer {key('A')[:-3]}BBB"):
            headers = {"Authorization": header} if header else {}
            for content in (b"", b"{", b'{"phone": "+14155550100"}'):
                log(wacrm.client.request(method, f"/api/v1{path}", headers=headers, content=content))
    wacrm.settle()
    log(len(wacrm.meta.asked), len(wacrm.get("/contacts").json()["data"]), wacrm.get("/me", "B"), wacrm.get("/me", "C"))


@of("SCOPE")
def forbidden_calls_have_no_effect(wacrm: Deployment, log: Log) -> None:
    made = wacrm.hook("message.received")
    log(wacrm.call("DELETE", f"/webhooks/{made['id']}", letter="N"), wacrm.get(f"/webhooks/{made['id']}"))
    for path, body in BODIES.items():
        log(wacrm.post(path, body, "N"))
    wacrm.settle()
    log(wacrm.meta.asked, wacrm.get("/contacts"))


@of("TENANT")
def two_accounts(wacrm: Deployment, log: Log) -> None:
    wacrm.hook(*ALL_EVENTS)
    theirs = wacrm.hook(*ALL_EVENTS, letter="B")
    a = wacrm.contact("+14155550101", name="Anna", email="a@b.c", tags=["t"])
    b = wacrm.contact("+14155550101", "B", tags=["t"])
    wacrm.inbound(says("hi", "wamid.in"), number="222")
    sent = wacrm.send("+14155550101", letter="B")
    wacrm.statuses((sent["whatsapp_message_id"], "read"), number="222")
    launched = wacrm.post("/broadcasts", BODIES["/broadcasts"], "B").json()["data"]
    wacrm.settle()
    foreign = [f"/contacts/{b['id']}", f"/conversations/{sent['conversation_id']}", f"/webhooks/{theirs['id']}"]
    foreign += [f"/conversations/{sent['conversation_id']}/messages", f"/broadcasts/{launched['broadcast_id']}"]
    for path in foreign:
        log(wacrm.get(path), wacrm.patch(path, {"name": "x", "is_active": False}), wacrm.call("DELETE", path))
    log([wacrm.get(path, "B") for path in foreign[:3]])
    for path in foreign[:3]:
        log(wacrm.get(path, "B"))
    log(wacrm.patch(f"/contacts/{a['id']}", {"name": "Berta"}), wacrm.get(f"/contacts/{b['id']}", "B"))
    tag = b["tags"][0]["id"]
    log(wacrm.get("/contacts", search="+1415"), wacrm.get("/contacts", tag=tag), wacrm.get("/webhooks"))
    log(wacrm.get("/conversations", contact_id=b["id"]))
    body = {"to": "+14155550101", "text": "x", "reply_to_message_id": sent["message_id"]}
    wacrm.send("+14155550101")
    log(wacrm.post("/messages", body))
    for path in ("/contacts", "/conversations"):
        for phone in ("+14155550111", "+14155550112"):
            wacrm.send(phone, letter="B")
        cursor = wacrm.get(path, "B", limit=1).json()["meta"]["next_cursor"]
        log(wacrm.get(path, cursor=cursor))
    wacrm.settle()
    log(*[(post.event["account_id"], post.event["event"]) for post in wacrm.receiver.posts])
