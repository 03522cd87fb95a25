"""CONV-09: the id of a button or list reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.conversations import OUTBOUND, Conversation
from conformance.wacrm.steps.inbound_messages import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row


REPLY_IDS = ("yes", "BTN_Yes 1", "a-b_c.d:1", "ключ ✓", "0", "i" * 200, '{"a": 1}')


@requirement("CONV-09")
@pytest.mark.parametrize("reply_id", REPLY_IDS)
@pytest.mark.parametrize("kind", ["button_reply", "list_reply"])
def test_a_reply_has_the_id_of_the_choice(
    account: Account, start_customer: Callable[..., Conversation], kind: str, reply_id: str
) -> None:
    conversation = start_customer()
    reply: Row = {"id": reply_id, "title": "The title"} | ({"description": "More"} if kind == "list_reply" else {})
    wamid = account.receive(conversation.phone, type="interactive", interactive={"type": kind, kind: reply})
    row = conversation.row(wamid)
    exchange = conversation.messages()
    expect.equal(row.get("interactive_reply_id"), reply_id, "interactive_reply_id", exchange)


@requirement("CONV-09")
def test_a_quoting_reply_has_the_id_of_the_choice(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation = start_customer()
    sent = conversation.send()
    reply = {"type": "button_reply", "button_reply": {"id": "no", "title": "No"}}
    context = {"id": sent["whatsapp_message_id"]}
    row = conversation.row(account.receive(conversation.phone, type="interactive", interactive=reply, context=context))
    expect.equal(row.get("interactive_reply_id"), "no", "interactive_reply_id", conversation.messages())


@requirement("CONV-09")
def test_other_content_types_have_no_reply_id(account: Account, start_customer: Callable[..., Conversation]) -> None:
    conversation = start_customer()
    kinds = [kind for kind in KINDS.values() if kind.supported_by_mock]
    items = [{"from": conversation.phone[1:], **kind.item} for kind in kinds]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    awaited = {wamid for wamid, kind in zip(wamids, kinds, strict=True) if kind.must_be_stored}
    eventually(
        lambda: awaited <= {row.get("whatsapp_message_id") for row in envelope.rows(conversation.messages())},
        conversation.patience,
    )
    conversation.receive(context={"id": wamids[0]})
    for fields in (OUTBOUND["text"], OUTBOUND["template"], OUTBOUND["image"]):
        conversation.send(**fields)
    exchange = conversation.messages()
    unexpected = [
        r for r in envelope.rows(exchange) if r.get("content_type") != "interactive" and r.get("interactive_reply_id")
    ]
    that(not unexpected, "interactive_reply_id null for every other content type", f"{unexpected[:2]}", exchange)
