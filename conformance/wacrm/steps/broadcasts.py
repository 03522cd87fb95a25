"""A broadcast as the judge runs it: launched with a nonce, polled, and joined with what Meta and its webhooks know."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING, PLAIN
from conformance.target import expect, waiting
from conformance.target.numbers import digits
from conformance.target.verdicts import Mismatch
from conformance.target.waiting import eventually
from conformance.wacrm.steps import reconciliation
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.reconciliation import Order, Poll, Post, Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.reconciliation import Discrepancy, Due

LONGEST, RETRYING = 300.0, 60.0
"""Seconds after which a broadcast is given up: one that gets on, and one that only tries the same recipients again."""
TURN, SLOW = 120.0, 1.0
"""Seconds that a broadcast may stand still since the target waits, and that Meta's answer takes if the target waits for it."""
EARLIER = 5000
"""Entries of the ledger before a broadcast in which Meta may still have been asked to send something else."""
FIRST_PAUSE, LAST_PAUSE = 0.03, 0.25
ACCEPTED = (200, 201, 202)
LEFT_OVER = 1.0
"""Seconds without a send after which a broadcast that was called sent is over: calling it too early is BCAST-06's matter."""
AFTERMATH = 0.1
"""Seconds after which counts must still be right: a count that overshoots passes through the right one."""
PREFIX = 8
"""Letters that all words of a run begin with (`fixtures.word`)."""


@dataclass
class Broadcast:
    """One broadcast of the target. `polls` are all answers to GET so far, `answer` the one to POST."""

    account: Account
    order: Order
    answer: Exchange
    id: str
    mark: int
    posted_at: float
    polls: list[Poll] = field(default_factory=list)
    last: Exchange | None = None

    @property
    def receipt(self) -> Row:
        """What the POST answered; which 2xx it should be is BCAST-01's matter."""
        return needed(self.answer, *ACCEPTED)

    # -- what the API says --------------------------------------------------------------------------------------------

    def poll(self) -> Poll:
        """GET it; the counts, which are kept. No verdict when it cannot be read."""
        self.last = self.account.api.get(f"/broadcasts/{self.id}")
        self.polls.append(counts_of(needed(self.last, 200), self.last))
        return self.polls[-1]

    def until(self, done: Callable[[Poll], object], patience: float, pause: float = FIRST_PAUSE) -> Poll:
        """Poll until `done`, or nothing moves for `patience` seconds though the target need not wait; the last poll either way."""
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
        """Whether Meta was lately asked to send to somebody, and not only to the same people for too long."""
        lately = self._tried(within=patience)
        return bool(lately) and (still <= RETRYING or bool(lately - self._tried(before=patience)))

    def _waits(self, patience: float, still: float) -> bool:
        """Whether a target that sends to one person at a time may be waiting: for Meta, which is slow to answer somebody's
        send, or for other broadcasts, before it has sent anything of this one.
        """
        sends = self.account.mock_meta.sends(since=max(self.mark - EARLIER, 0), contains=self.order.nonce[:PREFIX])
        lately = [e for e in sends if e["type"] == "template" and _open_since(e, time.time() - patience)]
        slow = any(e["duration"] is None or e["duration"] > SLOW for e in lately)
        begun = any(self.order.nonce in e["raw"] for e in sends)
        return still < TURN and (slow or (bool(lately) and not begun))

    def _tried(self, *, within: float = LONGEST, before: float = 0.0) -> set[str]:
        """Whom Meta was asked to send to in the last `within` seconds, and more than `before` seconds ago: a target may
        show its counts late, or wait before it tries again, and still be at work.
        """
        entries = self.account.mock_meta.sends(since=self.mark, contains=self.order.nonce)
        return {digits(entry["to"]) for entry in entries if before < time.time() - float(entry["at"]) < within}

    def called_sent(self, patience: float | None = None) -> bool:
        """Whether it came to `status: sent` (BCAST-06), waiting as long as it moves."""
        return self.until(lambda poll: poll.status == "sent", self._patience(patience)).status == "sent"

    def finished(self, patience: float | None = None) -> bool:
        """`called_sent`, and Meta has answered a send to everybody, or nobody who is left is sent to any more."""
        ended = self.called_sent(patience)
        waiting.while_it_changes(self._answered, lambda done: done >= self.order.recipients, LEFT_OVER, FIRST_PAUSE)
        return ended

    def _answered(self) -> set[str]:
        return {post.to for post in self.posts() if post.answered}

    def settled(self, due: Mapping[str, Due], names: Iterable[str] = reconciliation.COUNTS) -> list[Discrepancy]:
        """What is still wrong with the counts after waiting for them to come right, and for what might yet come."""
        wanted = list(names)
        self.until(lambda poll: not reconciliation.counting(poll, due, wanted), self._patience(None))
        waiting.pause(AFTERMATH)
        return reconciliation.counting(self.poll(), due, wanted)

    def _patience(self, given: float | None) -> float:
        return self.account.mock_meta.patience if given is None else given

    # -- what Meta knows ----------------------------------------------------------------------------------------------

    def posts(self) -> list[Post]:
        """What Meta was asked to send for it."""
        return reconciliation.posts(
            self.order, self.account.mock_meta.sends(since=self.mark), self.order.nonce[:PREFIX]
        )

    def wamids(self) -> dict[str, str]:
        """The message that Meta took for each recipient (digits)."""
        return {post.to: post.wamid for post in self.posts() if post.wamid is not None}

    def said(self) -> Said:
        """What Meta's webhooks have said since the launch, once none is due or under way."""
        mock_meta = self.account.mock_meta
        eventually(lambda: not mock_meta.request("GET", "/health")["pending_webhooks"], mock_meta.patience)
        return reconciliation.said(self.account.mock_meta.ledger(kind="webhook", since=self.mark))

    def dues(self, undecided: Iterable[str] = ()) -> dict[str, Due]:
        return reconciliation.dues(self.order, self.posts(), self.said(), undecided)

    # -- verdicts -----------------------------------------------------------------------------------------------------

    def clean(self, found: Sequence[Discrepancy], what: str) -> None:
        """A Mismatch that says every discrepancy."""
        if found:
            evidence = [str(one) for one in found]
            raise Mismatch(what, "; ".join(evidence), *self.exchanges(), evidence=evidence)

    def exchanges(self) -> list[Exchange]:
        return [self.answer] if self.last is None else [self.answer, self.last]


