"""A broadcast: started with a unique marker, polled, and compared with Meta's ledger and webhooks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING
from conformance.target import expect, waiting
from conformance.target.numbers import digits
from conformance.target.waiting import eventually
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.reconciliation import MetaReports, Poll
from conformance.wacrm.steps.submission import Submission, send_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.reconciliation import Discrepancy, ExpectedCount
    from conformance.wacrm.steps.submission import SendRequest

LONGEST, RETRYING = 300.0, 60.0
"""Seconds after which waiting ends: while the counts change, and while only the same recipients are retried."""
TURN, SLOW = 120.0, 1.0
"""Seconds without progress that are allowed while the target waits for Meta or for other broadcasts, and the duration
from which an answer of Meta counts as slow.
"""
EARLIER = 5000
"""Ledger entries before a broadcast that are searched for sends still in progress."""
FIRST_PAUSE, LAST_PAUSE = 0.03, 0.25
ACCEPTED = (200, 201, 202)
SENDING, SENT = "sending", "sent"
LEFT_OVER = 1.0
"""Seconds without a send after which a broadcast with `status: sent` is over. Setting `sent` too early is a finding
of BCAST-06.
"""
AFTERMATH = 0.1
"""Seconds after which the counts must still be right: a count that becomes too high passes through the right value."""
INVALID_NUMBERS = ("+", "abc", "not a number", "+1", "+123456789012345678901234")
"""Not E.164 by any reading, nor after everything but digits has been removed."""
PREFIX = 8
"""Length of the prefix that all markers of a run share (fixture `marker`)."""


@dataclass
class Broadcast:
    """One broadcast of the target. `polls` are all answers to GET so far, `answer` is the one to POST."""

    account: Account
    submission: Submission
    answer: Exchange
    id: str
    ledger_position: int
    posted_at: float
    polls: list[Poll] = field(default_factory=list)
    last: Exchange | None = None

    @property
    def accepted_record(self) -> Row:
        """The record that POST answered, with any 2xx (BCAST-01 checks which)."""
        return required(self.answer, *ACCEPTED)

    # -- the API ------------------------------------------------------------------------------------------------------------

    def poll(self) -> Poll:
        """GET the broadcast and record its counts. No verdict when it cannot be read."""
        self.last = self.account.api.get(f"/broadcasts/{self.id}")
        self.polls.append(counts_of(required(self.last, 200), self.last))
        for name in (name for name, count in self.polls[-1].counts.items() if count):
            self.account.learned.came(f"{name}_count")
        return self.polls[-1]

    def until(self, done: Callable[[Poll], object], patience: float, pause: float = FIRST_PAUSE) -> Poll:
        """Poll until `done`, or until nothing has changed for `patience` seconds and the target has no reason to
        wait; the last poll either way.
        """
        changed = moved = time.monotonic()
        seen = self.poll()
        for _ in waiting.polls(LONGEST, pause, LAST_PAUSE):
            if done(seen):
                break
            before, seen = seen, self.poll()
            if seen.counts != before.counts:
                changed = moved = time.monotonic()
            elif time.monotonic() - changed > patience:
                still = time.monotonic() - moved
                if not self._trying(patience, still) and not self._waits(patience, still):
                    break
                changed = time.monotonic()
        return seen

    def _trying(self, patience: float, still: float) -> bool:
        """Whether sends were made recently, and not only repeated ones to the same recipients for too long."""
        lately = self._tried(within=patience)
        return bool(lately) and (still <= RETRYING or bool(lately - self._tried(before=patience)))

    def _waits(self, patience: float, still: float) -> bool:
        """Whether a target that sends to one recipient at a time may be waiting: for a slow answer of Meta, or for
        other broadcasts before its first send of this one.
        """
        sends = self.account.mock_meta.sends(
            since=max(self.ledger_position - EARLIER, 0), contains=self.submission.marker[:PREFIX]
        )
        lately = [e for e in sends if e["type"] == "template" and _open_since(e, time.time() - patience)]
        slow = any(e["duration"] is None or e["duration"] > SLOW for e in lately)
        begun = any(self.submission.marker in e["raw"] for e in sends)
        return still < TURN and (slow or (bool(lately) and not begun))

    def _tried(self, *, within: float = LONGEST, before: float = 0.0) -> set[str]:
        """Recipients of sends in the last `within` seconds and more than `before` seconds ago. A target may update
        its counts late or wait before a retry, and still be working.
        """
        entries = self.account.mock_meta.sends(since=self.ledger_position, contains=self.submission.marker)
        return {digits(entry["to"]) for entry in entries if before < time.time() - float(entry["at"]) < within}

    def reaches_sent(self, patience: float | None = None) -> bool:
        """Whether the status becomes `sent` (BCAST-06), waiting as long as there is progress.

        Where another status than `sending` stays is learned: a whole patience is waited for that once in a run.
        """
        full = self.account.mock_meta.patience if patience is None else patience
        first = self.until(lambda poll: poll.status != SENDING, full)
        if first.status in {SENDING, SENT}:
            return first.status == SENT
        kind = f"status {SENT} after {first.status}"
        return self._learning([kind], full, lambda wait: self.until(_is_sent, wait), _is_sent)

    def finished(self, patience: float | None = None) -> bool:
        """`reaches_sent`, and then wait until Meta has answered a send to every recipient or no further send is made."""
        ended = self.reaches_sent(patience)
        everybody = self.submission.recipients
        waiting.while_it_changes(self._answered, lambda done: done >= everybody, LEFT_OVER, FIRST_PAUSE)
        return ended

    def require_finished(self) -> None:
        """No verdict unless it is `finished`, or Meta has answered a send to every recipient."""
        expect.precondition(self.finished() or self.attempted(), "the broadcast does not finish")

    def attempted(self) -> bool:
        """Whether Meta has answered a send to every recipient, or the target says that no more will be made."""
        return self._answered() >= self.submission.recipients or self.polls[-1].status == "failed"

    def _answered(self) -> set[str]:
        return {post.to for post in self.send_requests() if post.answered}

    def remaining_discrepancies(
        self, due: Mapping[str, ExpectedCount], names: Iterable[str] = reconciliation.COUNTS
    ) -> list[Discrepancy]:
        """The discrepancies of the counts that remain after waiting for them to become right, and a moment longer."""
        wanted = list(names)

        def is_right(poll: Poll) -> bool:
            return not reconciliation.count_discrepancies(poll, due, wanted)

        wrong = [f"{name}_count" for name in reconciliation.wrong_counts(self.poll(), due, wanted)]
        if wrong:
            full = self.account.mock_meta.patience
            self._learning(wrong, full, lambda wait: self.until(is_right, wait), is_right)
        waiting.pause(AFTERMATH)
        return reconciliation.count_discrepancies(self.poll(), due, wanted)

    def _learning(
        self, kinds: Sequence[str], full: float, wait: Callable[[float], Poll], is_right: Callable[[Poll], bool]
    ) -> bool:
        """Whether `wait(patience)` ends well, with the longest patience that the run has learned for these kinds."""
        learned, began = self.account.learned, time.monotonic()
        came = is_right(wait(max(learned.patience(kind, full) for kind in kinds)))
        for kind in kinds:
            if came:
                learned.came(kind, time.monotonic() - began)
            else:
                learned.missed(kind)
        return came

    # -- Meta -----------------------------------------------------------------------------------------------------------------

    def send_requests(self) -> list[SendRequest]:
        """The requests that Meta received for this broadcast."""
        return send_requests(
            self.submission, self.account.mock_meta.sends(since=self.ledger_position), self.submission.marker[:PREFIX]
        )

    def wamids(self) -> dict[str, str]:
        """The wamid that Meta issued for each recipient (digits)."""
        return {post.to: post.wamid for post in self.send_requests() if post.wamid is not None}

    def meta_reports(self) -> MetaReports:
        """What Meta's webhooks have reported since the start, once none is pending."""
        mock_meta = self.account.mock_meta
        eventually(lambda: not mock_meta.request("GET", "/health")["pending_webhooks"], mock_meta.patience)
        return reconciliation.meta_reports(self.account.mock_meta.ledger(kind="webhook", since=self.ledger_position))

    def expected_counts(self, undecided: Iterable[str] = ()) -> dict[str, ExpectedCount]:
        return reconciliation.expected_counts(self.submission, self.send_requests(), self.meta_reports(), undecided)

    def exchanges(self) -> list[Exchange]:
        return [self.answer] if self.last is None else [self.answer, self.last]


