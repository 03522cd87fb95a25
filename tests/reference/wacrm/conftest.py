"""One application per test, with a Graph API that answers from memory and a client that only takes notes."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from reference.wacrm.app import create_app
from reference.wacrm.protocol.operations import Scope
from reference.wacrm.settings import Settings, parse_accounts
from reference.wacrm.webhooks.dispatcher import DeliveryClient

if TYPE_CHECKING:
    from reference.wacrm.assembly import Wacrm

HOOK = "https://127.0.0.1:8443"
FIRST, SECOND, BARE = (f"0a000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
ALL = [scope.value for scope in Scope]


def key(letter: str) -> str:
    return "wacrm_live_" + letter * 43


def accounts() -> str:
    """Account 1: A everything, N nothing, R revoked, E expired, F not yet; 0-6 one scope each, a-g all but one.

    Account 2: B. Account 3, without WhatsApp: C.
    """

    def entry(letter: str, scopes: list[str] = ALL, **dates: str) -> dict[str, Any]:
        return {"key": key(letter), "name": letter, "scopes": scopes, **dates}

    first = [entry("A"), entry("N", []), entry("R", revoked_at="2026-01-01T00:00:00Z")]
    first += [entry(str(n), [scope]) for n, scope in enumerate(ALL)]
    first += [entry(letter, [s for s in ALL if s != scope]) for letter, scope in zip("abcdefg", ALL, strict=True)]
    first += [entry("E", expires_at="2026-01-01T00:00:00+01:00"), entry("F", expires_at="2999-01-01T00:00:00Z")]
    return json.dumps(
        {
            "app_secret": "app secret",
            "verify_token": "verify token",
            "accounts": [
                {"id": FIRST, "name": "First", "whatsapp": _whatsapp("111"), "keys": first},
                {"id": SECOND, "name": "Second", "whatsapp": _whatsapp("222"), "keys": [entry("B")]},
                {"id": BARE, "name": "Bare", "whatsapp": None, "keys": [entry("C")]},
            ],
        }
    )


def _whatsapp(number: str) -> dict[str, str]:
    return {"phone_number_id": number, "waba_id": f"9{number}", "access_token": f"token {number}"}


Answer = Callable[[httpx.Request, str], httpx.Response]


@dataclass
class Meta:
    """What Meta was asked. `answer` gets the request and the wamid that is due; it may raise httpx errors."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    answer: Answer | None = None
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        wamid = f"wamid.{next(self._count)}"
        self.asked.append(json.loads(request.content or b"null"))
        self.requests.append(request)
        if self.answer is not None:
            return self.answer(request, wamid)
        return accepted(wamid)


def accepted(wamid: str) -> httpx.Response:
    return httpx.Response(200, json={"messaging_product": "whatsapp", "messages": [{"id": wamid}]})


def refused(message: str, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": message, "code": 100}})


@dataclass
class Post:
    url: str
    address: str
    body: bytes
    headers: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass
class Receiver(DeliveryClient):
    """Takes notes instead of connecting; answers with `status`."""

    posts: list[Post] = field(default_factory=list)
    status: int = 200

    async def post(self, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]) -> int:
        self.posts.append(Post(str(url), address, body, headers))
        return self.status

    async def close(self) -> None:
        pass

    def events(self) -> list[str]:
        return [post.event["event"] for post in self.posts]


