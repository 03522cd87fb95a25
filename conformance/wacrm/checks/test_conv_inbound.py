"""CONV-04, -07: what customers write, of every type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.conversations import Conversation, receive_kind
from conformance.wacrm.steps.inbound_messages import KINDS, InboundSample

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row


TEXTS = {
    "a word": "Ciao",
    "emoji": "👍🏽 👩‍👩‍👧‍👦 🇮🇹",
    "right-to-left": "שלום مرحبا",
    "combining": "Z\u0301alg\u0308o",
    "lines": "one\n two\n\n\tthree",
    "markup": '<b>it\'s</b> & "so" \\ {{1}} %s ${x}',
    "long": "x" * 4000 + "é" * 96,
    "number": "0",
    "null": "null",
}


@requirement("CONV-04")
@pytest.mark.parametrize("kind", TEXTS)
def test_an_inbound_text_is_stored_unchanged(
    account: Account, start_customer: Callable[..., Conversation], kind: str
) -> None:
    conversation = start_customer()
    _is_inbound_text(conversation, account.receive(conversation.phone, TEXTS[kind]), TEXTS[kind])


@requirement("CONV-04")
@pytest.mark.parametrize("name", ["Ada", None])
def test_a_message_from_an_unknown_number_creates_contact_and_conversation(
    account: Account, start_customer: Callable[..., Conversation], name: str | None
) -> None:
    _ = start_customer  # asked for the capability that it checks
    phone, text = account.numbers.fresh(), account.marker()
    named = {} if name is None else {"profile_name": name}
    wamid = account.receive(phone, text, **named)
    contact = eventually(lambda: account.contact_by_phone(phone), account.mock_meta.patience)
    that(contact, f"a contact of the number {phone} after its first message", "none")
    _is_inbound_text(Conversation(account, contact), wamid, text)


@requirement("CONV-04")
def test_a_reply_to_a_send_is_in_the_same_conversation(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation, text = start_customer(), account.marker()
    conversation_id = conversation.send()["conversation_id"]
    _is_inbound_text(conversation, account.receive(conversation.phone, text), text)
    expect.equal(conversation.id, conversation_id, "the conversation of the reply")


@requirement("CONV-04")
@pytest.mark.parametrize("batch", [True, False])
def test_messages_of_several_customers_are_in_their_own_conversations(
    account: Account,
    start_customer: Callable[..., Conversation],
    batch: bool,  # noqa: FBT001 - a parameter
) -> None:
    conversations = [start_customer() for _ in range(4)]
    texts = [account.marker() for _ in conversations]
    items = [
        {"from": t.phone[1:], "type": "text", "text": {"body": s}} for t, s in zip(conversations, texts, strict=True)
    ]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=batch)
    for conversation, wamid, text in zip(conversations, wamids, texts, strict=True):
        _is_inbound_text(conversation, wamid, text)


@requirement("CONV-04")
def test_inbound_messages_of_every_type_have_inbound_direction_and_status(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation = start_customer()
    items = [{"from": conversation.phone[1:], **kind.item} for kind in KINDS.values() if kind.supported_by_mock]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    conversation.receive()
    exchange = conversation.messages()
    for row in (row for row in envelope.rows(exchange) if row.get("whatsapp_message_id") in wamids):
        for name, value in (("direction", "inbound"), ("sender_type", "customer"), ("status", "received")):
            expect.equal(row.get(name), value, f"the {name} of an inbound {row.get('content_type')}", exchange)


def _is_inbound_text(conversation: Conversation, wamid: str, text: str) -> None:
    """The message is in its conversation, once, with the documented members."""
    found = conversation.account.message(conversation.id, wamid, conversation.patience)
    exchange = conversation.messages()
    that(found, f"the inbound message {wamid} in its conversation", exchange.excerpt, exchange)
    row = found or {}
    wanted = {
        "direction": "inbound", "sender_type": "customer", "status": "received", "content_type": "text",
        "content_text": text, "whatsapp_message_id": wamid, "conversation_id": conversation.id, "media_url": None,
        "template_name": None, "reply_to_message_id": None,
    }  # fmt: skip
    for name, value in wanted.items():
        expect.equal(row.get(name), value, f"the inbound message's {name}", exchange)
    times = [r.get("whatsapp_message_id") for r in envelope.rows(exchange)].count(wamid)
    that(times == 1, "the message once", f"{times} times", exchange)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.must_be_stored])
def test_an_inbound_message_of_any_type_has_the_right_content_type(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    conversation, kind = start_customer(), KINDS[name]
    conversation.receive()
    _is_stored_as(conversation, receive_kind(account, conversation, kind), kind)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.must_be_stored])
def test_a_conversation_can_start_with_a_message_of_any_type(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    conversation, kind = start_customer(), KINDS[name]
    wamid = receive_kind(account, conversation, kind)
    shown = eventually(
        lambda: list(account.pages("/conversations", contact_id=conversation.contact["id"])), conversation.patience
    )
    that(shown, f"a conversation that begins with a message of type {name}", "none")
    _is_stored_as(conversation, wamid, kind)


@requirement("CONV-07")
def test_messages_of_all_types_in_one_webhook_are_stored(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation = start_customer()
    conversation.receive()
    kinds = [kind for kind in KINDS.values() if kind.supported_by_mock]
    items = [{"from": conversation.phone[1:], **kind.item} for kind in kinds]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    for wamid, kind in zip(wamids, kinds, strict=True):
        if kind.must_be_stored:
            _is_stored_as(conversation, wamid, kind)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.must_be_stored])
def test_reactions_and_notices_do_not_lose_other_messages(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    """Reactions and notices may be shown in any way or not at all; the messages after them are stored."""
    conversation = start_customer()
    target, kind = conversation.receive(), KINDS[name]
    item: Row = {"from": conversation.phone[1:], **kind.item}
    if "reaction" in item:
        item["reaction"] = {**item["reaction"], "message_id": target}
    text: Row = {"from": conversation.phone[1:], "type": "text", "text": {"body": account.marker()}}
    wamids = account.mock_meta.inbound(account.phone_number_id, item, text, batch=True)
    for wamid in (wamids[1], target):
        _is_stored_as(conversation, wamid, replace(KINDS["text"], text=None))


def _is_stored_as(conversation: Conversation, wamid: str, kind: InboundSample) -> None:
    found = eventually(
        lambda: _complete(conversation.account.message(conversation.id, wamid), kind), conversation.patience
    )
    exchange = conversation.messages()
    row = found or conversation.account.message(conversation.id, wamid)
    that(row, f"the message of type {kind.item['type']} in its conversation", exchange.excerpt, exchange)
    problem = kind.problem(row or {})
    that(problem is None, f"the message shown as {kind}", str(problem), exchange)


def _complete(row: Row | None, kind: InboundSample) -> Row | None:
    """The row once its media URL is there: a deployment may fetch media after storing the message."""
    return row if row is not None and (not kind.media or row.get("media_url")) else None
