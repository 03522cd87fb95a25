"""CONV-03, -08: the messages of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.conversations import is_documented
from conformance.wacrm.steps.conversations import OUTBOUND, Conversation, wait_until_processed
from conformance.wacrm.steps.inbound_messages import KINDS
from conformance.wacrm.steps.pagination import out_of_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


@requirement("CONV-03")
def test_a_list_has_exactly_the_messages_of_its_conversation(start_customer: Callable[..., Conversation]) -> None:
    conversations = [start_customer(), start_customer()]
    expected: dict[str, list[str]] = {conversation.phone: [] for conversation in conversations}
    for _ in range(3):
        for conversation in conversations:
            expected[conversation.phone] += [conversation.receive(), str(conversation.send()["whatsapp_message_id"])]
    for conversation in conversations:
        exchange = conversation.messages()
        is_documented("listConversationMessages", expect.status(exchange, 200))
        rows = envelope.rows(exchange)
        wamids = [row.get("whatsapp_message_id") for row in rows]
        expect.same_members(wamids, expected[conversation.phone], "the conversation's messages", exchange)
        expect.equal(
            {row.get("conversation_id") for row in rows}, {conversation.id}, "the messages' conversation_id", exchange
        )
        _newest_first(rows, expected[conversation.phone], exchange)


def _newest_first(rows: Sequence[Row], expected: list[str], exchange: Exchange) -> None:
    """Sorted by `(created_at, id)`, and in the order of sending where all timestamps differ."""
    wrong = out_of_order(rows)
    that(wrong is None, "the newest message first", str(wrong), exchange)
    if len({row.get("created_at") for row in rows}) == len(rows):
        shown = [row.get("whatsapp_message_id") for row in rows]
        that(
            shown == expected[::-1],
            "the messages in reverse order of sending",
            f"{shown}, sent in the order {expected}",
            exchange,
        )


@requirement("CONV-03")
def test_messages_of_one_webhook_are_listed_newest_first(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation = start_customer()
    items = [{"from": conversation.phone[1:], "type": "text", "text": {"body": account.marker()}} for _ in range(12)]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    for wamid in wamids:
        conversation.wait_for(wamid)
    exchange = conversation.messages()
    expect.same_members(
        [r.get("whatsapp_message_id") for r in envelope.rows(exchange)], wamids, "the messages", exchange
    )
    wrong = out_of_order(envelope.rows(exchange))
    that(wrong is None, "the newest message first", str(wrong), exchange)


@requirement("CONV-03")
def test_a_list_has_messages_of_every_type(account: Account, start_customer: Callable[..., Conversation]) -> None:
    conversation = start_customer()
    sent = [str(conversation.send(**fields)["whatsapp_message_id"]) for fields in OUTBOUND.values()]
    kinds = [kind for kind in KINDS.values() if kind.supported_by_mock and kind.must_be_stored]
    items = [{"from": conversation.phone[1:], **kind.item} for kind in kinds]
    received = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    eventually(lambda: len(envelope.rows(conversation.messages())) >= len(sent + received), conversation.patience)
    exchange = conversation.messages()
    shown = [row.get("whatsapp_message_id") for row in envelope.rows(exchange)]
    known = [wamid for wamid in received if wamid in shown]  # CONV-07 reports messages that are not stored
    expect.same_members(shown, sent + known, "the conversation's messages", exchange)


@requirement("CONV-03")
@pytest.mark.parametrize("status", ["delivered", "read", "failed"])
def test_a_message_stays_listed_when_its_status_changes(
    account: Account, start_customer: Callable[..., Conversation], status: str
) -> None:
    conversation = start_customer()
    account.mock_meta.script(conversation.phone)
    wamids = [conversation.receive(), *(str(conversation.send()["whatsapp_message_id"]) for _ in range(2))]
    item = {"id": wamids[1], "status": status, "recipient_id": conversation.phone[1:]}
    account.mock_meta.statuses(account.phone_number_id, item)
    wait_until_processed(conversation)
    exchange = conversation.messages()
    shown = [row.get("whatsapp_message_id") for row in envelope.rows(exchange)]
    expect.same_members(shown, wamids, f"the messages, one of which is {status}", exchange)


@requirement("CONV-03")
@pytest.mark.parametrize("quoted", ["ours", "theirs"])
def test_an_inbound_reply_has_the_id_of_the_quoted_message(
    start_customer: Callable[..., Conversation], quoted: str
) -> None:
    conversation = start_customer()
    plain = conversation.receive()
    original = str(conversation.send()["whatsapp_message_id"]) if quoted == "ours" else plain
    wamid = conversation.receive(context={"id": original})
    exchange = conversation.messages()
    rows = {row.get("whatsapp_message_id"): row for row in envelope.rows(exchange)}
    precondition(original in rows and wamid in rows, "a message that was sent is not listed")
    wanted = rows[original].get("id")
    expect.equal(rows[wamid].get("reply_to_message_id"), wanted, "reply_to_message_id of the quoting message", exchange)
    expect.equal(rows[plain].get("reply_to_message_id"), None, "reply_to_message_id of another message", exchange)


@requirement("CONV-08")
@pytest.mark.parametrize("name", OUTBOUND)
def test_a_sent_message_is_listed_with_its_content(account: Account, capabilities: Capabilities, name: str) -> None:
    _needs_messages(capabilities)
    sent = account.send(**OUTBOUND[name])
    _is_outbound(account, sent, OUTBOUND[name], quoted=None)


@requirement("CONV-08")
@pytest.mark.parametrize("name", ["text", "template", "image", "video", "document", "audio"])
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_sent_reply_has_the_id_of_the_quoted_message(
    account: Account, start_customer: Callable[..., Conversation], name: str, side: str
) -> None:
    conversation = start_customer()
    wamid = conversation.receive()
    quoted = conversation.row(wamid)["id"] if side == "theirs" else conversation.send()["message_id"]
    sent = conversation.send(**OUTBOUND[name], reply_to_message_id=quoted)
    _is_outbound(account, sent, OUTBOUND[name], quoted=quoted)


def _is_outbound(account: Account, sent: Row, fields: Row, *, quoted: str | None) -> None:
    """The row has the id and wamid of the send's answer and everything that was sent."""
    exchange = account.api.get(f"/conversations/{sent['conversation_id']}/messages", limit=100)
    rows = [row for row in envelope.rows(exchange) if row.get("id") == sent["message_id"]]
    that(len(rows) == 1, f"the message {sent['message_id']} once", f"{len(rows)} times", exchange)
    row, kind = rows[0], fields.get("type", "text")
    wanted: Row = {
        "direction": "outbound", "whatsapp_message_id": sent["whatsapp_message_id"], "content_type": kind,
        "conversation_id": sent["conversation_id"], "reply_to_message_id": quoted, "interactive_reply_id": None,
        "template_name": fields["template"]["name"] if kind == "template" else None,
    }  # fmt: skip
    if "text" in fields:
        wanted["content_text"] = fields["text"]
    for name, value in wanted.items():
        expect.equal(row.get(name), value, f"the sent message's {name}", exchange)
    medium = bool(row.get("media_url"))
    that(medium == ("media_url" in fields), "media_url for media messages only", f"{row.get('media_url')!r}", exchange)
    ours = row.get("sender_type") != "customer" and row.get("status") != "received"
    that(
        ours,
        "sender_type not customer and status not received",
        f"{row.get('sender_type')!r}, {row.get('status')!r}",
        exchange,
    )


def _needs_messages(capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
