"""BCAST: fan-outs and their counts."""

import asyncio
import json
import time
from typing import Any

import httpx

from tests.reference.wacrm.conftest import Deployment, accepted, refused, says
from tests.reference.wacrm.faults.scenarios.log import ALL_EVENTS, Log, of


@of("BCAST", "HOOK")
def a_broadcast(wacrm: Deployment, log: Log) -> None:
    wacrm.hook(*ALL_EVENTS)

    def answer(request: httpx.Request, wamid: str) -> httpx.Response:
        if b"14155550103" in request.content:
            return refused("(#130999) no")
        return accepted(f"{wamid}.{json.loads(request.content)['to']}")

    wacrm.meta.answer = answer
    recipients: list[Any] = [{"to": f"+141555501{n:02d}", "params": [f"p{n}"]} for n in reversed(range(12))]
    recipients += [{"to": "+14155550100", "params": ["twice"]}, {"to": "bad"}]
    log(launched := wacrm.post("/broadcasts", {"template_name": "promo", "recipients": recipients}))
    wacrm.settle()
    log(sorted(str(body) for body in wacrm.meta.asked))
    path = f"/broadcasts/{launched.json()['data']['broadcast_id']}"
    log(wacrm.get(path))
    row = "SELECT wamid FROM broadcast_recipients WHERE phone = '+14155550100'"
    wamid = wacrm.wacrm.db.rows(row, {})[0]["wamid"]
    for report in ("delivered", "delivered", "read", "delivered", "sent"):
        wacrm.statuses((wamid, report))
        log(wacrm.get(path))
    other = wacrm.wacrm.db.rows("SELECT wamid FROM broadcast_recipients WHERE phone = '+14155550101'", {})[0]["wamid"]
    wacrm.statuses((other, "read"))
    wacrm.inbound(says("a", "wamid.a"), says("b", "wamid.b"))
    wacrm.inbound(says("from one who has read nothing", "wamid.c", "14155550105"))
    log(wacrm.get(path), *[post.event["event"] for post in wacrm.receiver.posts])
    bad: list[Any] = [{"recipients": recipients}, {"template_name": "p", "recipients": [{"to": "bad"}]}]
    bad += [{"template_name": "p", "recipients": recipients * 80}, {"template_name": "p", "recipients": []}]
    for body in bad:
        log(wacrm.post("/broadcasts", body))
    wacrm.settle()


@of("BCAST")
def broadcasts_in_trouble(wacrm: Deployment, log: Log) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        if b"14155550101" in request.content:
            return refused("(#130429) Rate limit hit", 429)
        if b"14155550102" in request.content:
            return httpx.Response(500, text="x")
        if b"14155550103" in request.content:
            raise httpx.ReadError("reset", request=request)
        return accepted(f"wamid.{hash(request.content)}")

    wacrm.wacrm.broadcasts.concurrency = 2
    wacrm.wacrm.graph._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    recipients = [{"to": f"+141555501{n:02d}"} for n in range(12)]
    launched = [
        wacrm.post("/broadcasts", {"template_name": f"n{n}", "recipients": recipients}).json()["data"] for n in range(2)
    ]
    paths = [f"/broadcasts/{one['broadcast_id']}" for one in launched]
    log(wacrm.get(paths[0]).json()["data"]["status"])
    time.sleep(0.2)
    early = wacrm.get(paths[0]).json()["data"]
    log(early["status"], early["sent_count"] > 0)
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline and any(wacrm.get(p).json()["data"]["status"] != "sent" for p in paths):
        time.sleep(0.02)
    for path in paths:
        log(wacrm.get(path))
    row = wacrm.wacrm.db.rows("SELECT wamid FROM broadcast_recipients WHERE phone = '+14155550100' ORDER BY id", {})[0]
    if row["wamid"]:
        wacrm.statuses((row["wamid"], "delivered"))
    log(wacrm.get(paths[0]), wacrm.get(paths[1]))


@of("BCAST")
def a_thousand(wacrm: Deployment, log: Log) -> None:
    wacrm.statuses(("wamid.1", "delivered"))
    recipients = [{"to": f"+1415555{n:04d}"} for n in range(1000)]
    launched = wacrm.post("/broadcasts", {"template_name": "promo", "recipients": recipients}).json()["data"]
    wacrm.settle()
    log(wacrm.get(f"/broadcasts/{launched['broadcast_id']}"), len(wacrm.meta.asked))


@of("BCAST")
def a_broadcast_while_meta_is_down(wacrm: Deployment, log: Log) -> None:
    wacrm.meta.answer = lambda _request, _wamid: refused("(#131000) Something went wrong", 500)
    recipients = [{"to": f"+141555502{n:02d}"} for n in range(24)]
    launched = wacrm.post("/broadcasts", {"template_name": "promo", "recipients": recipients}).json()["data"]
    wacrm.settle()
    log(len(wacrm.meta.asked), wacrm.get(f"/broadcasts/{launched['broadcast_id']}"))
