"""Outbound messages whose statuses a check reports itself, and what the read side makes of them (Meta page, 16.1)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from conformance.target import expect
from conformance.target.verdicts import Mismatch
from conformance.target.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]

SENT, DELIVERED, READ, FAILED = "sent", "delivered", "read", "failed"
AGE = {SENT: 0, FAILED: 1, DELIVERED: 1, READ: 2}
"""Seconds after the send at which Meta says that it happened: a deployment may judge by that what is stale."""
UNDELIVERABLE = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable",
                 "error_data": {"details": "Message Undeliverable."}}  # fmt: skip


class Thread:
    """A conversation whose number gets no statuses but those that a check reports."""

    def __init__(self, account: Account, count: int) -> None:
        self.account, self.number = account, account.numbers.fresh()
        account.mock_meta.script(self.number)
        self.sent: list[Row] = [account.send(self.number) for _ in range(count)]
        self.id: str = self.sent[0]["conversation_id"]
        self.wamids: list[str] = [one["whatsapp_message_id"] for one in self.sent]
        self.began = int(time.time())

    def item(self, wamid: str, status: str, *, timed: bool = True, **members: Any) -> Row:  # noqa: ANN401 - Meta's members
        """A status as Meta reports it; `timed` gives it the second at which it happened, otherwise all have the same."""
        at = self.began + (AGE.get(status, 3) if timed else 0)
        errors = {"errors": [UNDELIVERABLE]} if status == FAILED else {}
        return {"id": wamid, "status": status, "timestamp": str(at), **errors, **members}

    def report(self, *items: Row) -> Row:
        """One webhook with these statuses; its delivery."""
        delivery = self.account.mock_meta.statuses(self.account.phone_number_id, *items)[0]
        self.account.mock_meta.acknowledged([delivery])
        return delivery

    def statuses(self) -> dict[str, object]:
        return {row["whatsapp_message_id"]: row.get("status") for row in self.account.messages(self.id)}

    def become(self, wanted: Mapping[str, Sequence[str]]) -> None:
        """Each message has one of its wanted statuses, as soon as the deployment has worked off its webhooks."""

        def wrong() -> dict[str, object]:
            found = self.statuses()
            return {wamid: found.get(wamid) for wamid, allowed in wanted.items() if found.get(wamid) not in allowed}

        eventually(lambda: not wrong(), self.account.mock_meta.patience)
        for wamid, found in wrong().items():
            raise Mismatch(f"the status of {wamid} to become {' or '.join(wanted[wamid])}", repr(found))

    def worked_off(self) -> None:
        """A status that was reported after all others is applied, so the others have been as well."""
        fence = self.account.send(self.number)["whatsapp_message_id"]
        self.report(self.item(fence, DELIVERED))
        applied = eventually(lambda: self.statuses().get(fence) == DELIVERED, self.account.mock_meta.patience)
        expect.precondition(applied, "a status reported last was not applied")

    def stay(self, wanted: Mapping[str, Sequence[str]]) -> None:
        """After everything has been worked off, each message has one of its wanted statuses."""
        self.worked_off()
        self.become(wanted)
