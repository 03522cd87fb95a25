"""CONV-11: reactions, edits, deletions, notices and echoes are no messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.meta.webhook_payloads import new_wamid
from conformance.target import waiting
from conformance.target.expect import requirement, that
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.notices import BUSINESS, NOTICES, Notice
from conformance.wacrm.steps.raw_webhooks import deliver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.conversations import Conversation


@requirement("CONV-11")
@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_is_no_message_of_a_known_customer(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    conversation = start_customer()
    about = conversation.receive()
    if "reaction" in name:
        about = str(conversation.send()["whatsapp_message_id"])
    before, unread = account.messages(conversation.id), conversation.read()["unread_count"]
    notice = Notice(account, conversation.phone, about, account.marker())
    _deliver(notice, name, start_customer())
    exchange, known = conversation.messages(), {row["id"] for row in before}
    new = [row for row in _words(account.messages(conversation.id)) if row["id"] not in known]
    that(not new, f"no message of the customer after the webhook of: {name}", f"{new}", exchange)
    read = conversation.exchange()
    count = required(read, 200)["unread_count"]
    that(count <= unread, f"unread_count not above {unread} after the webhook of: {name}", f"{count}", read)
    _nobody_said(notice, [BUSINESS], name)


@requirement("CONV-11")
@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_of_a_stranger_starts_no_conversation_with_their_words(
    account: Account, start_customer: Callable[..., Conversation], name: str
) -> None:
    notice = Notice(account, account.numbers.fresh(), new_wamid("15550100000"), account.marker())
    _deliver(notice, name, start_customer())
    _nobody_said(notice, [notice.digits, f"999{notice.digits[-9:]}", BUSINESS], name)
    for conversation in _conversations(account, notice.digits):
        rows = account.messages(conversation["id"])
        that(rows, f"no empty conversation after the webhook of: {name}", f"{conversation}")
        that(not _words(rows), f"no message of a stranger after the webhook of: {name}", f"{_words(rows)}")
        that(not conversation["unread_count"], f"nothing unread after the webhook of: {name}", f"{conversation}")


def _deliver(notice: Notice, name: str, control: Conversation) -> None:
    """Deliver the notice, and wait until a message delivered after it is stored: webhooks work, and this one has been
    processed.
    """
    deliver(notice.account, NOTICES[name](notice))
    control.receive()
    waiting.pause(waiting.QUIET)


def _words(rows: Iterable[Row]) -> list[Row]:
    """The messages that are shown as a customer's."""
    return [row for row in rows if row.get("sender_type") == "customer"]


def _conversations(account: Account, digits: str) -> list[Row]:
    contact = account.contact_by_phone(f"+{digits}")
    return [] if contact is None else list(account.pages("/conversations", contact_id=contact["id"]))


def _nobody_said(notice: Notice, numbers: Iterable[str], name: str) -> None:
    """In no conversation with one of these numbers a customer says the notice's text."""
    for number in numbers:
        for conversation in _conversations(notice.account, number):
            rows = _words(notice.account.messages(conversation["id"]))
            found = [row for row in rows if notice.text in str(row.get("content_text"))]
            that(not found, f"no message of +{number} after the webhook of: {name}", f"{found}")
