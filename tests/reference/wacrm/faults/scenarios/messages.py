"""MSG: sends and their statuses."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.reference.wacrm.conftest import Deployment, accepted, refused
from tests.reference.wacrm.faults.scenarios.log import BODIES, IMAGE, Log, of


@of("MSG")
def all_kinds_of_sends(wacrm: Deployment, log: Log) -> None:
    template = {
        "name": "n",
        "language": "de",
        "params": {"headerText": "h", "body": ["a", "b"], "buttonParams": {"0": "x"}},
    }
    kinds: list[dict[str, Any]] = [
        {"type": kind, "media_url": IMAGE, "text": "cap"} for kind in ("image", "video", "audio")
    ]
    kinds += [{"type": "document", "media_url": IMAGE, "filename": "f.pdf"}, {"type": "template", "template": template}]
    kinds += [
        {"type": "template", "template": {"name": "n", "params": ["a", "b"]}},
        {"text": "see https://a.b/ e\u0301\r\n\u2028x"},
    ]
    kinds += [
        {"text": "😀" * 4096},
        {"text": "x" * 4097},
        {"type": "sticker"},
        {"type": "TEXT", "text": "x"},
        {"type": "x", "text": "y"},
    ]
    kinds += [{"type": "video"}, {"type": "template"}, {"type": "audio"}, {"type": "image"}, {}]
    wacrm.contact("+14155550177", name="Known")
    for n, kind in enumerate(kinds):
        for to in (f"+1415555{n:04d}", f"+44770090{n:04d}"):
            log(wacrm.post("/messages", {"to": to, "name": "N", **kind}))
    for _ in range(2):
        log(wacrm.post("/messages", {"to": "+14155550177", "name": "Other", "text": "x"}))
    for kind in (kinds[0], kinds[4], kinds[6]):
        for _ in range(2):
            log(wacrm.post("/messages", {"to": "+14155550178", **kind}))
    mine, other = wacrm.send("+14155550179"), wacrm.send("+14155550180")
    for body in ({"text": "x"}, {"type": "image", "media_url": IMAGE}):
        for quoted in (mine, other):
            log(wacrm.post("/messages", {"to": "+14155550179", "reply_to_message_id": quoted["message_id"], **body}))
    log(wacrm.post("/messages", BODIES["/messages"], "C"), *wacrm.meta.asked, wacrm.get("/contacts", limit=100))
    for conversation in wacrm.get("/conversations", limit=100).json()["data"]:
        log(wacrm.messages(conversation["id"]))


@of("MSG")
def statuses_of_messages(wacrm: Deployment, log: Log) -> None:
    for n, reports in enumerate((["read", "delivered", "sent"], ["delivered", "sent"], ["failed"], ["read"])):
        for kind in ({"text": "x"}, {"type": "image", "media_url": IMAGE}):
            body = {"to": f"+1415555010{n}", **kind}
            sent = wacrm.post("/messages", body).json()["data"]
            for report in reports:
                wacrm.statuses((sent["whatsapp_message_id"], report))
                log(reports, wacrm.messages(sent["conversation_id"])[0]["status"])


@of("MSG")
def sends_that_fail(wacrm: Deployment, log: Log) -> None:
    wacrm.meta.answer = lambda _request, _wamid: refused("(#131009) no")
    for kind in ({"text": "x"}, {"type": "template", "template": {"name": "n"}}):
        log(wacrm.post("/messages", {"to": "+14155550100", **kind}))
    log(wacrm.get("/conversations"))
    wacrm.meta.answer = None
    log(wacrm.post("/messages", {"to": "+14155550100", "text": "x" * 3000}))


@of("MSG")
def sends_that_take_their_time(wacrm: Deployment, log: Log) -> None:
    async def slow(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(2.5)
        return accepted("wamid.slow")

    wacrm.wacrm.graph._client = httpx.AsyncClient(transport=httpx.MockTransport(slow))
    log(wacrm.post("/messages", BODIES["/messages"]), wacrm.wacrm.graph.timeout)
    wacrm.wacrm.graph._client = httpx.AsyncClient(transport=httpx.MockTransport(_unreachable))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(wacrm.post, "/messages", BODIES["/messages"])
        try:
            log(answer.result(2))
        except TimeoutError:
            log("hangs")


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@of("MSG")
def parallel_first_messages(wacrm: Deployment, log: Log) -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        return accepted(f"wamid.{request.content[-6:]!r}")

    wacrm.wacrm.graph._client = httpx.AsyncClient(transport=httpx.MockTransport(slow))
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda n: wacrm.send(text=f"x{n}"), range(6)))
    log(len({s["conversation_id"] for s in sent}), sum(s["contact_created"] for s in sent))
    log(sum(len(wacrm.messages(c["id"])) for c in wacrm.get("/conversations").json()["data"]))
