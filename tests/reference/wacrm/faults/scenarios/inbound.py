"""CONV: what Meta tells of customers."""

from typing import Any

import httpx

from tests.reference.wacrm.conftest import Deployment, envelope, says, until
from tests.reference.wacrm.faults.scenarios.log import Log, of

CUSTOMER = "14155550100"


def _item(kind: str, wamid: str, **content: object) -> dict[str, Any]:
    return {"from": CUSTOMER, "id": wamid, "timestamp": "1", "type": kind, kind: content}


def _all_messages(wacrm: Deployment) -> list[dict[str, Any]]:
    conversations = wacrm.get("/conversations", limit=100).json()["data"]
    return [message for each in conversations for message in wacrm.messages(each["id"])]


@of("CONV")
def messages_with_more_on_them_and_notices(wacrm: Deployment, log: Log) -> None:
    wacrm.inbound(
        says("from an ad", "wamid.1", referral={"source_type": "hologram"}),
        says("forwarded", "wamid.2", context={"forwarded": True}),
        says("with a user id", "wamid.3", from_user_id="US.13491208655302741918"),
    )
    notices = [_item("reaction", "wamid.4", message_id="wamid.1", emoji="+"), _item("revoke", "wamid.5")]
    notices += [_item("system", "wamid.6", body="changed"), _item("edit", "wamid.7", message={"text": {"body": "b"}})]
    wacrm.inbound(*notices)
    nameless = {"id": "wamid.8", "type": "text", "text": {"body": "x"}, "from_user_id": "US.13491208655302741918"}
    wacrm.inbound({**nameless, "timestamp": "1"})
    log(*_all_messages(wacrm), wacrm.get("/conversations"))


@of("CONV")
def a_late_message(wacrm: Deployment, log: Log) -> None:
    wacrm.send(text="last")
    wacrm.inbound(says("late", "wamid.late", timestamp="1"))
    log(wacrm.newest()["last_message_text"], wacrm.newest()["unread_count"])


@of("CONV")
def a_medium(wacrm: Deployment, log: Log) -> None:
    def answer(request: httpx.Request, _wamid: str) -> httpx.Response:
        if request.url.path.endswith("/file"):
            return httpx.Response(200, content=b"\xff\xd8bytes")
        return httpx.Response(200, json={"url": "https://meta.invalid/file", "mime_type": "image/jpeg"})

    wacrm.meta.answer = answer
    wacrm.inbound(_item("image", "wamid.image", id="77"))
    url = wacrm.messages(wacrm.newest()["id"])[0]["media_url"]
    log(url, wacrm.client.get(url, headers={"Authorization": "Bearer wacrm_live_" + "A" * 43}))


@of("CONV")
def a_strangers_messages_at_once(wacrm: Deployment, log: Log) -> None:
    for n in range(3):
        wacrm.webhook(envelope("111", messages=[says("x", f"wamid.{n}")]))
    until(lambda: len(_all_messages(wacrm)) == 3)
    log(len(wacrm.get("/conversations").json()["data"]), len(wacrm.get("/contacts").json()["data"]))
