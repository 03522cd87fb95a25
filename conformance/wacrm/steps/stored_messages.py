"""Stored messages of customers, and waiting until webhooks have been processed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.webhook_payloads import text_item
from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually, while_it_changes

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.meta.webhook_payloads import Item
    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]
OK = 200
FENCE = "the message after all others"
BACKLOG = 3.0
"""Times the patience for a message that comes after many others."""


def stored_inbound(account: Account, sender: str) -> list[Row]:
    """The stored inbound messages of a customer, newest first; none if the customer has no contact."""
    contact = account.contact_by_phone(sender)
    conversations = [] if contact is None else account.pages("/conversations", contact_id=contact["id"])
    return [
        row
        for conversation in conversations
        for row in account.messages(conversation["id"])
        if row.get("direction") == "inbound"
    ]


def wait_for_stored(account: Account, sender: str, wamids: Collection[str]) -> list[Row]:
    """The stored inbound messages of a customer, once all these wamids are among them or no more come."""

    def complete(rows: list[Row]) -> bool:
        return set(wamids) <= {row.get("whatsapp_message_id") for row in rows}

    return while_it_changes(lambda: stored_inbound(account, sender), complete, account.mock_meta.patience)


def wait_until_processed(account: Account) -> None:
    """Deliver and await one more message: webhooks delivered before it have been processed then.

    A target may process webhooks one after the other, so that it takes as long as all of them do.
    """
    sender = account.numbers.fresh()
    account.receive(sender)
    patience = account.learned.patience(FENCE, BACKLOG * account.mock_meta.patience)
    if not eventually(lambda: stored_inbound(account, sender), patience):
        account.learned.missed(FENCE)
        raise NoVerdict("a correctly signed message is not stored")


def text_items(account: Account, sender: str, count: int) -> list[Item]:
    """`count` text messages of a customer, each with its own marker."""
    return [text_item(sender, account.marker()) for _ in range(count)]
