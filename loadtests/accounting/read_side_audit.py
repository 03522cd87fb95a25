"""The read side after the load: what the API now shows of a sample of conversations, customers and of all broadcasts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from loadtests.measurement.observations import Observations
from loadtests.users import message_records
from loadtests.users.answers import (
    GET_BROADCAST,
    GET_CONVERSATION,
    LIST_CONTACTS,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    Message,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.accounting.records import Records
    from loadtests.users.task import Task

MOST_PAGES = 20
MOST_BROADCASTS = 500
POLL = 0.3
RANK = {"sent": 1, "delivered": 2, "read": 3}
OUT_OF_REACH = "a sampled row could not be read"


@dataclass
class Audit:
    """What was looked at, and what was wrong."""

    conversations: int = 0
    customers: int = 0
    broadcasts: int = 0
    messages: int = 0
    observations: Observations = field(default_factory=Observations)


Look = Callable[[str, bool], bool]
"""Looks at the thing with an id, for the last time or not; whether that settled it."""


@dataclass(frozen=True)
class Auditor:
    """`task` makes a fresh task, `patience` is how long the API may take to catch up, in seconds."""

    records: Records
    task: Callable[[], Task]
    patience: float
    audit: Audit = field(default_factory=Audit)

    def run(self, sample: int) -> Audit:
        """Look at `sample` conversations and customers, the busiest and as many others, and at all broadcasts."""
        deadline = time.monotonic() + self.patience
        batches = [row[0] for row in self.records.rows(BATCHES, MOST_BROADCASTS)]
        self._converging(deadline, self._conversation, self._sampled(CONVERSATIONS, sample))
        self._converging(deadline, self._customer, self._sampled(CUSTOMERS, sample // 2))
        self._converging(deadline, self._broadcast, batches)
        return self.audit

    def _sampled(self, sql: str, count: int) -> list[str]:
        busiest = [row[0] for row in self.records.rows(f"{sql} ORDER BY COUNT(*) DESC, 1 LIMIT ?", (count + 1) // 2)]
        others = [row[0] for row in self.records.rows(f"{sql} ORDER BY MIN(digest) LIMIT ?", count)]
        return list(dict.fromkeys([*busiest, *others]))[:count]

    def _converging(self, deadline: float, look: Look, things: list[str]) -> None:
        """Look at each thing, and again at those that are not right yet, until the deadline: that look is the last."""
        while things:
            last = time.monotonic() >= deadline
            things = [thing for thing in things if not look(thing, last)]
            if things and not last:
                time.sleep(POLL)

    def _conversation(self, identity: str, last: bool) -> bool:  # noqa: FBT001 - the callback's only argument
        asked = {wamid: digest for wamid, digest in self.records.rows(ASKED_IN, identity) if wamid}
        rows = self._messages(identity)
        found = list(self._wrong_sends(asked, rows)) if rows is not None else [(OUT_OF_REACH, identity)]
        return self._conclude(found, last, "conversations", len(asked))

    def _wrong_sends(self, asked: dict[str, str], rows: list[Message]) -> Iterator[tuple[str, str]]:
        shown: dict[str, list[Message]] = {}
        for row in rows:
            shown.setdefault(row.whatsapp_message_id or "", []).append(row)
        for wamid, digest in asked.items():
            found = shown.get(wamid, [])
            if len(found) != 1:
                kind = "hidden" if not found else "shown twice"
                yield kind, f"{wamid} was answered with 201 and is {len(found)} times in its conversation"
                continue
            row = found[0]
            if row.content_type == "text" and message_records.text(row.content_text or "") != digest:
                yield "altered in the API", f"{wamid}: {row.content_text!r}"
            reported = self._reported(wamid)
            if row.status != "failed" and RANK.get(row.status, 0) < reported:
                told = next(name for name, rank in RANK.items() if rank == reported)
                yield "stale status", f"{wamid}: Meta said {told}, the API shows {row.status}"

    def _reported(self, wamid: str) -> int:
        """The rank of the furthest status that the deployment acknowledged for this wamid."""
        for sent, delivered, read in self.records.rows(
            "SELECT sent, delivered, read FROM reported WHERE wamid = ?", wamid
        ):
            return 3 if read else 2 if delivered else int(sent is not None)
        return 0

    def _customer(self, phone: str, last: bool) -> bool:  # noqa: FBT001 - as above
        written = {row[0]: row[1] for row in self.records.rows(WRITTEN_BY, phone)}
        identity = self._conversation_with(f"+{phone}")
        rows = self._messages(identity) if identity else []
        if rows is None:
            return self._conclude([(OUT_OF_REACH, phone)], last, "customers", 0)
        inbound = [row for row in rows if row.direction == "inbound"]
        found = list(_wrong_arrivals(written, inbound))
        if identity and not found:
            found += self._wrong_unread(identity, inbound)
        return self._conclude(found, last, "customers", len(written))

    def _wrong_unread(self, identity: str, inbound: list[Message]) -> list[tuple[str, str]]:
        """Nobody has read what this run's customers wrote, so all of it is unread (CONV-05)."""
        conversation = self.task().call(GET_CONVERSATION, identity)
        if conversation is None or conversation.data.unread_count == len(inbound):
            return []
        told = f"unread_count {conversation.data.unread_count}, inbound messages {len(inbound)}"
        return [("unread count", f"conversation {identity}: {told}")]

    def _conversation_with(self, phone: str) -> str | None:
        found = self.task().call(LIST_CONTACTS, query=f"search={quote(phone[1:])}&limit=5")
        contact = next((row.id for row in (found.data if found else []) if row.phone == phone), None)
        if contact is None:
            return None
        listed = self.task().call(LIST_CONVERSATIONS, query=f"contact_id={contact}&limit=1")
        return listed.data[0].id if listed and listed.data else None

    def _messages(self, conversation: str) -> list[Message] | None:
        rows: list[Message] = []
        cursor = None
        for _ in range(MOST_PAGES):
            page = self.task().call(LIST_MESSAGES, conversation, "limit=100" + (f"&cursor={cursor}" if cursor else ""))
            if page is None:
                return None
            rows += page.data
            cursor = page.meta.next_cursor
            if cursor is None:
                break
        return rows

    def _broadcast(self, identity: str, last: bool) -> bool:  # noqa: FBT001 - as above
        """Counts against the ledger (BCAST-06 to BCAST-08)."""
        total, accepted, delivered, read, bounced = next(self.records.rows(DUE, identity))
        state = self.task().call(GET_BROADCAST, identity)
        if state is None:
            return self._conclude([(OUT_OF_REACH, identity)], last, "broadcasts", 0)
        shown = {"total": state.data.total_recipients, "sent": state.data.sent_count, "failed": state.data.failed_count,
                 "delivered": state.data.delivered_count, "read": state.data.read_count}  # fmt: skip
        due = {"total": total, "sent": accepted, "failed": total - accepted, "delivered": delivered, "read": read}
        # whom Meta first took and then reported as failed may count as either (conformance/wacrm/steps/reconciliation.py)
        spare = {name: 0 if name == "total" else bounced for name in due}
        found = [
            ("broadcast counts", f"{identity}: {name} {shown[name]}, the ledger says {due[name]}")
            for name in due if abs(shown[name] - due[name]) > spare[name]
        ]  # fmt: skip
        if state.data.status != "sent":
            found.append(("broadcast unfinished", f"{identity}: still {state.data.status!r}"))
        return self._conclude(found, last, "broadcasts", 0)

    def _conclude(self, found: list[tuple[str, str]], last: bool, what: str, messages: int) -> bool:  # noqa: FBT001 - as above
        """Whether this look settles it: nothing is wrong, or there is no other look."""
        if found and not last:
            return False
        for kind, example in found:
            self.audit.observations.add(kind, example)
        setattr(self.audit, what, getattr(self.audit, what) + 1)
        self.audit.messages += messages
        return True