def _open_since(entry: Mapping[str, Any], moment: float) -> bool:
    """Whether Meta had a send to answer at this unix time or later."""
    return entry["duration"] is None or float(entry["at"]) + float(entry["duration"]) > moment


def counts_of(row: Row, exchange: Exchange) -> Poll:
    """The counts of a broadcast's record; a Mismatch when one is missing or no whole number."""
    numbers = {name: expect.member(row, f"{name}_count", exchange) for name in reconciliation.COUNTS}
    numbers["total"] = expect.member(row, "total_recipients", exchange)
    for name, value in numbers.items():
        good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        expect.that(good, f"{name} to be a whole number", expect.show(value), exchange)
    return Poll(str(expect.member(row, "status", exchange)), at=time.monotonic(), **numbers)


def greeting(nonce: str, index: int) -> list[str]:
    """Body values of GREETING that no other recipient has."""
    return [f"{nonce} n{index}", f"{nonce} c{index}"]


def launch(account: Account, to: Sequence[str], **fields: Any) -> Broadcast:  # noqa: ANN401 - JSON
    """Start a broadcast of GREETING with values of each recipient's own; no verdict when the target does not take it."""
    nonce = account.word()
    recipients = [{"to": number, "params": greeting(nonce, index)} for index, number in enumerate(to)]
    return submit(account, nonce, recipients, **fields)


def submit(account: Account, nonce: str, recipients: Sequence[Row], **fields: Any) -> Broadcast:  # noqa: ANN401 - JSON
    """Start a broadcast to these recipients; no verdict when the target does not take it."""
    body = {"name": nonce, "template_name": GREETING, "template_language": "en_US", "recipients": recipients, **fields}
    mark, posted_at = account.mock_meta.mark(), time.time()
    answer = account.api.post("/broadcasts", body)
    identity = expect.member(needed(answer, *ACCEPTED), "broadcast_id", answer)
    return Broadcast(account, order_of(nonce, body), answer, str(identity), mark, posted_at)


def order_of(nonce: str, body: Mapping[str, Any]) -> Order:
    """The order that a body is. A number that is no plain E.164 is not expected to get anything."""
    params: dict[str, set[tuple[str, ...]]] = {}
    for recipient in body["recipients"]:
        plain = str(recipient["to"]).removeprefix("+")
        if str(recipient["to"]).startswith("+") and plain.isdecimal() and 7 <= len(plain) <= 15:
            params.setdefault(plain, set()).add(tuple(recipient.get("params") or ()))
    language = body.get("template_language") or "en_US"
    return Order(nonce, body["template_name"], language, {to: frozenset(values) for to, values in params.items()})


__all__ = ["GREETING", "PLAIN", "Broadcast", "counts_of", "greeting", "launch", "order_of", "submit"]
