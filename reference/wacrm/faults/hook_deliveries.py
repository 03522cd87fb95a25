"""HOOK: defects in what is told more than once, what counts as delivered, and what a change of an endpoint takes along."""

import asyncio
from itertools import count
from uuid import UUID

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, rewrite
from reference.wacrm.inbound.meta_webhook import Change
from reference.wacrm.protocol.bodies import Event, WebhookCreate, WebhookPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.webhooks.dispatcher import Delivery


def _after_a_change(wacrm: Wacrm, sql: str, member: str) -> None:
    """Run a statement with `:id` after a PATCH that sends the member."""
    update = wacrm.endpoints.update

    def followed(account: str, text: str, body: WebhookPatch) -> Json:
        shown = update(account, text, body)
        if member in body.model_fields_set:
            wacrm.db.run(sql, {"id": shown["id"]})
        return wacrm.endpoints.read(account, text)

    patch(wacrm.endpoints, "update", followed)


@fault("HOOK-03", "the date is set where it is still empty")
def last_delivery_stays_the_first(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.endpoints.sql, "success", "last_delivery_at = :now", "last_delivery_at = COALESCE(last_delivery_at, :now)"
    )


def _assign(wacrm: Wacrm, column: str) -> None:
    """A PATCH writes the column of this name too."""
    validate, update = wacrm.bodies.validate, wacrm.endpoints.update
    sent: list[Json] = []

    def seen(body: Json, model: type) -> object:
        sent[:] = [body] if model is WebhookPatch else sent
        return validate(body, model)

    def assigned(account: str, text: str, body: WebhookPatch) -> Json:
        shown = update(account, text, body)
        if sent and isinstance(sent[0].get(column), str | int):
            sql = f"UPDATE webhook_endpoints SET {column} = :value WHERE id = :id"  # noqa: S608 - the fault's own name
            wacrm.db.run(sql, {"value": sent[0][column], "id": shown["id"]})
        return wacrm.endpoints.read(account, text)

    patch(wacrm.bodies, "validate", seen)
    patch(wacrm.endpoints, "update", assigned)


@fault("HOOK-03", "the body of a change is spread into the UPDATE, whatever it holds")
def patch_sets_the_failure_count(wacrm: Wacrm) -> None:
    _assign(wacrm, "failure_count")


@fault("HOOK-06", "the body of a change is spread into the UPDATE, the secret among it")
def patch_replaces_the_secret(wacrm: Wacrm) -> None:
    _assign(wacrm, "secret")


@fault("HOOK-06", "a new URL gets a new secret, which nobody is told")
def changed_url_rotates_the_secret(wacrm: Wacrm) -> None:
    _after_a_change(
        wacrm, "UPDATE webhook_endpoints SET secret = 'whsec_' || hex(randomblob(24)) WHERE id = :id", "url"
    )


@fault("HOOK-06", "a new URL is an upsert that leaves the secret empty")
def changed_url_loses_the_secret(wacrm: Wacrm) -> None:
    _after_a_change(wacrm, "UPDATE webhook_endpoints SET secret = '' WHERE id = :id", "url")


@fault("HOOK-05", "each endpoint's deliveries are numbered, and the number is the id")
def delivery_ids_count_per_endpoint(wacrm: Wacrm) -> None:
    enqueue = wacrm.dispatcher.enqueue
    numbers: dict[str, count[int]] = {}

    def numbered(delivery: Delivery) -> None:
        number = next(numbers.setdefault(delivery.endpoint, count(1)))
        identity = str(UUID(int=number, version=4)).encode()
        head, _, rest = delivery.body.partition(b'"id":"')
        body = head + b'"id":"' + identity + rest[len(identity) :]
        enqueue(Delivery(delivery.account, delivery.endpoint, delivery.event, body))

    patch(wacrm.dispatcher, "enqueue", numbered)


@fault("HOOK-07", "the event is fired before it is known whether the message is")
def redelivered_message_is_told_again(wacrm: Wacrm) -> None:
    seen = wacrm.inbound.seen

    def told(account: str, wamid: str) -> bool:
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

    patch(wacrm.inbound, "seen", told)


@fault("HOOK-07", "the event is fired for every report, whether it changed anything or not")
def repeated_status_is_told_again(wacrm: Wacrm) -> None:
    take = wacrm.inbox.take_status

    def told(change: Change, item: Json) -> None:
        row = wacrm.messages.find_wamid(change.account, str(item.get("id")))
        if row is not None and row["status"] == item.get("status"):
            data = {"whatsapp_message_id": row["wamid"], "conversation_id": row["conversation_id"]}
            wacrm.dispatcher.publish(change.account, Event.STATUS_UPDATED, data | {"status": row["status"]})
        take(change, item)

    patch(wacrm.inbox, "take_status", told)


@fault("HOOK-07", "the event of a conversation is fired where its contact is made")
def known_contacts_conversation_fires_nothing(wacrm: Wacrm) -> None:
    find_or_add, announce = wacrm.contacts.find_or_add, wacrm.messages.announce
    new: set[str] = set()

    def noted(account: str, phone: str, name: str | None, *of_the_api: str | None) -> tuple[Row, bool]:
        contact, created = find_or_add(account, phone, name, *of_the_api)
        if created and not of_the_api:
            new.add(contact["id"])
        return contact, created

    def told(account: str, conversation: Row) -> None:
        if conversation["contact_id"] in new:
            announce(account, conversation)

    patch(wacrm.contacts, "find_or_add", noted)
    patch(wacrm.messages, "announce", told)


@fault("HOOK-08", "a registration is active, whatever it says")
def registered_inactive_is_active(wacrm: Wacrm) -> None:
    create = wacrm.endpoints.create

    def active(account: str, body: WebhookCreate) -> Json:
        return create(account, body.model_copy(update={"is_active": True}))

    patch(wacrm.endpoints, "create", active)


@fault("HOOK-10", "a redirect is an answer, and no error")
def redirects_are_successes(wacrm: Wacrm) -> None:
    def answered(status: int) -> bool:
        return status < 400  # noqa: PLR2004 - the first status of errors

    patch(wacrm.dispatcher, "succeeded", answered)


@fault("HOOK-10", "success is 200, and nothing else that a receiver may answer")
def other_2xx_are_failures(wacrm: Wacrm) -> None:
    def answered(status: int) -> bool:
        return status == 200  # noqa: PLR2004 - the only one thought of

    patch(wacrm.dispatcher, "succeeded", answered)


@fault("HOOK-10", "every change of an endpoint is a fresh start")
def any_change_resets_the_count(wacrm: Wacrm) -> None:
    _after_a_change(wacrm, "UPDATE webhook_endpoints SET failure_count = 0 WHERE id = :id", "events")


@fault("HOOK-10", "the count is read, and written back a moment later")
def failure_count_loses_updates(wacrm: Wacrm) -> None:
    def note(account: str, identity: str) -> None:
        row = wacrm.endpoints.find(account, identity)
        counted = {
            "id": identity,
            "failures": (row["failure_count"] if row else 0) + 1,
            "most": wacrm.endpoints.failures,
        }
        sql = (
            "UPDATE webhook_endpoints SET failure_count = :failures, is_active = is_active AND :failures < :most "
            "WHERE id = :id"
        )
        asyncio.get_running_loop().call_later(0.03, wacrm.db.run, sql, counted)

    patch(wacrm.endpoints, "note_failure", note)