def _wrong_arrivals(written: dict[str, str], inbound: list[Message]) -> Iterator[tuple[str, str]]:
    shown = Counter(row.whatsapp_message_id for row in inbound)
    for wamid in written:
        if shown[wamid] != 1:
            yield ("inbound twice" if shown[wamid] else "lost inbound"), f"{wamid} is {shown[wamid]} times in the API"
    for row in inbound:
        wrote = written.get(row.whatsapp_message_id or "")
        told = row.content_text is not None or row.content_type == "text"
        if wrote is not None and told and message_records.digest("in", row.content_text) != wrote:
            yield "altered inbound", f"{row.whatsapp_message_id}: {row.content_text!r}"


CONVERSATIONS = (
    "SELECT conversation FROM asked WHERE outcome = 'accepted' AND conversation IS NOT NULL GROUP BY conversation"
)
CUSTOMERS = "SELECT sender FROM written WHERE acknowledged IS NOT NULL GROUP BY sender"
BATCHES = "SELECT batch FROM asked WHERE batch IS NOT NULL GROUP BY batch LIMIT ?"
ASKED_IN = "SELECT wamid, digest FROM asked WHERE conversation = ? AND outcome = 'accepted'"
WRITTEN_BY = "SELECT wamid, digest FROM written WHERE sender = ? AND acknowledged IS NOT NULL"
DUE = """
  SELECT COUNT(DISTINCT a.nonce), COUNT(DISTINCT m.nonce),
    COUNT(DISTINCT CASE WHEN COALESCE(r.delivered, r.read) IS NOT NULL THEN a.nonce END),
    COUNT(DISTINCT CASE WHEN r.read IS NOT NULL THEN a.nonce END),
    COUNT(DISTINCT CASE WHEN r.failed IS NOT NULL THEN a.nonce END)
  FROM asked a LEFT JOIN meta m ON m.nonce = a.nonce AND m.accepted LEFT JOIN reported r ON r.wamid = m.wamid
  WHERE a.batch = ?"""
