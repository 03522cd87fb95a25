"""CONV-06: `last_message_text` and `last_message_at`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.conversations import IMAGE, Conversation, wait_until_processed
from conformance.wacrm.steps.timestamps import parse_timestamp, wait_past

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


NEAR = 3.0
"""Seconds that `last_message_at` may differ from the message's `created_at`: Meta's timestamps have no fraction."""


def _is_last_message(conversation: Conversation, wamid: str, before: Row, text: str | None) -> Row:
    """The conversation's last message is this one; its record. `text` None: any text but the previous one."""
    message = conversation.row(wamid)

    eventually(lambda: _has_changed(conversation.read(), before), min(conversation.patience, 2.0))
    exchange = conversation.exchange()
    now = envelope.record(exchange, 200)
    if text is not None:
        expect.equal(now.get("last_message_text"), text, "last_message_text", exchange)
    stale = before["last_message_text"] is not None and now.get("last_message_text") == before["last_message_text"]
    that(not stale, "last_message_text of the newest message", f"still {before['last_message_text']!r}", exchange)
    _has_time_of(now, message, before, exchange)
    listed = conversation.account.api.get("/conversations", contact_id=conversation.contact["id"])
    for row in envelope.rows(listed):
        for name in ("last_message_text", "last_message_at"):
            expect.equal(row.get(name), now.get(name), f"{name} in the list", exchange, listed)
    return now


def _has_changed(now: Row, before: Row) -> bool:
    return all(now[name] != before[name] for name in ("last_message_text", "last_message_at"))


def _has_time_of(now: Row, message: Row, before: Row, exchange: Exchange) -> None:
    at = now.get("last_message_at")
    off = abs((parse_timestamp(at) - parse_timestamp(message["created_at"])).total_seconds())
    that(off <= NEAR, f"last_message_at near {message['created_at']}", f"{at}", exchange)
    if before["last_message_at"] is not None:
        later = parse_timestamp(at) > parse_timestamp(before["last_message_at"])
        that(
            later, f"last_message_at after that of the previous message, {before['last_message_at']}", f"{at}", exchange
        )


@requirement("CONV-06")
@pytest.mark.parametrize(
    "kind", ["text", "template", "image", "document", "inbound text", "inbound image", "inbound location"]
)
def test_the_newest_message_is_the_last_message(
    account: Account, start_customer: Callable[..., Conversation], kind: str
) -> None:
    conversation = start_customer()
    first = account.marker()
    before = _is_last_message(
        conversation, conversation.receive(first), dict.fromkeys(("last_message_text", "last_message_at")), first
    )
    wait_past(before["last_message_at"])
    wamid, text = _add_message(conversation, kind, account.marker())
    after = _is_last_message(conversation, wamid, before, text)
    wait_past(after["last_message_at"])
    last = account.marker()
    _is_last_message(conversation, conversation.receive(last), after, last)


def _add_message(conversation: Conversation, kind: str, text: str) -> tuple[str, str | None]:
    """Send or receive a message of that kind; its wamid, and the expected last text (None: the documentation leaves
    it open).
    """
    if kind == "inbound text":
        return conversation.receive(text), text
    if kind == "inbound image":
        return conversation.receive(type="image", image={"caption": text}), None
    if kind == "inbound location":
        return conversation.receive(type="location"), None
    if kind == "template":
        sent = conversation.send(type="template", template={"name": PLAIN, "language": "en_US"})
    elif kind == "text":
        sent = conversation.send(text=text)
    else:
        sent = conversation.send(type=kind, media_url=IMAGE, text=text)
    return str(sent["whatsapp_message_id"]), text if kind == "text" else None


@requirement("CONV-06")
def test_the_last_message_of_a_batch_is_the_newest(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation = start_customer()
    items = [{"from": conversation.phone[1:], "type": "text", "text": {"body": account.marker()}} for _ in range(8)]
    for wamid in account.mock_meta.inbound(account.phone_number_id, *items, batch=True):
        conversation.wait_for(wamid)
    exchange = conversation.messages()
    rows = envelope.rows(exchange)
    newest = [r.get("content_text") for r in rows if r.get("created_at") == rows[0].get("created_at")]
    eventually(lambda: conversation.read()["last_message_text"] in newest, 1.0)
    text = conversation.read()["last_message_text"]
    that(text in newest, f"last_message_text one of {newest}", f"{text!r}", exchange, conversation.exchange())


@requirement("CONV-06")
def test_a_refused_message_is_the_last_message_only_if_it_is_listed(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    """A deployment may keep a refused message as failed or not at all; the last message must be one that is listed."""
    conversation, refused = start_customer(), account.marker()
    conversation.receive()
    account.mock_meta.fault(conversation.phone, error={"code": 131026})
    exchange = account.api.post("/messages", {"to": conversation.phone, "text": refused})
    precondition(exchange.status == 502, f"Meta's refusal is not answered with 502 (MSG-08): {exchange.summary}")
    listed = conversation.messages()
    is_listed = refused in [row.get("content_text") for row in envelope.rows(listed)]
    text = conversation.read()["last_message_text"]
    that(is_listed or text != refused, "last_message_text of a message in the list", f"{text!r}", exchange, listed)


@requirement("CONV-06")
@pytest.mark.parametrize("event", ["status", "redelivery", "another conversation"])
def test_other_events_do_not_change_the_last_message(
    account: Account, start_customer: Callable[..., Conversation], event: str
) -> None:
    conversation = start_customer()
    account.mock_meta.script(conversation.phone)
    old, last = conversation.receive(), account.marker()
    sent = conversation.send(text=last)["whatsapp_message_id"]
    before = conversation.read()
    if event == "status":
        item = {"id": sent, "status": "delivered", "recipient_id": conversation.phone[1:]}
        account.mock_meta.statuses(account.phone_number_id, item)
    elif event == "redelivery":
        item = {"from": conversation.phone[1:], "type": "text", "text": {"body": "again"}, "id": old}
        account.mock_meta.inbound(account.phone_number_id, item)
    wait_until_processed(conversation)
    exchange = conversation.exchange()
    for name, value in (("last_message_text", last), ("last_message_at", before["last_message_at"])):
        expect.equal(envelope.record(exchange, 200).get(name), value, f"{name} after {event}", exchange)
