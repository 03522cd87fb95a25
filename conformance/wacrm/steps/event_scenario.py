"""One scenario with every kind of event, and endpoints with every subscription (HOOK-05 to HOOK-08, HOOK-12)."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import PLAIN
from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.broadcasts import launch
from conformance.wacrm.steps.endpoints import CREATED, EVENTS, RECEIVED, STATUS, Endpoint, Endpoints, event_data

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account, Row
    from conformance.webhooks.receiver_client import Attempt

NEW_CUSTOMERS = 8
"""Customers who write for the first time at the same moment."""
MESSAGE_TYPES: dict[str, dict[str, Any]] = {
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
TEXT = 'Żółć 🎉 עברית \\ "quoted" </script> & 5 < 6\nsecond line'


@dataclass
class EventScenario:
    """What happened, and the endpoints that received it. Rows are answers of the API, wamids are Meta's.

    `url_changed` was moved to another URL; `secret_changed` got a PATCH with another secret; `redelivered` are messages
    that Meta delivered several times; `known_contact` was created before its first message; `template` is empty where
    the target refused the send.
    """

    account: Account
    all_events: Endpoint
    by_event: dict[str, Endpoint]
    inactive: Endpoint
    reactivated: Endpoint
    resubscribed: Endpoint
    deleted: Endpoint
    url_changed: Endpoint
    secret_changed: Endpoint
    customer: str = ""
    first: str = ""
    second: str = ""
    new_customers: list[str] = field(default_factory=list)
    by_type: dict[str, str] = field(default_factory=dict)
    sent: Row = field(default_factory=dict)
    failed: Row = field(default_factory=dict)
    repeated: Row = field(default_factory=dict)
    template: Row = field(default_factory=dict)
    redelivered: list[str] = field(default_factory=list)
    known_contact: Row = field(default_factory=dict)
    broadcast: dict[str, str] = field(default_factory=dict)
    last: str = ""
    last_registered: float = field(default_factory=time.time)

    @property
    def patience(self) -> float:
        return self.account.mock_meta.patience

    def contact(self) -> Row:
        """The contact of the first customer."""
        found = self.account.contact_by_phone(self.customer)
        if found is None:
            raise NoVerdict("no contact is found for the first customer")
        return found

    def conversation_ids(self) -> set[object]:
        """Ids of this scenario's conversations. Other checks' events arrive at these endpoints as well."""
        sends = (self.sent, self.failed, self.repeated, self.template)
        wamids = {self.first, self.second, self.last, *self.new_customers, *self.by_type.values(), *self.redelivered}
        wamids |= {str(row["whatsapp_message_id"]) for row in sends if row}
        matches_event = [event_data(attempt) for endpoint in self.subscribed for attempt in endpoint.attempts()]
        return {data.get("conversation_id") for data in matches_event if data.get("whatsapp_message_id") in wamids}

    def after_setup(self, endpoint: Endpoint) -> list[Attempt]:
        """Attempts after all endpoints were set up; other checks' events may have arrived before."""
        return [attempt for attempt in endpoint.attempts() if attempt.at > self.last_registered]

    def after_patch_of(self, member: str) -> Endpoint:
        """The endpoint that had a PATCH of this member."""
        return {
            "is_active": self.reactivated,
            "events": self.resubscribed,
            "url": self.url_changed,
            "secret": self.secret_changed,
        }[member]

    def received(self, wamid: str) -> list[Attempt]:
        """Deliveries of `message.received` for this message."""
        return self.all_events.events(RECEIVED, whatsapp_message_id=wamid)

    def created(self, **data: Any) -> list[Attempt]:  # noqa: ANN401 - JSON
        """Deliveries of `conversation.created` with these values."""
        return self.all_events.events(CREATED, **data)

    def updated(self, wamid: str, status: str | None = None) -> list[Attempt]:
        """Deliveries of `message.status_updated` for this message, to any status or to this one."""
        wanted = {} if status is None else {"status": status}
        return self.all_events.events(STATUS, whatsapp_message_id=wamid, **wanted)

    def require_last(self) -> None:
        """No verdict unless the scenario's last event was delivered."""
        if not self.received(self.last):
            raise NoVerdict("the last event is not delivered")

    @property
    def attempts(self) -> list[Attempt]:
        return self.all_events.attempts()

    @property
    def subscribed(self) -> list[Endpoint]:
        return [
            self.all_events,
            *self.by_event.values(),
            self.reactivated,
            self.resubscribed,
            self.url_changed,
            self.secret_changed,
        ]


