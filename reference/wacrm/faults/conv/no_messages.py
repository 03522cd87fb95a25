"""CONV-11: what is no message, and is taken for one."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.inbound.customer_messages import Content, text_at
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json


@patch
def _message(wacrm: Wacrm, kind: str, read: Callable[[Json], Content]) -> None:
    """Items of one type are messages, with this content."""
    is_message, content = wacrm.inbound.is_message, wacrm.inbound.content

    def also(item: Json) -> bool:
        return item.get("type") == kind or is_message(item)

    def of(item: Json) -> Content:
        return read(item) if item.get("type") == kind else content(item)

    wrap(wacrm.inbound, "is_message", also)
    wrap(wacrm.inbound, "content", of)


@patch
def _notice(wacrm: Wacrm, kind: str, about: Callable[[Wacrm, str, Json], None]) -> None:
    """Items of one type, which are no messages, do something all the same."""
    receive = wacrm.inbound.receive

    def noted(account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        if item.get("type") == kind:
            about(wacrm, account, item)
        receive(account, item, names, media_root)

    wrap(wacrm.inbound, "receive", noted)


@fault("CONV-11", "a reaction is stored as a text that consists of its emoji", partial(_message, "reaction"))
def reactions_are_messages(item: Json) -> Content:
    return Content("text", text_at(item, "reaction", "emoji"))


@fault("CONV-11", "an edit is stored as a further message with the new text", partial(_message, "edit"))
def edits_are_further_messages(item: Json) -> Content:
    return Content("text", text_at(item, "edit", "message", "text", "body"))


@fault("CONV-11", "a notice of WhatsApp's is stored as if the customer had written it", partial(_message, "system"))
def system_notices_are_the_customers_words(item: Json) -> Content:
    return Content("text", text_at(item, "system", "body"))


@fault("CONV-11", "a deleted message makes the conversation unread once more", partial(_notice, "revoke"))
def deletions_are_unread(wacrm: Wacrm, account: str, item: Json) -> None:
    _, phone = wacrm.inbound.identify(item)
    conversation = wacrm.messages.conversation_of(account, phone)
    if conversation is not None:
        wacrm.conversations.note_older_message(account, conversation, wacrm.clock.now(), inbound=True)


@fault("CONV-11", "contact and conversation are made before it is asked what came", partial(_notice, "reaction"))
def a_strangers_reaction_opens_an_empty_conversation(wacrm: Wacrm, account: str, item: Json) -> None:
    _, phone = wacrm.inbound.identify(item)
    contact, _ = wacrm.contacts.find_or_add(account, phone, None)
    wacrm.conversations.find_or_add(account, contact["id"])


@fault("CONV-11", "what the business wrote on its phone is read like what customers write")
def echoes_are_messages_of_a_customer(wacrm: Wacrm) -> None:
    process = wacrm.meta_webhook.process

    async def with_echoes(post: Post) -> None:
        payload = deepcopy(post.payload)
        entries = payload.get("entry") if isinstance(payload, dict) else None
        for entry in entries if isinstance(entries, list) else []:
            for change in entry.get("changes", []) if isinstance(entry, dict) else []:
                value = change.get("value") if isinstance(change, dict) else None
                if isinstance(value, dict) and "message_echoes" in value:
                    value["messages"] = value["message_echoes"]
        await process(replace(post, payload=payload))

    wrap(wacrm.meta_webhook, "process", with_echoes)
