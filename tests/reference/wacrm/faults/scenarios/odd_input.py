"""ENV, SPEC: input that nobody types by hand."""

from typing import Any

from tests.reference.wacrm.conftest import Deployment, key
from tests.reference.wacrm.faults.scenarios.log import BODIES, Log, of


@of("ENV", "SPEC", "HOOK", "CONT", "PAGE", "BCAST")
def odd_input(wacrm: Deployment, log: Log) -> None:
    contact = wacrm.contact("+14155550101", tags=["a"])
    made, sent = wacrm.hook("message.received"), wacrm.send("+14155550101")
    launched = wacrm.post("/broadcasts", BODIES["/broadcasts"]).json()["data"]
    wacrm.settle()
    paths = [
        "/contacts",
        f"/contacts/{contact['id']}",
        "/broadcasts",
        "/webhooks",
        f"/webhooks/{made['id']}",
        "/messages",
    ]
    for path in [*paths, "/nothing"]:
        method = "PATCH" if path.count("/") == 2 else "POST"
        for raw in (b"{", b"[1]", b"[" * 100_000, b'{"name": 5}', b'{"events": null}', b'{"url": "http://a.example/"}'):
            headers = {"Authorization": f"Bearer {key('A')}"}
            log(path, wacrm.client.request(method, f"/api/v1{path}", content=raw, headers=headers))
    for path in ("/contacts/x", "/broadcasts/x", "/webhooks/x", "/conversations/x"):
        log(wacrm.get(path), wacrm.patch(path, {}))
    for params in (
        {"tag": "x"},
        {"contact_id": "x"},
        {"search": "\x00"},
        {"cursor": "é!"},
        {"limit": "0"},
        {"limit": "9" * 40},
    ):
        for path in ("/contacts", "/conversations", f"/conversations/{sent['conversation_id']}/messages"):
            log(params, wacrm.get(path, **params))
    for path in ("/webhooks", f"/broadcasts/{launched['broadcast_id']}", f"/conversations/{sent['conversation_id']}"):
        log(wacrm.get(path))
    log(wacrm.get("/contacts", search="nobody"))


@of("ENV", "SPEC", "HOOK", "CONT", "BCAST")
def corners(wacrm: Deployment, log: Log) -> None:
    contact = wacrm.contact("+14155550101", tags=["a"])
    bodies: list[dict[str, Any]] = [{"company": "Zoë"}, {"name": ""}, {"tags": "one"}, {"email": 5}]
    for n, body in enumerate([*bodies, {"company": 7}, {"name": None}]):
        answer = wacrm.post("/contacts", {"phone": f"+1415555020{n}", **body})
        log(answer)
        if answer.status_code == 201:
            log(wacrm.get(f"/contacts/{answer.json()['data']['id']}"))
    log(wacrm.patch(f"/contacts/{contact['id']}", {"company": "Zoë"}))
    changes: list[dict[str, Any]] = [
        {"is_active": False},
        {"is_active": 5},
        {"events": []},
        {"events": ["x"]},
        {"events": ["message.received", "x"]},
    ]
    for change in changes:
        answer = wacrm.post("/webhooks", {"url": "https://hooks.example/", "events": ["message.received"], **change})
        log(answer)
        if answer.status_code == 201:
            path = f"/webhooks/{answer.json()['data']['id']}"
            log(wacrm.get(path), wacrm.call("DELETE", path), wacrm.get(path), wacrm.get("/webhooks"))
    log(wacrm.get("/contacts", limit=100))
