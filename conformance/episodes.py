"""One episode of everything that webhook endpoints are told of, played to endpoints of every subscription (HOOK-05 to 12)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.broadcasts import launch
from conformance.expect import NoVerdict
from conformance.hooks import CREATED, EVENTS, RECEIVED, STATUS, Endpoint, Hooks

if TYPE_CHECKING:
    from conformance.account import Account, Row
    from conformance.receiver import Attempt

NEWCOMERS = 8
"""Customers who write in for the first time at the same moment."""
KINDS: dict[str, dict[str, Any]] = {
    "image": {"type": "image", "image": {"caption": "Żółć 🎉", "mime_type": "image/jpeg"}},
    "video": {"type": "video", "video": {"mime_type": "video/mp4"}},
    "audio": {"type": "audio", "audio": {"mime_type": "audio/ogg; codecs=opus", "voice": True}},
    "document": {"type": "document", "document": {"filename": "a.pdf", "mime_type": "application/pdf"}},
    "location": {"type": "location", "location": {"latitude": 45.4642, "longitude": 9.19, "name": "Duomo"}},
    "button": {"type": "button", "button": {"payload": "Ok", "text": "Ok"}},
    "unsupported": {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
}
TEXT = 'Żółć 🎉 עברית \\ "quoted" </script> & 5 < 6\nsecond line'


@dataclass
class Episode:
    """What happened (by role), and the endpoints that watched. Rows are answers of the API, wamids Meta's."""

    account: Account
    watcher: Endpoint
    single: dict[str, Endpoint]
    inactive: Endpoint
    paused: Endpoint
    switched: Endpoint
    deleted: Endpoint
    customer: str = ""
    first: str = ""
    second: str = ""
    newcomers: list[str] = field(default_factory=list)
    by_kind: dict[str, str] = field(default_factory=dict)
    sent: Row = field(default_factory=dict)
    bounced: Row = field(default_factory=dict)
    broadcast: dict[str, str] = field(default_factory=dict)
    last: str = ""
    last_registered: float = field(default_factory=time.time)

    @property
    def patience(self) -> float:
        return self.account.provider.patience

    def contact(self) -> Row:
        """The customer who wrote first."""
        found = self.account.contact_by_phone(self.customer)
        if found is None:
            raise NoVerdict("the customer has no contact")
        return found

    @property
    def attempts(self) -> list[Attempt]:
        return self.watcher.attempts()

    @property
    def everybody(self) -> list[Endpoint]:
        return [self.watcher, *self.single.values(), self.paused, self.switched]


def cast(account: Account, hooks: Hooks) -> Episode:
    inactive, paused, deleted = hooks.register(is_active=False), hooks.register(), hooks.register()
    inactive.patch(is_active=False)
    paused.patch(is_active=False)
    switched = hooks.register(STATUS)
    switched.patch(events=[CREATED])
    deleted.delete()
    single = {event: hooks.register(event) for event in EVENTS}
    return Episode(account, hooks.register(), single, inactive, paused, switched, deleted)


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
    story.newcomers = account.provider.inbound(account.phone_number_id, *newcomers)
    _end(story)


def _greeting(account: Account) -> dict[str, Any]:
    """A text from somebody new, as Meta has it."""
    number = account.numbers.fresh().removeprefix("+")
    return {"from": number, "type": "text", "text": {"body": account.word()}}


def _send(story: Episode) -> None:
    """Two single messages: one that is read, one that fails after Meta took it."""
    account = story.account
    to, unlucky = account.numbers.fresh(), account.numbers.fresh()
    account.provider.script(to, ("sent", 0.0), ("delivered", 0.05), ("read", 0.12))
    account.provider.script(unlucky, {"status": "failed", "after": 0.05, "error": {"code": 131026}})
    story.sent, story.bounced = account.send(to), account.send(unlucky)


def _broadcast(account: Account) -> dict[str, str]:
    to = account.numbers.many(2)
    account.provider.script(to, ("delivered", 0.0), ("read", 0.05))
    broadcast = launch(account, to)
    broadcast.finished()
    return broadcast.wamids()


def _end(story: Episode) -> None:
    """Wait for everything that should come, then for one last event, behind which nothing is left that should not."""
    watcher = story.watcher
    watcher.wait(STATUS, whatsapp_message_id=story.sent["whatsapp_message_id"], status="read")
    watcher.wait(STATUS, whatsapp_message_id=story.bounced["whatsapp_message_id"], status="failed")
    story.last = story.account.receive(story.customer)
    for endpoint in (watcher, story.single[RECEIVED], story.paused):
        endpoint.wait(RECEIVED, whatsapp_message_id=story.last)
    watcher.quiet()
