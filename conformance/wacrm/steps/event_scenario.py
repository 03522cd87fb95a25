"""One episode of everything that webhook endpoints are told of, played to endpoints of every subscription (HOOK-05 to 12)."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import PLAIN
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.broadcasts import launch
from conformance.wacrm.steps.endpoints import CREATED, EVENTS, RECEIVED, STATUS, Endpoint, Hooks, data_of

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account, Row
    from conformance.webhooks.receiver_client import Attempt

NEWCOMERS = 8
"""Customers who write in for the first time at the same moment."""
KINDS: dict[str, dict[str, Any]] = {
    "image": {"type": "image", "image": {"caption": "Żółć 🎉", "mime_type": "image/jpeg"}},
    "video": {"type": "video", "video": {"mime_type": "video/mp4"}},
    "audio": {"type": "audio", "audio": {"mime_type": "audio/ogg; codecs=opus", "voice": True}},
    "document": {"type": "document", "document": {"filename": "a.pdf", "mime_type": "application/pdf"}},
    "location": {"type": "location", "location": {"latitude": 45.4642, "longitude": 9.19, "name": "Duomo"}},
    "button": {"type": "button", "button": {"payload": "Ok", "text": "Ok"}},
    "button reply": {
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "b1", "title": "Uno"}},
    },
    "list reply": {
        "type": "interactive",
        "interactive": {"type": "list_reply", "list_reply": {"id": "r1", "title": "Due", "description": "x"}},
    },
    "sticker": {"type": "sticker", "sticker": {"mime_type": "image/webp", "animated": False}},
    "unsupported": {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
}
REFUSED = 400
TEXT = 'Żółć 🎉 עברית \\ "quoted" </script> & 5 < 6\nsecond line'


@dataclass
class Episode:
    """What happened (by role), and the endpoints that watched. Rows are answers of the API, wamids Meta's.

    `moved` has another URL than it was registered with, `meddled` was offered another secret, `dormant` was registered
    inactive (None where the target refuses that), `again` are messages that Meta delivered more than once, `known` is the
    contact of a customer who was known before writing, and `templated` is empty where the target refused to send it.
    """

    account: Account
    watcher: Endpoint
    single: dict[str, Endpoint]
    inactive: Endpoint
    paused: Endpoint
    switched: Endpoint
    deleted: Endpoint
    moved: Endpoint
    meddled: Endpoint
    dormant: Endpoint | None
    customer: str = ""
    first: str = ""
    second: str = ""
    newcomers: list[str] = field(default_factory=list)
    by_kind: dict[str, str] = field(default_factory=dict)
    sent: Row = field(default_factory=dict)
    bounced: Row = field(default_factory=dict)
    nagged: Row = field(default_factory=dict)
    templated: Row = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    known: Row = field(default_factory=dict)
    broadcast: dict[str, str] = field(default_factory=dict)
    last: str = ""
    last_registered: float = field(default_factory=time.time)

    @property
    def patience(self) -> float:
        return self.account.mock_meta.patience

    def contact(self) -> Row:
        """The customer who wrote first."""
        found = self.account.contact_by_phone(self.customer)
        if found is None:
            raise NoVerdict("the customer has no contact")
        return found

    def conversations(self) -> set[object]:
        """Those of the story's own messages, as told to anybody: other checks' events come to these endpoints as well."""
        sends = (self.sent, self.bounced, self.nagged, self.templated)
        wamids = {self.first, self.second, self.last, *self.newcomers, *self.by_kind.values(), *self.again}
        wamids |= {str(row["whatsapp_message_id"]) for row in sends if row}
        told = [data_of(attempt) for endpoint in self.everybody for attempt in endpoint.attempts()]
        return {data.get("conversation_id") for data in told if data.get("whatsapp_message_id") in wamids}

    def since_cast(self, endpoint: Endpoint) -> list[Attempt]:
        """What came when all endpoints were as they should be; before that, other checks' events may have come."""
        return [attempt for attempt in endpoint.attempts() if attempt.at > self.last_registered]

    @property
    def attempts(self) -> list[Attempt]:
        return self.watcher.attempts()

    @property
    def everybody(self) -> list[Endpoint]:
        return [self.watcher, *self.single.values(), self.paused, self.switched, self.moved, self.meddled]


