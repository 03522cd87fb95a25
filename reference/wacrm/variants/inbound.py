"""Variants: customers' messages, their media, and what is no message."""

from collections.abc import Iterator
from dataclasses import replace

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.messages import Draft
from reference.wacrm.inbound.customer_messages import Content, text_at
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.variants.registry import variant


@variant("whether media_url is absolute or relative to the deployment (CONV-12)")
def media_urls_are_relative(wacrm: Wacrm) -> None:
    draft = wacrm.inbound.draft

    def relative(wamid: str, content: Content, quoted: str | None, reply_to: str | None, media_root: str) -> Draft:
        made = draft(wamid, content, quoted, reply_to, media_root)
        return replace(made, media_url=made.media_url and f"/{made.media_url.split('/', 3)[3]}")

    wrap(wacrm.inbound, "draft", relative)


@variant("whether a file is there with its message or a moment later (CONV-12)")
def media_urls_come_a_moment_later(wacrm: Wacrm) -> None:
    present, clock = wacrm.messages.present, wacrm.clock

    def later(row: Row) -> Json:
        shown = present(row)
        is_copied = row["direction"] == "outbound" or row["created_at"] < clock.ago(0.4)
        return shown if is_copied else shown | {"media_url": None}

    wrap(wacrm.messages, "present", later)


@variant("whether an edit changes the message that it is about (CONV-11)")
def edits_change_the_message(wacrm: Wacrm) -> None:
    receive = wacrm.inbound.receive
    change = "UPDATE messages SET content_text = :text WHERE account_id = :account AND wamid = :wamid"

    def edited(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        if item.get("type") == "edit":
            text = text_at(item, "edit", "message", "text", "body")
            wamid = text_at(item, "edit", "original_message_id")
            wacrm.db.run(change, {"account": account, "wamid": wamid, "text": text})
        receive(account, item, names, media_root)

    wrap(wacrm.inbound, "receive", edited)


@variant("whether what the business wrote on its phone is kept, as sent (CONV-11)")
def echoes_are_sent_messages(wacrm: Wacrm) -> None:
    process = wacrm.meta_webhook.process

    async def with_echoes(post: Post) -> None:
        for account, echo in _echoes(wacrm, post.payload):
            _keep(wacrm, account, echo)
        await process(post)

    wrap(wacrm.meta_webhook, "process", with_echoes)


def _echoes(wacrm: Wacrm, payload: object) -> Iterator[tuple[str, Json]]:
    """The account and the item of each echo."""
    match payload:
        case {"entry": [{"changes": [{"field": "smb_message_echoes", "value": dict(value)}]}]}:
            account = wacrm.keys.account_of_number(value["metadata"]["phone_number_id"])
            yield from ((account, echo) for echo in value["message_echoes"] if account is not None)


def _keep(wacrm: Wacrm, account: str, echo: Json) -> None:
    content = wacrm.inbound.content(echo)
    draft = wacrm.inbound.draft(echo["id"], content, None, None, "")
    contact, _ = wacrm.contacts.find_or_add(account, f"+{echo['to']}", None)
    conversation, _ = wacrm.conversations.find_or_add(account, contact["id"])
    sent = replace(draft, direction="outbound", sender_type="agent", status="sent")
    wacrm.messages.add(account, conversation["id"], sent)
