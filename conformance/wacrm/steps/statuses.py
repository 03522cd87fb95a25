"""Outbound messages whose statuses are reported by the check itself (Meta page, 16.1)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from conformance.target.verdicts import NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.stored_messages import BACKLOG

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]

SENT, DELIVERED, READ, FAILED = "sent", "delivered", "read", "failed"
FENCE = "the status after all others"
AGE = {SENT: 0, FAILED: 1, DELIVERED: 1, READ: 2}
"""Seconds after the send in the status's timestamp; a deployment may use it to recognise stale reports."""
UNDELIVERABLE = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable",
                 "error_data": {"details": "Message Undeliverable."}}  # fmt: skip


class OutboundConversation:
    """A conversation with outbound messages about which mock Meta reports nothing by itself."""

    def __init__(self, account: Account, count: int) -> None:
        self.account, self.number = account, account.numbers.fresh()
        account.mock_meta.script(self.number)
        self.sent: list[Row] = [account.send(self.number) for _ in range(count)]
        self.id: str = self.sent[0]["conversation_id"]
        self.wamids: list[str] = [one["whatsapp_message_id"] for one in self.sent]
        self.began = int(time.time())

    def item(self, wamid: str, status: str, *, timed: bool = True, **members: Any) -> Row:  # noqa: ANN401 - Meta's members
        """A status in Meta's form. `timed`: its timestamp depends on the status; otherwise all have the same one."""
        at = self.began + (AGE.get(status, 3) if timed else 0)
        errors = {"errors": [UNDELIVERABLE]} if status == FAILED else {}
        return {"id": wamid, "status": status, "timestamp": str(at), **errors, **members}

    def report(self, *items: Row) -> Row:
        """Deliver one webhook with these statuses; the delivery."""
        delivery = self.account.mock_meta.statuses(self.account.phone_number_id, *items)[0]
        self.account.mock_meta.acknowledged([delivery])
        return delivery

    def statuses(self) -> dict[str, object]:
        return {row["whatsapp_message_id"]: row.get("status") for row in self.account.messages(self.id)}

    def wait_until_processed(self) -> None:
        """Report and await one more status: webhooks delivered before it have been processed then."""
        fence = self.account.send(self.number)["whatsapp_message_id"]
        self.report(self.item(fence, DELIVERED))
        learned, full = self.account.learned, BACKLOG * self.account.mock_meta.patience
        if not eventually(lambda: self.statuses().get(fence) == DELIVERED, learned.patience(FENCE, full)):
            learned.missed(FENCE)
            raise NoVerdict("a status reported after the others was not applied")