def cast(account: Account, hooks: Hooks) -> Episode:
    inactive, paused, deleted, meddled = (hooks.register() for _ in range(4))
    inactive.patch(is_active=False)
    paused.patch(is_active=False)
    switched = hooks.register(STATUS)
    switched.patch(events=[CREATED])
    deleted.delete()
    hooks.api.patch(f"/webhooks/{meddled.id}", {"secret": f"whsec_{account.word()}{account.word()}"})
    moved, dormant = hooks.register().elsewhere(), _dormant(hooks)
    single = {event: hooks.register(event) for event in EVENTS}
    return Episode(account, hooks.register(), single, inactive, paused, switched, deleted, moved, meddled, dormant)


def _dormant(hooks: Hooks) -> Endpoint | None:
    path = hooks.path()
    answer = hooks.post({"url": hooks.receiver.url(path), "events": list(EVENTS), "is_active": False})
    return None if answer.status == REFUSED else Endpoint(str(needed(answer, 201)["id"]), path, "", answer, hooks)


def play(story: Episode) -> None:
    account = story.account
    story.customer = account.numbers.fresh()
    story.first = account.receive(story.customer, TEXT)
    story.watcher.wait(RECEIVED, whatsapp_message_id=story.first)
    story.paused.patch(is_active=True)
    story.second = account.receive(story.customer)
    _send(story)
    story.broadcast = _broadcast(account)
    for kind, message in KINDS.items():
        story.by_kind[kind] = account.receive(account.numbers.fresh(), **message)
    newcomers = [_greeting(account) for _ in range(NEWCOMERS)]
    story.newcomers = account.mock_meta.inbound(account.phone_number_id, *newcomers)
    story.known = account.contact()
    account.receive(story.known["phone"])
    _repeat(story)
    _end(story)


def _greeting(account: Account) -> dict[str, Any]:
    """A text from somebody new, as Meta has it."""
    number = account.numbers.fresh().removeprefix("+")
    return {"from": number, "type": "text", "text": {"body": account.word()}}


def _repeat(story: Episode) -> None:
    """A newcomer's message, which Meta delivers three times."""
    mock_meta = story.account.mock_meta
    body = {"phone_number_id": story.account.phone_number_id, "messages": [_greeting(story.account)], "wait": True}
    first = mock_meta.request("POST", "/inbound", body)
    mock_meta.acknowledged(first["deliveries"])
    story.again = list(first["wamids"])
    for _ in range(2):
        mock_meta.acknowledged([mock_meta.replay(first["deliveries"][0]["id"])])


def _send(story: Episode) -> None:
    """Single messages: a text that is read, one to a known contact that fails after Meta took it, an image whose delivery
    Meta reports three times, and a template where the target sends it.
    """
    account = story.account
    to, chatty, templated = (account.numbers.fresh() for _ in range(3))
    unlucky = account.contact()["phone"]
    account.mock_meta.script(to, ("sent", 0.0), ("delivered", 0.05), ("read", 0.12))
    account.mock_meta.script(unlucky, {"status": "failed", "after": 0.05, "error": {"code": 131026}})
    account.mock_meta.script(chatty, *[("delivered", 0.05)] * 3, ("read", 0.2))
    account.mock_meta.script(templated, ("delivered", 0.05), ("read", 0.1))
    story.sent, story.bounced = account.send(to), account.send(unlucky)
    story.nagged = account.send(chatty, type="image", media_url="https://media.wacrm.invalid/x.jpg")
    with suppress(NoVerdict):
        story.templated = account.send(templated, type="template", template={"name": PLAIN, "language": "en_US"})


def _broadcast(account: Account) -> dict[str, str]:
    to = account.numbers.many(2)
    account.mock_meta.script(to, ("delivered", 0.0), ("read", 0.05))
    broadcast = launch(account, to)
    broadcast.finished()
    return broadcast.wamids()


def _end(story: Episode) -> None:
    """Wait for everything that should come, then for one last event, behind which nothing is left that should not."""
    watcher = story.watcher
    watcher.wait(STATUS, whatsapp_message_id=story.sent["whatsapp_message_id"], status="read")
    watcher.wait(STATUS, whatsapp_message_id=story.bounced["whatsapp_message_id"], status="failed")
    watcher.wait(STATUS, whatsapp_message_id=story.nagged["whatsapp_message_id"], status="read")
    if story.templated:
        watcher.wait(STATUS, whatsapp_message_id=story.templated["whatsapp_message_id"], status="read")
    story.last = story.account.receive(story.customer)
    for endpoint in (watcher, story.single[RECEIVED], story.paused):
        endpoint.wait(RECEIVED, whatsapp_message_id=story.last)
    watcher.quiet()
