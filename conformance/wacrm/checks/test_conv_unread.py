"""CONV-05: `unread_count`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.conversations import Conversation, receive_kind, wait_until_processed
from conformance.wacrm.steps.inbound_messages import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account


def _unread_is(conversation: Conversation, expected: int, what: str) -> None:
    """`unread_count` becomes the expected number and stays there."""
    eventually(lambda: conversation.read()["unread_count"] >= expected, conversation.patience)
    conversation.account.mock_meta.drained()
    exchange = conversation.exchange()
    actual = envelope.record(exchange, 200).get("unread_count")
    expect.equal(actual, expected, f"unread_count {what}", exchange)
    listed = conversation.account.api.get("/conversations", contact_id=conversation.contact["id"])
    shown = [row.get("unread_count") for row in envelope.rows(listed)]
    expect.equal(shown, [expected], f"unread_count in the list {what}", listed)


@requirement("CONV-05")
def test_each_inbound_message_adds_one(start_customer: Callable[..., Conversation]) -> None:
    conversation = start_customer()
    for count in (1, 2, 3):
        conversation.receive()
        _unread_is(conversation, count, f"after {count} messages")


@requirement("CONV-05")
def test_inbound_messages_after_a_send_add_one_each(start_customer: Callable[..., Conversation]) -> None:
    conversation = start_customer()
    conversation.send()
    before = conversation.read()["unread_count"]
    for count in (1, 2):
        conversation.receive()
        _unread_is(conversation, before + count, f"after a send and {count} answers")


@requirement("CONV-05")
@pytest.mark.parametrize("way", ["one webhook", "ten webhooks", "ten at once"])
def test_ten_inbound_messages_add_ten(account: Account, start_customer: Callable[..., Conversation], way: str) -> None:
    conversation, unrelated = start_customer(), start_customer()
    unrelated.receive()
    conversation.receive()
    items = [{"from": conversation.phone[1:], "type": "text", "text": {"body": account.marker()}} for _ in range(10)]
    if way == "ten at once":
        with ThreadPoolExecutor(10) as pool:
            many = list(pool.map(lambda item: account.mock_meta.inbound(account.phone_number_id, item), items))
        wamids = [wamid for each in many for wamid in each]
    else:
        wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=way == "one webhook")
    for wamid in wamids:
        conversation.wait_for(wamid)
    _unread_is(conversation, 11, "after one message and then ten")
    _unread_is(unrelated, 1, "of another conversation")


@requirement("CONV-05")
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.must_be_stored])
def test_an_inbound_message_of_any_type_adds_one(
    account: Account, start_customer: Callable[..., Conversation], kind: str
) -> None:
    conversation = start_customer()
    conversation.receive()
    wamid = receive_kind(account, conversation, KINDS[kind])
    if account.message(conversation.id, wamid, conversation.patience):  # CONV-07 reports messages that are not stored
        _unread_is(conversation, 2, f"after a text and a message of type {kind}")


@requirement("CONV-05")
@pytest.mark.parametrize("event", ["send", "status", "failed", "redelivery", "read by the API"])
def test_other_events_do_not_raise_unread_count(
    account: Account, start_customer: Callable[..., Conversation], event: str
) -> None:
    conversation = start_customer()
    account.mock_meta.script(conversation.phone)
    wamid = conversation.receive()
    sent = conversation.send()["whatsapp_message_id"]
    before = conversation.read()["unread_count"]
    if event == "send":
        conversation.send(type="template", template={"name": PLAIN, "language": "en_US"})
    elif event in {"status", "failed"}:
        names = ["failed"] if event == "failed" else ["sent", "delivered", "read"]
        items = [{"id": sent, "status": name, "recipient_id": conversation.phone[1:]} for name in names]
        account.mock_meta.statuses(account.phone_number_id, *items)
        eventually(lambda: conversation.row(sent)["status"] == names[-1], conversation.patience)
    elif event == "redelivery":
        item = {"from": conversation.phone[1:], "type": "text", "text": {"body": "again"}, "id": wamid}
        account.mock_meta.inbound(account.phone_number_id, item)
        wait_until_processed(conversation)
    else:
        conversation.messages()
    exchange = conversation.exchange()
    after = envelope.record(exchange, 200).get("unread_count")
    that(isinstance(after, int) and after <= before, f"unread_count not above {before}", f"{after}", exchange)
