"""What is stored of what customers wrote, and when a deployment has worked off its webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.provider import eventually
from conformance.meta.webhook_payloads import text_item
from conformance.target import expect

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.meta.webhook_payloads import Item
    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]
OK = 200


def stored_inbound(account: Account, sender: str) -> list[Row]:
    """The stored messages of a customer, newest first; none of one who is unknown."""
    contact = account.contact_by_phone(sender)
    conversations = [] if contact is None else account.pages("/conversations", contact_id=contact["id"])
    return [
        row
        for conversation in conversations
        for row in account.messages(conversation["id"])
        if row.get("direction") == "inbound"
    ]


def wait_for_stored(account: Account, sender: str, wamids: Collection[str]) -> list[Row]:
    """The stored messages of a customer, as soon as these wamids are among them, or at the deadline."""

    def complete() -> bool:
        return set(wamids) <= {row.get("whatsapp_message_id") for row in stored_inbound(account, sender)}

    eventually(complete, account.provider.patience)
    return stored_inbound(account, sender)


def wait_until_processed(account: Account) -> None:
    """A message that came after all others is stored, so the others have been worked off as well."""
    sender = account.numbers.fresh()
    account.receive(sender)
    done = eventually(lambda: stored_inbound(account, sender), account.provider.patience)
    expect.precondition(done, "a rightly signed message does not appear")


def text_items(account: Account, sender: str, count: int) -> list[Item]:
    """That many text messages of a customer, each with a word of its own."""
    return [text_item(sender, account.marker()) for _ in range(count)]
