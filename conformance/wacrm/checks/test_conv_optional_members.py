"""CONV-10: inbound messages with every optional member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required_rows
from conformance.wacrm.steps.conversations import wait_until_processed
from conformance.wacrm.steps.optional_members import FIRST_CONTACT, MEMBERS, OptionalMembers, receive_with
from conformance.wacrm.steps.stored_messages import stored_inbound

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.conversations import Conversation

NEWEST = 20
"""Conversations that are searched for a message that may be in one of its own."""


@requirement("CONV-10")
@pytest.mark.parametrize("name", MEMBERS)
def test_a_message_arrives_whatever_else_is_on_it(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    conversation, members, text = start_customer(), MEMBERS[name], account.marker()
    quoted = conversation.receive()
    wamid = receive_with(account, members, conversation.phone, text, quoted)
    row = account.message(conversation.id, wamid, conversation.patience)
    if row is None and members.elsewhere:
        row = _in_a_new_conversation(account, wamid)
    exchange = conversation.messages()
    that(row, f"the message with {name} in its conversation", exchange.excerpt, exchange)
    _is_as_written(row or {}, members, text)


@requirement("CONV-10")
@pytest.mark.parametrize("name", FIRST_CONTACT)
def test_a_strangers_first_message_arrives_whatever_else_is_on_it(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    sender, members, text = account.numbers.fresh(), MEMBERS[name], account.marker()
    wamid = receive_with(account, members, sender, text)
    row = eventually(lambda: _stored(account, sender, wamid), account.mock_meta.patience)
    if row is None:
        wait_until_processed(start_customer())
    that(row, f"a conversation that begins with the message with {name}", f"none with {sender}")
    _is_as_written(row, members, text)


def _is_as_written(row: Row, members: OptionalMembers, text: str) -> None:
    shown = row.get("content_type")
    that(shown in members.content_types, f"content_type {' or '.join(members.content_types)}", f"{shown!r}")
    if shown == "text" and "type" not in members.message:
        expect.equal(row.get("content_text"), text, "the message's content_text")
    for name, value in (("direction", "inbound"), ("sender_type", "customer")):
        expect.equal(row.get(name), value, f"the message's {name}")


def _stored(account: Account, sender: str, wamid: str) -> Row | None:
    found = [row for row in stored_inbound(account, sender) if row.get("whatsapp_message_id") == wamid]
    return found[0] if found else None


def _in_a_new_conversation(account: Account, wamid: str) -> Row | None:
    newest = required_rows(account.api.get("/conversations", limit=NEWEST))
    return next((row for row in (account.message(each["id"], wamid) for each in newest) if row is not None), None)
