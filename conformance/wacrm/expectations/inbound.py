"""What must become of customers' messages in Meta's webhooks (META)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.meta.webhook_payloads import payload
from conformance.target import expect
from conformance.wacrm.steps.stored_messages import wait_for_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account


def acknowledged(meta_side: MetaSide, *entries: Any) -> Exchange:  # noqa: ANN401 - malformed entries too
    """The deployment answers 200 to one correctly signed webhook with these entries."""
    return expect.status(meta_side.signed(payload(*entries)), 200)


def stored_once(account: Account, sender: str, items: Sequence[Item], *exchanges: Exchange) -> None:
    """Exactly these messages of the sender are stored, each once and with its own text."""
    rows = wait_for_stored(account, sender, [item["id"] for item in items])
    stored = [(row.get("whatsapp_message_id"), row.get("content_text")) for row in rows]
    expected = [(item["id"], item["text"]["body"]) for item in items]
    expect.same_members(stored, expected, f"(wamid, text) of the stored messages of {sender}", *exchanges)
