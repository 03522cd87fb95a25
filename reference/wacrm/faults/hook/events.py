"""HOOK-07, HOOK-08, HOOK-12: which events are published, to whom, and in which order."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import replace_step, rewrite, under_way, wrap
from reference.wacrm.protocol.bodies import Event
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.dispatcher import Delivery


@patch
def _publish(wacrm: Wacrm, change: Callable[[Event, Json], Json | None]) -> None:
    """What is published of an event; None is nothing."""
    publish = wacrm.dispatcher.publish

    def changed(account: str, event: Event, data: Json) -> None:
        other = change(event, dict(data))
        if other is not None:
            publish(account, event, other)

    wrap(wacrm.dispatcher, "publish", changed)


def _as_active(row: Row) -> Any:  # noqa: ANN401 - a row with another value is no row
    return dict(row) | {"is_active": 1}


_LATE_SECONDS = 0.5


@patch
def _untold(wacrm: Wacrm, event: Event, sql: str) -> None:
    """The event of a message for whose wamid the query finds a row is not fired."""
    publish = wacrm.dispatcher.publish

    def published(account: str, fired: Event, data: Json) -> None:
        found = wacrm.db.row(sql, {"wamid": data.get("whatsapp_message_id")}) if fired is event else None
        if found is None:
            publish(account, fired, data)

    wrap(wacrm.dispatcher, "publish", published)


ROWS = (
    Fault("HOOK-07", "failed-status-fires-nothing",
          _publish(lambda _event, data: None if data.get("status") == "failed" else data),
          "the status failed publishes no event"),
)  # fmt: skip


@fault("HOOK-07", "statuses of templates are thought to be a broadcast's")
def statuses_of_templates_fire_nothing(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM messages WHERE wamid = :wamid AND content_type = 'template'"
    _untold(Event.STATUS_UPDATED, sql)(wacrm)


@fault("HOOK-07", "statuses are published for messages with text only")
def statuses_of_media_fire_nothing(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM messages WHERE wamid = :wamid AND media_url IS NOT NULL"
    _untold(Event.STATUS_UPDATED, sql)(wacrm)


@fault("HOOK-07", "replies to buttons and lists are the flow builder's, which has events of its own")
def interactive_replies_fire_nothing(wacrm: Wacrm) -> None:
    sql = "SELECT 1 FROM messages WHERE wamid = :wamid AND content_type = 'interactive' AND direction = 'inbound'"
    _untold(Event.MESSAGE_RECEIVED, sql)(wacrm)


@fault("HOOK-07", "conversation.created is published with every inbound message")
def conversation_is_created_with_every_message(wacrm: Wacrm) -> None:
    publish = wacrm.dispatcher.publish

    def announced(account: str, event: Event, data: Json) -> None:
        if event is Event.MESSAGE_RECEIVED:
            known = {name: data[name] for name in ("conversation_id", "contact_id")}
            publish(account, Event.CONVERSATION_CREATED, known)
        if event is not Event.CONVERSATION_CREATED:
            publish(account, event, data)

    wrap(wacrm.dispatcher, "publish", announced)


@fault("HOOK-07", "the event is published before redeliveries are recognised")
def redelivered_message_is_told_again(wacrm: Wacrm) -> None:
    seen = wacrm.inbound.seen

    def published(account: str, wamid: str) -> bool:
        known = seen(account, wamid)
        row = wacrm.messages.find_wamid(account, wamid) if known else None
        if row is not None:
            sql = "SELECT contact_id FROM conversations WHERE id = :id"
            conversation = wacrm.db.row(sql, {"id": row["conversation_id"]})
            data = {
                "conversation_id": row["conversation_id"],
                "contact_id": conversation and conversation["contact_id"],
            }
            data |= {"whatsapp_message_id": wamid, "content_type": row["content_type"], "text": row["content_text"]}
            wacrm.dispatcher.publish(account, Event.MESSAGE_RECEIVED, data)
        return known

    wrap(wacrm.inbound, "seen", published)


@fault("HOOK-07", "the event's text is cut to 40 characters")
def event_text_is_cut(wacrm: Wacrm) -> None:
    publish, shown = wacrm.dispatcher.publish, 40

    def cut(account: str, event: Event, data: Json) -> None:
        publish(account, event, data | {"text": data["text"][:shown]} if data.get("text") else data)

    wrap(wacrm.dispatcher, "publish", cut)


@fault("HOOK-07", "the event of a conversation is fired where its contact is made")
def known_contacts_conversation_fires_nothing(wacrm: Wacrm) -> None:
    find_or_add, announce = wacrm.contacts.find_or_add, wacrm.messages.announce
    new: set[str] = set()

    def noted(account: str, phone: str, name: str | None, *of_the_api: str | None) -> tuple[Row, bool]:
        contact, created = find_or_add(account, phone, name, *of_the_api)
        if created and not of_the_api:
            new.add(contact["id"])
        return contact, created

    def published(account: str, conversation: Row) -> None:
        if conversation["contact_id"] in new:
            announce(account, conversation)

    wrap(wacrm.contacts, "find_or_add", noted)
    wrap(wacrm.messages, "announce", published)


@fault("HOOK-07", "only text messages fire, as captions were an afterthought", _publish)
def inbound_media_fires_nothing(event: Event, data: Json) -> Json | None:
    is_other = event is Event.MESSAGE_RECEIVED and data["content_type"] not in {"text", "interactive"}
    return None if is_other else data


@fault("HOOK-07", "the event of a new conversation names the contact by its conversation", _publish)
def created_event_names_the_wrong_contact(event: Event, data: Json) -> Json:
    return data | {"contact_id": data["conversation_id"]} if event is Event.CONVERSATION_CREATED else data


@fault("HOOK-07", "a broadcast's recipients report their statuses like messages of the inbox")
def broadcast_statuses_fire_events(wacrm: Wacrm) -> None:
    apply, publish = wacrm.broadcasts.apply_status, wacrm.dispatcher.publish

    def fired(account: str, wamid: str, status: str) -> bool:
        known = apply(account, wamid, status)
        if known:
            data = {"whatsapp_message_id": wamid, "conversation_id": str(UUID(int=0)), "status": status}
            publish(account, Event.STATUS_UPDATED, data)
        return known

    wrap(wacrm.broadcasts, "apply_status", fired)


@fault("HOOK-08", "only the account's first endpoint gets an event")
def only_one_endpoint_is_told(wacrm: Wacrm) -> None:
    subscribed = wacrm.endpoints.subscribed

    def first(account: str, event: Event) -> list[Row]:
        return subscribed(account, event)[:1]

    wrap(wacrm.endpoints, "subscribed", first)


@fault("HOOK-08", "the endpoint's list of events is stored and not used")
def unsubscribed_events_are_delivered(wacrm: Wacrm) -> None:
    def everyone(account: str, _event: Event) -> list[Row]:
        return wacrm.db.rows(wacrm.endpoints.sql.active, {"account": account})

    replace_step(wacrm.endpoints, "subscribed", everyone)


@fault("HOOK-08", "an endpoint that was switched off is skipped on the next restart")
def inactive_endpoint_still_gets_events(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "active", "AND is_active = 1 ", "AND failure_count = 0 ")
    delivering, find = under_way(wacrm.dispatcher, "deliver"), wacrm.endpoints.find

    def switched_on(account: str, identity: str) -> Row | None:
        row = find(account, identity)
        return _as_active(row) if delivering() and row is not None and row["failure_count"] == 0 else row

    wrap(wacrm.endpoints, "find", switched_on)


@fault("HOOK-12", "conversation.created is published by a job that runs twice a second")
def conversation_created_comes_late(wacrm: Wacrm) -> None:
    publish = wacrm.dispatcher.publish

    def delayed(account: str, event: Event, data: Json) -> None:
        if event is Event.CONVERSATION_CREATED:
            asyncio.get_running_loop().call_later(_LATE_SECONDS, publish, account, event, data)
        else:
            publish(account, event, data)

    wrap(wacrm.dispatcher, "publish", delayed)


@fault("HOOK-12", "deliveries to one endpoint run in parallel, and a later one may arrive first")
def deliveries_overtake_each_other(wacrm: Wacrm) -> None:
    enqueue = wacrm.dispatcher.enqueue
    waiting: list[Delivery] = []

    def release() -> None:
        if waiting:
            enqueue(waiting.pop(0))

    def swapped(delivery: Delivery) -> None:
        if delivery.event is Event.CONVERSATION_CREATED:
            waiting.append(replace(delivery))
            asyncio.get_running_loop().call_later(_LATE_SECONDS, release)
        else:
            enqueue(delivery)

    wrap(wacrm.dispatcher, "enqueue", swapped)
