"""A mock driven in this process, with webhooks caught instead of sent and a clock that tests turn."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any

import httpx

from mock_meta.serving.app import create_app
from mock_meta.settings import Settings
from mock_meta.webhooks.transport import Reply, TransportError

WABA, PHONE, TOKEN, SECRET = "102290129340398", "106540352242922", "EAAtest", "test_app_secret"
OTHER_WABA, OTHER_PHONE = "102290000000002", "106540000000002"
GROUP = "Y2FwaV9ncm91cDoxNzA1"
HOOK = "http://127.0.0.1:9/hook"
PERSON = "99900001234"
TEMPLATES: list[dict[str, Any]] = [
    {"name": "plain", "language": "en_US", "components": [{"type": "BODY", "text": "Hello."}]},
    {"name": "greeting", "language": "en_US", "components": [{"type": "BODY", "text": "Hi {{1}}, order {{2}}."}]},
    {
        "name": "rich",
        "language": "en_US",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hi {{1}}."},
            {"type": "FOOTER", "text": "Reply STOP"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "URL", "text": "Track", "url": "https://s.example/{{1}}"},
                    {"type": "COPY_CODE", "text": "Copy", "example": ["SAVE20"]},
                    {"type": "QUICK_REPLY", "text": "Ok"},
                ],
            },
        ],
    },
    {"name": "waiting", "language": "en_US", "status": "PENDING", "components": [{"type": "BODY", "text": "Hi."}]},
    {"name": "paused", "language": "en_US", "status": "PAUSED", "components": [{"type": "BODY", "text": "Hi."}]},
    {"name": "off", "language": "en_US", "status": "DISABLED", "components": [{"type": "BODY", "text": "Hi."}]},
    {
        "name": "named",
        "language": "it",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Ciao {{who}}."}],
    },
]


def account(**changes: Any) -> dict[str, Any]:
    """The account most tests use, as PUT /_control/accounts takes it."""
    return {
        "access_token": TOKEN,
        "app_id": "670843887433847",
        "app_secret": SECRET,
        "verify_token": "verify",
        "webhook_url": HOOK,
        "phone_numbers": [
            {
                "id": PHONE,
                "display_phone_number": "+1 555-078-3881",
                "verified_name": "Lucky Shrub",
                "groups": [{"id": GROUP, "subject": "Friends", "participants": [f"+{PERSON}", "99900005678"]}],
            }
        ],
        "templates": TEMPLATES,
        **changes,
    }


class CaughtPosts:
    """A transport that answers from a list (the last answer repeats); None in it means nothing answered."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.answers: list[int | None] = [200]

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        self.sent.append((url, body, headers))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status is None:
            raise TransportError("nothing there")
        return Reply(status, "")

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        self.sent.append((url, b"", headers))
        return Reply(200, httpx.URL(url).params["hub.challenge"])

    async def close(self) -> None:
        return

    def values(self) -> list[dict[str, Any]]:
        """The ``value`` of the first change of every webhook."""
        return [json.loads(body)["entry"][0]["changes"][0]["value"] for _, body, _ in self.sent]

    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values() for status in value.get("statuses", [])]


class Inside:
    """The application behind an in-process client, on a loop that runs only while a call does."""

    def __init__(self, **settings: Any) -> None:
        self.now = 1_750_000_000.0
        self.posts = CaughtPosts()
        self.app = create_app(Settings(profile="silent", **settings), clock=lambda: self.now, transport=self.posts)
        self._runner = asyncio.Runner()
        self.client_host = "127.0.0.1"

    def close(self) -> None:
        self._runner.run(self.app.mock.stop())
        self._runner.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._request(method, path, **options))

    def together(self, *calls: tuple[str, str, str]) -> None:
        """Calls at the same time: method, path and body of each."""

        async def all_of_them() -> None:
            await asyncio.gather(*[self._request(method, path, content=body) for method, path, body in calls])

        self._runner.run(all_of_them())

    async def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=(self.client_host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://graph.test") as client:
            return await client.request(method, path, **options)

    def graph(self, method: str, path: str, *, token: str | None = TOKEN, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.request(method, f"/v21.0/{path}", headers=headers, **options)

    def control(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """A control call that must answer ``status``; its JSON."""
        answer = self.request(method, f"/_control{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, status: int = 200, **members: Any) -> dict[str, Any]:
        """A send that must answer ``status``; its JSON. A text unless the members say otherwise."""
        body = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}, **members}
        answer = self.graph("POST", f"{PHONE}/messages", json={name: v for name, v in body.items() if v is not None})
        assert answer.status_code == status, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def wamid(self, **members: Any) -> str:
        return str(self.send(**members)["messages"][0]["id"])

    def refused(self, **members: Any) -> dict[str, Any]:
        """The error of a send that must be refused."""
        body = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}, **members}
        answer = self.graph("POST", f"{PHONE}/messages", json={name: v for name, v in body.items() if v is not None})
        assert answer.status_code >= 400, answer.text
        error: dict[str, Any] = answer.json()["error"]
        return error

    def requests(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.control("GET", "/ledger?kind=request")["entries"]
        return entries

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that needs the mock's loop."""
        self._runner.run(work)

    def rest(self, seconds: float = 0.02) -> None:
        """Let timers and deliveries run."""
        self._runner.run(asyncio.sleep(seconds))


def add_other(inside: Inside) -> None:
    """A second account, of which the first one's token sees nothing."""
    phone = {"id": OTHER_PHONE, "display_phone_number": "+1 555-010-0002", "verified_name": "Other"}
    inside.control("PUT", f"/accounts/{OTHER_WABA}", account(access_token="EAAother", phone_numbers=[phone]))


def details(error: dict[str, Any]) -> str:
    return str(error.get("error_data", {}).get("details", ""))
