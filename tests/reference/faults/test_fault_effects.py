"""Faults break something: a scenario of the group goes otherwise than with the correct application.

One fault of each clause is tried here, the first that is declared, in process and without the judge. That each fault
turns its own clause red is proven by `wacrm-harness kills`, for all of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import httpx
import pytest

from reference.wacrm.faults import FAULTS
from tests.reference.conftest import FIRST, SECOND, Deployment, accepted, deployed, envelope, key, refused, says
from tests.reference.domain.test_admission import CALLS, UUID

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_NOISE = re.compile(r"whsec_[\w-]{43}|(?<=next_cursor\":\")[\w-]+|t=\d{10},v1=[0-9a-f]{64}")
IMAGE = "https://media.wacrm.invalid/a.png"
ALL_EVENTS = ("message.received", "message.status_updated", "conversation.created")


class Log:
    """Facts, with ids numbered in the order of their appearance, and times left out."""

    def __init__(self) -> None:
        self.facts: list[str] = []
        self._ids: dict[str, str] = {FIRST: "first", SECOND: "second", UUID: "none"}

    def __call__(self, *facts: object) -> None:
        for fact in facts:
            text = (
                f"{fact.status_code} {dict(_told(fact))} {fact.text}" if isinstance(fact, httpx.Response) else str(fact)
            )
            text = _NOISE.sub("…", _TIME.sub("T", text))
            self.facts.append(_ID.sub(lambda match: self._ids.setdefault(match[0], f"#{len(self._ids)}"), text))


def _told(response: httpx.Response) -> list[tuple[str, str]]:
    return [
        (n, v) for n, v in response.headers.items() if n != "content-length" and "reset" not in n and "after" not in n
    ]


Scenario = Callable[[Deployment, Log], None]
SCENARIOS: defaultdict[str, list[Scenario]] = defaultdict(list)


def of(*groups: str) -> Callable[[Scenario], Scenario]:
    def declare(scenario: Scenario) -> Scenario:
        for group in groups:
            SCENARIOS[group].append(scenario)
        return scenario

    return declare


BODIES: dict[str, Any] = {
    "/messages": {"to": "+14155550100", "text": "x"},
    "/contacts": {"phone": "+14155550100"},
    "/broadcasts": {"template_name": "promo", "recipients": [{"to": "+14155550100"}]},
    "/webhooks": {"url": "https://hooks.example/", "events": ["message.received"]},
}


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


@of("RATE")
def a_spent_budget(wacrm: Deployment, log: Log) -> None:
    made = wacrm.hook("message.received", letter="B")
    for n in range(14):
        log(n, wacrm.get("/me", "0").status_code)
    log(wacrm.get("/me", "1"), wacrm.get("/me", "B").status_code)
    refusal = wacrm.get("/me", "0")
    log(sorted(refusal.headers.raw[:0]), sorted(name for name in refusal.headers if "rate" in name or "retry" in name))
    now, reset = time.time(), refusal.headers.get("x-ratelimit-reset", "0")
    wait = refusal.headers.get("retry-after", "")
    log(wait.isdigit() and 58 <= int(wait) <= 60, 58 <= int(reset) - now <= 62)
    ends = wacrm.wacrm.limiter.windows
    at = {name: window.ends for name, window in ends.items()}
    wacrm.get("/me", "0")
    log(all(abs(window.ends - at.get(name, window.ends)) < 0.0001 for name, window in ends.items()))
    for _ in range(12):
        statuses = [wacrm.get(f"/broadcasts/{UUID}", "2"), wacrm.call("DELETE", f"/webhooks/{UUID}", letter="a")]
        statuses += [
            wacrm.get(f"/conversations/{UUID}/messages", "b"),
            wacrm.get("/contacts", "N"),
            wacrm.get("/me", "c"),
        ]
        log([answer.status_code for answer in statuses])
    log(wacrm.get("/me", "C").status_code, [wacrm.get("/me", "g").status_code for _ in range(5)])
    for _ in range(11):
        log(wacrm.get(f"/webhooks/{made['id']}", "d").status_code)
        log(wacrm.call("DELETE", f"/webhooks/{UUID}", letter="e").status_code)
        log(wacrm.get(f"/broadcasts/{UUID}", "f").status_code)
        log(wacrm.get(f"/conversations/{UUID}/messages", "g").status_code)
        log(wacrm.get("/contacts").status_code)
    for path in ("/contacts", "/messages"):
        log(wacrm.post(path, BODIES[path]))
    wacrm.settle()
    log(len(wacrm.meta.asked), wacrm.wacrm.db.rows("SELECT phone FROM contacts", {}))


@of("RATE")
def after_the_reset(wacrm: Deployment, log: Log) -> None:
    now = [1000.0]
    wacrm.wacrm.clock.monotonic = lambda: now[0]  # type: ignore[method-assign]
    for step in (0, *[0.5] * 11, 6, 30, 18.5, *[0.5] * 12, 60, 0, 0, 20, *[0] * 8, 45, *[0] * 11):
        now[0] += step
        answer = wacrm.get("/me", "0")
        log(step, answer.status_code, answer.headers.get("retry-after"))


@of("RATE")
def at_the_same_moment(wacrm: Deployment, log: Log) -> None:
    wacrm.wacrm.clock.monotonic = lambda: 1000.0  # type: ignore[method-assign]
    log([wacrm.get("/me", "0").status_code for _ in range(14)])


@of("PAGE", "CONV", "CONT")
def walks(wacrm: Deployment, log: Log) -> None:
    ticks = iter(range(100_000))
    wacrm.wacrm.clock.now = lambda: f"2026-01-01T00:{next(ticks) // 600:02d}:00.000Z"  # type: ignore[method-assign]
    for n in range(7):
        wacrm.contact(f"+1416555010{n}", name="ab"[n % 2], tags=["t"] if n % 2 else [])
        wacrm.hook("message.received")
    wacrm.inbound(*[says(f"{n}", f"wamid.{n}", f"1415555{n:04d}") for n in range(105)])
    wacrm.inbound(*[says(f"{n}", f"wamid.x{n}", "14155550000") for n in range(55)])
    wacrm.inbound(says("late", "wamid.late", "14155550050"))
    long = wacrm.get("/conversations", contact_id=wacrm.get("/contacts", search="+14155550000").json()["data"][0]["id"])
    messages = f"/conversations/{long.json()['data'][0]['id']}/messages"
    tag = wacrm.get("/contacts", search="+14165550101").json()["data"][0]["tags"][0]["id"]
    for path in ("/contacts", "/conversations", messages, "/webhooks"):
        for limit in (None, 1, 3, 50, 100, 1000):
            log(path, limit, *_walk(wacrm, path, {} if limit is None else {"limit": limit}, 10))
    for filters in ({"search": "b"}, {"tag": tag}):
        log(*_walk(wacrm, "/contacts", {"limit": 1, **filters}, 10))
    for limit in (5, 54, 55, 56):
        log(*_walk(wacrm, messages, {"limit": limit}, 15))
    for path in ("/contacts", "/conversations", messages):
        first = wacrm.get(path, limit=3).json()
        wacrm.inbound(
            says("new", f"wamid.new{len(path)}", f"1417555{len(path):04d}"),
            says("n", f"wamid.n{len(path)}", "14155550000"),
        )
        log([row["id"] for row in first["data"]])
        rest = wacrm.get(path, limit=3, cursor=first["meta"]["next_cursor"]).json()
        log([row["id"] for row in rest["data"]])


def _walk(wacrm: Deployment, path: str, params: dict[str, Any], most: int) -> list[str]:
    rows, cursor = [], None
    for _ in range(most):
        page = wacrm.get(path, **params, **({"cursor": cursor} if cursor else {})).json()
        rows += [f"{row['id']} {row.get('name')}" for row in page["data"]] + ["|"]
        cursor = page["meta"]["next_cursor"]
        if cursor is None:
            break
    return [str(len(rows)), *rows]


@of("CONT")
def an_address_book(wacrm: Deployment, log: Log) -> None:
    full = {
        "phone": "+14155550101",
        "name": "Ümit 100%",
        "email": "U@B.c",
        "company": "Acme",
        "tags": ["VIP", "vip", "b", "c"],
    }
    first = wacrm.post("/contacts", full)
    contact = first.json()["data"]
    log(first, wacrm.post("/contacts", {**full, "name": "x", "email": "y", "company": "z", "tags": ["q"]}))
    path = f"/contacts/{contact['id']}"
    wacrm.contact("+14165550199", name="nobody")
    for text in ("%", "ümi", "u@b", "ÜMIT", "550101", "acme", "1415"):
        log(wacrm.get("/contacts", search=text))
    other = wacrm.contact("+14155550102", tags=["b", "z"])
    for tag in contact["tags"] + other["tags"]:
        log(wacrm.get("/contacts", tag=tag["id"]))
    stamps = [contact]
    changes: list[dict[str, Any]] = [
        {"company": "New"},
        {"company": None},
        {"tags": ["b"]},
        {"tags": []},
        {"name": None},
        {"email": "x"},
    ]
    for change in changes:
        log(wacrm.patch(path, change), wacrm.get(path))
        stamps.append(wacrm.get(path).json()["data"])
        log(stamps[-1]["updated_at"] > stamps[-2]["updated_at"], stamps[-1]["created_at"] == stamps[-2]["created_at"])
    log(
        wacrm.post("/contacts", {"phone": "+4414155550101"}),
        wacrm.get(path),
        wacrm.post("/contacts", {"phone": "+0155550101"}),
    )
    for phone, more in (("+14155550103", {"name": 5}), ("+14155550104", {"company": 5}), ("+14155550105", {"tags": 5})):
        log(wacrm.post("/contacts", {"phone": phone, **more}))
    log(wacrm.get("/contacts"))


@of("CONT")
def a_race_for_a_phone(wacrm: Deployment, log: Log) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wacrm.post("/contacts", {"phone": "+14155550101"}), range(8)))
    log(sorted(answer.status_code for answer in answers))


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


@of("MSG")
def all_kinds_of_sends(wacrm: Deployment, log: Log) -> None:
    template = {"name": "n", "language": "de", "params": {"header": "h", "body": ["a", "b"], "buttons": ["x"]}}
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
    template = {"name": "n", "params": {"buttons": ["x"]}}
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


SETTINGS: dict[str, dict[str, Any]] = {"RATE": {"limit": 10}, "HOOK": {"webhook_failures": 5}}
# these take effect on real sockets only
NEED_SOCKETS = {"redirects-are-followed", "slow-receiver-blocks-everything", "send-waits-for-its-deliveries"}


def _run(scenario: Scenario, group: str, *faults: str) -> list[str]:
    log = Log()
    with deployed(*faults, **SETTINGS.get(group, {})) as wacrm:
        scenario(wacrm, log)
    return log.facts


@cache
def _right(scenario: Scenario, group: str) -> tuple[str, ...]:
    return tuple(_run(scenario, group))


def _of_each_clause() -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {}
    for fault in FAULTS.values():
        if fault.name not in NEED_SOCKETS:
            chosen.setdefault(fault.clause, []).append(fault.name)
    return chosen


@pytest.mark.parametrize(("clause", "names"), _of_each_clause().items(), ids=_of_each_clause())
def test_a_fault_of_the_clause_changes_something(
    clause: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In process, where that is cheap; that every fault turns its clause red is for the kills to prove."""
    monkeypatch.setattr("reference.wacrm.faults.msg_trouble._FOREVER", 3.0)
    assert any(_changes_something(name, clause.partition("-")[0]) for name in names)


def _changes_something(name: str, group: str) -> bool:
    for scenario in SCENARIOS[group]:
        try:
            facts = _run(scenario, group, name)
        except (AssertionError, KeyError, StopIteration, IndexError, TypeError):
            return True
        if tuple(facts) != _right(scenario, group):
            return True
    return False


@pytest.mark.parametrize("group", sorted(SCENARIOS))
def test_scenarios_repeat(group: str) -> None:
    for scenario in SCENARIOS[group]:
        assert tuple(_run(scenario, group)) == _right(scenario, group), scenario.__name__