def _is_sent(poll: Poll) -> bool:
    return poll.status == SENT


def _open_since(entry: Mapping[str, Any], moment: float) -> bool:
    """Whether the send was still unanswered at this unix time or later."""
    return entry["duration"] is None or float(entry["at"]) + float(entry["duration"]) > moment


def counts_of(row: Row, exchange: Exchange) -> Poll:
    """The counts in a broadcast's record; a Mismatch when one is missing or not a whole number."""
    numbers = {name: expect.member(row, f"{name}_count", exchange) for name in reconciliation.COUNTS}
    numbers["total"] = expect.member(row, "total_recipients", exchange)
    for name, value in numbers.items():
        good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        expect.that(good, f"{name} to be a whole number", expect.show(value), exchange)
    return Poll(str(expect.member(row, "status", exchange)), at=time.monotonic(), **numbers)


def greeting_values(marker: str, index: int) -> list[str]:
    """Body parameters of GREETING that no other recipient has."""
    return [f"{marker} n{index}", f"{marker} c{index}"]


def launch(account: Account, to: Sequence[str], **fields: Any) -> Broadcast:  # noqa: ANN401 - JSON
    """Start a broadcast of GREETING with different parameters for each recipient; no verdict when the target refuses
    it.
    """
    marker = account.marker()
    recipients = [{"to": number, "params": greeting_values(marker, index)} for index, number in enumerate(to)]
    return submit(account, marker, recipients, **fields)


def submit(account: Account, marker: str, recipients: Sequence[Row], **fields: Any) -> Broadcast:  # noqa: ANN401 - JSON
    """Start a broadcast to these recipients; no verdict when the target refuses it."""
    body = {"name": marker, "template_name": GREETING, "template_language": "en_US", "recipients": recipients, **fields}
    ledger_position, posted_at = account.mock_meta.mark(), time.time()
    answer = account.api.post("/broadcasts", body)
    broadcast_id = required(answer, *ACCEPTED).get("broadcast_id")
    expect.precondition(broadcast_id, "POST /broadcasts answers without broadcast_id")
    return Broadcast(account, submission_of(marker, body), answer, str(broadcast_id), ledger_position, posted_at)


def submission_of(marker: str, body: Mapping[str, Any]) -> Submission:
    """The submission that a request body describes. A number that is not plain E.164 is not expected to get a
    message.
    """
    params: dict[str, set[tuple[str, ...]]] = {}
    for recipient in body["recipients"]:
        plain = str(recipient["to"]).removeprefix("+")
        if str(recipient["to"]).startswith("+") and plain.isdecimal() and 7 <= len(plain) <= 15:
            params.setdefault(plain, set()).add(tuple(recipient.get("params") or ()))
    language = body.get("template_language") or "en_US"
    return Submission(marker, body["template_name"], language, {to: frozenset(values) for to, values in params.items()})
