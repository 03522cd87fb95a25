"""HOOK-13: events that are lost, doubled or invented when much happens in one thread."""

import json
import time
from collections import Counter
from contextvars import ContextVar

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import Event, MessageCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row

_BUSY = 1.0


@patch
def _when_busy(wacrm: Wacrm, times: int) -> None:
    """The third message and later ones of a conversation within a second are told so many times to an endpoint that hears
    of everything.
    """
    publish, subscribed = wacrm.dispatcher.publish, wacrm.endpoints.subscribed
    arrived: dict[str, list[float]] = {}
    busy: ContextVar[bool] = ContextVar("busy", default=False)

    def told(account: str, event: Event, data: Json) -> None:
        now, is_message = time.monotonic(), event is Event.MESSAGE_RECEIVED
        recent = [at for at in arrived.get(data["conversation_id"], []) if at > now - _BUSY] + [now] * is_message
        arrived[data["conversation_id"]] = recent
        busy.set(is_message and len(recent) > 2)  # noqa: PLR2004 - the third
        publish(account, event, data)
        busy.set(False)

    def several(account: str, event: Event) -> list[Row]:
        rows = subscribed(account, event)
        return [row for row in rows for _ in range(times if busy.get() and _hears_all(row) else 1)]

    wrap(wacrm.dispatcher, "publish", told)
    wrap(wacrm.endpoints, "subscribed", several)


def _hears_all(endpoint: Row) -> bool:
    return len(json.loads(endpoint["events"])) == len(Event)


ROWS = (
    Fault("HOOK-13", "fast-messages-are-told-twice", _when_busy(2),
          "two workers take the same job when several are queued for one conversation"),
    Fault("HOOK-13", "fast-messages-are-not-told", _when_busy(0),
          "jobs of one conversation replace each other while the first is running"),
)  # fmt: skip


@fault("HOOK-13", "a second send into a thread that the customer began creates it again")
def second_send_creates_the_conversation_again(wacrm: Wacrm) -> None:
    record = wacrm.messages.record
    sends: Counter[str] = Counter()

    def announced(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        answer = record(account, body, wamid, quoted)
        sends[answer["conversation_id"]] += 1
        if sends[answer["conversation_id"]] == 2:  # noqa: PLR2004 - the second
            known = {name: answer[name] for name in ("conversation_id", "contact_id")}
            wacrm.dispatcher.publish(account, Event.CONVERSATION_CREATED, known)
        return answer

    wrap(wacrm.messages, "record", announced)


@fault("HOOK-13", "what was read must have been delivered: that is told too, though Meta never said so")
def read_is_told_as_delivered_too(wacrm: Wacrm) -> None:
    publish = wacrm.dispatcher.publish
    delivered: set[str] = set()

    def told(account: str, event: Event, data: Json) -> None:
        if event is Event.STATUS_UPDATED:
            wamid, status = data["whatsapp_message_id"], data["status"]
            if status == "read" and wamid not in delivered:
                publish(account, event, data | {"status": "delivered"})
            delivered.update({wamid} if status == "delivered" else ())
        publish(account, event, data)

    wrap(wacrm.dispatcher, "publish", told)