@dataclass
class Client:
    """Synchronous calls into an application whose event loop runs in a thread of its own."""

    portal: BlockingPortal
    http: httpx.AsyncClient

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.portal.call(lambda: self.http.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


@dataclass
class Deployment:
    client: Client
    wacrm: Wacrm
    meta: Meta
    receiver: Receiver

    def call(self, method: str, path: str, body: object = None, letter: str = "A", **params: object) -> httpx.Response:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key(letter)}"}
        return self.client.request(
            method,
            f"/api/v1{path}",
            content=content,
            headers=headers,
            params={name: str(value) for name, value in params.items()},
        )

    def get(self, path: str, letter: str = "A", **params: object) -> httpx.Response:
        return self.call("GET", path, letter=letter, **params)

    def post(self, path: str, body: object, letter: str = "A") -> httpx.Response:
        return self.call("POST", path, body, letter)

    def patch(self, path: str, body: object, letter: str = "A") -> httpx.Response:
        return self.call("PATCH", path, body, letter)

    def send(self, to: str = "+14155550100", text: str = "hello", letter: str = "A", **more: object) -> dict[str, Any]:
        answer = self.post("/messages", {"to": to, "text": text, **more}, letter)
        assert answer.status_code == 201, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def contact(self, phone: str, letter: str = "A", **more: object) -> dict[str, Any]:
        data: dict[str, Any] = self.post("/contacts", {"phone": phone, **more}, letter).json()["data"]
        return data

    def webhook(self, payload: object) -> int:
        raw = json.dumps(payload).encode()
        return self.signed(raw, "sha256=" + hmac.new(b"app secret", raw, hashlib.sha256).hexdigest())

    def signed(self, raw: bytes, signature: str | None) -> int:
        headers = {"X-Hub-Signature-256": signature} if signature is not None else {}
        return self.client.post("/api/whatsapp/webhook", content=raw, headers=headers).status_code

    def statuses(self, *pairs: tuple[str, str], number: str = "111", recipient: str = "14155550100") -> None:
        items = [{"id": wamid, "status": status, "recipient_id": recipient} for wamid, status in pairs]
        assert self.webhook(envelope(number, statuses=items)) == 200
        self.settle()

    def inbound(self, *items: object, number: str = "111") -> None:
        contacts = [{"wa_id": "14155550100", "profile": {"name": "Anna"}}]
        assert self.webhook(envelope(number, messages=list(items), contacts=contacts)) == 200
        self.settle()

    def settle(self) -> None:
        """Until nothing is left in the inbox, in the fan-outs and on the way to receivers."""
        until(lambda: not busy(self.wacrm))

    def newest(self, **params: str) -> dict[str, Any]:
        data: dict[str, Any] = self.get("/conversations", **params).json()["data"][0]
        return data

    def messages(self, conversation: str) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self.get(f"/conversations/{conversation}/messages").json()["data"]
        return data

    def hook(self, *events: str, letter: str = "A") -> dict[str, Any]:
        answer = self.post("/webhooks", {"url": f"{HOOK}/in", "events": list(events)}, letter)
        assert answer.status_code == 201, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data


def busy(wacrm: Wacrm) -> bool:
    tasks = [wacrm.meta_webhook._work._task, *(work._task for work in wacrm.dispatcher._work.values())]
    return bool(wacrm.broadcasts._tasks) or any(task is not None and not task.done() for task in tasks)


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.002)


def envelope(number: str, **value: object) -> dict[str, Any]:
    metadata = {"display_phone_number": "1", "phone_number_id": number}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "9", "changes": [change]}]}


def says(text: str, wamid: str, sender: str = "14155550100", **more: object) -> dict[str, Any]:
    return {
        "from": sender,
        "id": wamid,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
        **more,
    }


@contextmanager
def deployed(*faults: str, wear: Sequence[str] = (), connects: bool = False, **changes: Any) -> Iterator[Deployment]:
    """A running application; `changes` are settings. Its deliveries are noted, unless it `connects`."""
    read = parse_accounts(accounts())
    chosen: dict[str, Any] = {"limit": 100_000, "webhook_allow": frozenset({HOOK})} | changes
    app = create_app(Settings(read.app_secret, read.verify_token, read.accounts, **chosen), faults, wear=wear)
    wacrm: Wacrm = app.state.wacrm
    meta, receiver = Meta(), Receiver.__new__(Receiver)
    receiver.posts, receiver.status = [], 200
    wacrm.graph._client = httpx.AsyncClient(transport=httpx.MockTransport(meta))
    if not connects:
        wacrm.dispatcher.new_client = lambda: receiver  # type: ignore[method-assign]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    with start_blocking_portal() as portal:
        client = Client(portal, httpx.AsyncClient(transport=transport, base_url="http://wacrm.invalid"))
        yield Deployment(client, wacrm, meta, receiver)
        portal.call(client.http.aclose)
        portal.call(wacrm.close)


@pytest.fixture
def wacrm() -> Iterator[Deployment]:
    with deployed() as deployment:
        yield deployment
