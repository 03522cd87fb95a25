"""What is stored of what customers wrote, and when a deployment has worked off its webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.webhook_payloads import payload, text_item
from conformance.target import expect
from conformance.target.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]
OK = 200


def heard(account: Account, sender: str) -> list[Row]:
    """The stored messages of a customer, newest first; none of one who is unknown."""
    contact = account.contact_by_phone(sender)
    threads = [] if contact is None else account.pages("/conversations", contact_id=contact["id"])
    return [row for thread in threads for row in account.messages(thread["id"]) if row.get("direction") == "inbound"]


def heard_all(account: Account, sender: str, wamids: Collection[str]) -> list[Row]:
    """The stored messages of a customer, as soon as these wamids are among them, or at the deadline."""

    def complete() -> bool:
        return set(wamids) <= {row.get("whatsapp_message_id") for row in heard(account, sender)}

    eventually(complete, account.mock_meta.patience)
    return heard(account, sender)


def worked_off(account: Account) -> None:
    """A message that came after all others is stored, so the others have been worked off as well."""
    sender = account.numbers.fresh()
    account.receive(sender)
    done = eventually(lambda: heard(account, sender), account.mock_meta.patience)
    expect.precondition(done, "a rightly signed message does not appear")


def texts(account: Account, sender: str, count: int) -> list[Item]:
    """That many text messages of a customer, each with a word of its own."""
    return [text_item(sender, account.word()) for _ in range(count)]


def acknowledged(meta_side: MetaSide, *entries: Any) -> Exchange:  # noqa: ANN401 - malformed ones included
    """One webhook with these entries, rightly signed, which the deployment takes."""
    return expect.status(meta_side.signed(payload(*entries)), OK)


def stored_once(account: Account, sender: str, items: Sequence[Item], *exchanges: Exchange) -> None:
    """Exactly these messages of the sender are stored, each once and with its own text."""
    rows = heard_all(account, sender, [item["id"] for item in items])
    found = [(row.get("whatsapp_message_id"), row.get("content_text")) for row in rows]
    wanted = [(item["id"], item["text"]["body"]) for item in items]
    expect.same_members(found, wanted, "the stored messages of a customer", *exchanges)