def register_endpoints(account: Account, endpoints: Endpoints) -> EventScenario:
    inactive, reactivated, deleted, secret_changed = (endpoints.register() for _ in range(4))
    inactive.patch(is_active=False)
    reactivated.patch(is_active=False)
    resubscribed = endpoints.register(STATUS)
    resubscribed.patch(events=[CREATED])
    deleted.delete()
    endpoints.api.patch(f"/webhooks/{secret_changed.id}", {"secret": f"whsec_{account.marker()}{account.marker()}"})
    url_changed = endpoints.register().moved_to_new_path()
    by_event = {event: endpoints.register(event) for event in EVENTS}
    return EventScenario(
        account,
        endpoints.register(),
        by_event,
        inactive,
        reactivated,
        resubscribed,
        deleted,
        url_changed,
        secret_changed,
    )


def run_scenario(scenario: EventScenario, endpoints: Endpoints) -> None:
    account = scenario.account
    scenario.customer = account.numbers.fresh()
    scenario.first = account.receive(scenario.customer, TEXT)
    scenario.all_events.wait(RECEIVED, whatsapp_message_id=scenario.first)
    endpoints.require_reachable()
    scenario.reactivated.patch(is_active=True)
    scenario.second = account.receive(scenario.customer)
    _send(scenario)
    scenario.broadcast = _broadcast(account)
    for kind, message in MESSAGE_TYPES.items():
        scenario.by_type[kind] = account.receive(account.numbers.fresh(), **message)
    new_customers = [_first_text(account) for _ in range(NEW_CUSTOMERS)]
    scenario.new_customers = account.mock_meta.inbound(account.phone_number_id, *new_customers)
    scenario.known_contact = account.contact()
    account.receive(account.phone_of(scenario.known_contact))
    _redeliver(scenario)
    _wait_for_all_events(scenario)


def _first_text(account: Account) -> dict[str, Any]:
    """A text from a new customer, in Meta's form."""
    number = account.numbers.fresh().removeprefix("+")
    return {"from": number, "type": "text", "text": {"body": account.marker()}}


def _redeliver(scenario: EventScenario) -> None:
    """A new customer's message, which Meta delivers three times."""
    mock_meta = scenario.account.mock_meta
    body = {
        "phone_number_id": scenario.account.phone_number_id,
        "messages": [_first_text(scenario.account)],
        "wait": True,
    }
    first = mock_meta.request("POST", "/inbound", body)
    mock_meta.acknowledged(first["deliveries"])
    scenario.redelivered = list(first["wamids"])
    for _ in range(2):
        mock_meta.acknowledged([mock_meta.replay(first["deliveries"][0]["id"])])


def _send(scenario: EventScenario) -> None:
    """Single sends: a text that is read, one that fails after Meta accepted it, an image whose `delivered` is
    reported three times, and a template where the target sends it.
    """
    account = scenario.account
    to, chatty, template = (account.numbers.fresh() for _ in range(3))
    unlucky = account.phone_of(account.contact())
    account.mock_meta.script(to, ("sent", 0.0), ("delivered", 0.05), ("read", 0.12))
    account.mock_meta.script(unlucky, {"status": "failed", "after": 0.05, "error": {"code": 131026}})
    account.mock_meta.script(chatty, *[("delivered", 0.05)] * 3, ("read", 0.2))
    account.mock_meta.script(template, ("delivered", 0.05), ("read", 0.1))
    scenario.sent, scenario.failed = account.send(to), account.send(unlucky)
    scenario.repeated = account.send(chatty, type="image", media_url="https://media.wacrm.invalid/x.jpg")
    with suppress(NoVerdict):
        scenario.template = account.send(template, type="template", template={"name": PLAIN, "language": "en_US"})


def _broadcast(account: Account) -> dict[str, str]:
    to = account.numbers.many(2)
    account.mock_meta.script(to, ("delivered", 0.0), ("read", 0.05))
    broadcast = launch(account, to)
    broadcast.finished()
    return broadcast.wamids()


def _wait_for_all_events(scenario: EventScenario) -> None:
    """Wait for every expected event, then for one more, after which no earlier one can still arrive."""
    all_events = scenario.all_events
    all_events.wait(STATUS, whatsapp_message_id=scenario.sent["whatsapp_message_id"], status="read")
    all_events.wait(STATUS, whatsapp_message_id=scenario.failed["whatsapp_message_id"], status="failed")
    all_events.wait(STATUS, whatsapp_message_id=scenario.repeated["whatsapp_message_id"], status="read")
    if scenario.template:
        all_events.wait(STATUS, whatsapp_message_id=scenario.template["whatsapp_message_id"], status="read")
    scenario.last = scenario.account.receive(scenario.customer)
    for endpoint in (all_events, scenario.by_event[RECEIVED], scenario.reactivated):
        endpoint.wait(RECEIVED, whatsapp_message_id=scenario.last)
    all_events.quiet()
