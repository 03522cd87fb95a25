"""Webhooks as Meta sends them, with members that mock Meta's own messages do not have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from conformance.meta.webhook_payloads import change, entry, new_wamid, payload

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account, Row


def deliver(account: Account, *changes: Row) -> None:
    """One POST with these changes; no verdict when the deployment does not acknowledge it."""
    content = payload(entry(account.waba_id, *changes))
    account.mock_meta.acknowledged([account.mock_meta.webhook(account.waba_id, payload=content)])


def message(sender: str, **members: Any) -> Row:  # noqa: ANN401 - Meta's members
    """An item of `messages`: `id` and `timestamp` are filled in where absent."""
    digits = sender.removeprefix("+")
    return {"from": digits, "id": new_wamid(digits), "timestamp": str(int(time.time())), **members}


def text_message(sender: str, text: str, **members: Any) -> Row:  # noqa: ANN401 - Meta's members
    return message(sender, type="text", text={"body": text}, **members)


def said(account: Account, item: Row, contact: Row | None = None, **value: Any) -> Row:  # noqa: ANN401 - Meta's members
    """The change that tells of one message. `contact` are further members of the sender's entry in `contacts`."""
    sender = {"profile": {"name": "Ada"}, "wa_id": item["from"], **(contact or {})}
    shown = {name: member for name, member in sender.items() if member is not None}
    return change(account.phone_number_id, contacts=[shown], messages=[item], **value)
