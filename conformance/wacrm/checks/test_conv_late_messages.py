"""CONV-14: messages that arrive after later ones."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect, waiting
from conformance.target.expect import precondition, requirement
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required, required_rows
from conformance.wacrm.steps.raw_webhooks import deliver, said, text_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.conversations import Conversation

AGES = {"minutes": 120, "a day": 86_400}
"""Seconds by which the message is older than the newest one."""
OLDEST = 2 * 86_400
"""Seconds by which the conversation's first message is older."""


@requirement("CONV-14")
@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("late", ["text", "image", "location"])
@pytest.mark.parametrize("newest", ["received", "sent"])
def test_a_late_message_does_not_become_the_last(
    account: Account, start_customer: Callable[..., Conversation], newest: str, late: str, age: str
) -> None:
    conversation, last = start_customer(), account.marker()
    conversation.receive(timestamp=str(int(time.time()) - OLDEST))
    conversation.receive(last) if newest == "received" else conversation.send(text=last)
    before = _with_last(conversation, last)
    _receive_late(conversation, late, AGES[age])
    _still_last(conversation, before)


@requirement("CONV-14")
def test_several_late_messages_do_not_become_the_last(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    conversation, last = start_customer(), account.marker()
    conversation.receive(last)
    before = _with_last(conversation, last)
    for age in (300, 200, 100):
        _receive_late(conversation, "text", age)
        _still_last(conversation, before)


@requirement("CONV-14")
@pytest.mark.parametrize("changes", ["one change", "a change each"])
def test_a_late_message_at_the_end_of_a_webhook_does_not_become_the_last(
    account: Account, start_customer: Callable[..., Conversation], changes: str
) -> None:
    conversation, now, last = start_customer(), int(time.time()), account.marker()
    conversation.receive()
    first = text_message(conversation.phone, last, timestamp=str(now))
    second = text_message(conversation.phone, account.marker(), timestamp=str(now - 60))
    told = [said(account, first), said(account, second)]
    if changes == "one change":
        told[0]["value"]["messages"].append(second)
        del told[1]
    deliver(account, *told)
    for item in (first, second):
        conversation.wait_for(item["id"])
    eventually(lambda: conversation.read()["last_message_text"] == last, 1.0)
    exchange = conversation.exchange()
    expect.equal(required(exchange, 200).get("last_message_text"), last, "last_message_text", exchange)


def _with_last(conversation: Conversation, text: str) -> Row:
    """The conversation once this is its last message; no verdict before (CONV-06 judges that)."""
    eventually(lambda: conversation.read().get("last_message_text") == text, conversation.patience)
    found = conversation.read()
    precondition(found.get("last_message_text") == text, "the newest message is not the conversation's last")
    return found


def _receive_late(conversation: Conversation, kind: str, age: int) -> None:
    """The customer's message of some time ago arrives now."""
    members: dict[str, Any] = {"timestamp": str(int(time.time()) - age)}
    if kind != "text":
        members["type"] = kind
    conversation.receive(**members)
    waiting.pause(waiting.QUIET)


def _still_last(conversation: Conversation, before: Row) -> None:
    exchange = conversation.exchange()
    listed = conversation.account.api.get("/conversations", contact_id=conversation.contact["id"])
    rows = [(required(exchange, 200), exchange), *((row, listed) for row in required_rows(listed))]
    for row, source in rows:
        for name in ("last_message_text", "last_message_at"):
            expect.equal(row.get(name), before[name], f"{name} after an older message has arrived", source)
