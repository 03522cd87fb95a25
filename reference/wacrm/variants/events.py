"""Variants: work on Meta's webhooks, and outbound webhooks."""

import asyncio
import time

from reference.wacrm.assembly import Wacrm
from reference.wacrm.inbound.meta_webhook import Change, Post
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.bodies import Event, MessageCreate, WebhookPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.variants.registry import variant
from reference.wacrm.webhooks.dispatcher import Delivery


@variant("when Meta's webhook is worked on after its acknowledgement")
def webhooks_are_worked_on_late(wacrm: Wacrm) -> None:
    process = wacrm.meta_webhook.process

    async def later(post: Post) -> None:
        await asyncio.sleep(0.25)
        await process(post)

    wrap(wacrm.meta_webhook, "process", later)


@variant("whether the failures of an endpoint's former URL count against its new one")
def a_new_url_begins_without_failures(wacrm: Wacrm) -> None:
    changed = wacrm.endpoints.changed

    def forgiven(row: Row, body: WebhookPatch) -> dict[str, object]:
        return changed(row, body) | ({"failure_count": 0} if "url" in body.model_fields_set else {})

    wrap(wacrm.endpoints, "changed", forgiven)


@variant("how deliveries are made: by one worker, one after the other, which rests when there is none")
def a_worker_delivers_one_after_the_other(wacrm: Wacrm) -> None:
    deliver, lock, busy = wacrm.dispatcher.deliver, asyncio.Lock(), [0.0]

    async def in_turn(delivery: Delivery) -> None:
        async with lock:
            if time.monotonic() - busy[0] > 0.1:  # noqa: PLR2004 - it had nothing to do
                await asyncio.sleep(2.2)
            await deliver(delivery)
            busy[0] = time.monotonic()

    wrap(wacrm.dispatcher, "deliver", in_turn)


@variant("whether a message that Meta took is published as sent (HOOK-07)")
def a_send_is_told_as_sent(wacrm: Wacrm) -> None:
    record = wacrm.messages.record

    def published(account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        answer = record(account, body, wamid, quoted)
        data = {"whatsapp_message_id": wamid, "conversation_id": answer["conversation_id"], "status": "sent"}
        wacrm.dispatcher.publish(account, Event.STATUS_UPDATED, data)
        return answer

    wrap(wacrm.messages, "record", published)


@variant("whether a status that Meta repeats is told again (HOOK-07)")
def repeated_status_is_told_again(wacrm: Wacrm) -> None:
    take = wacrm.meta_webhook.take_status

    def published(change: Change, item: Json) -> None:
        row = wacrm.messages.find_wamid(change.account, str(item.get("id")))
        if row is not None and row["status"] == item.get("status"):
            data = {"whatsapp_message_id": row["wamid"], "conversation_id": row["conversation_id"]}
            wacrm.dispatcher.publish(change.account, Event.STATUS_UPDATED, data | {"status": row["status"]})
        take(change, item)

    wrap(wacrm.meta_webhook, "take_status", published)
