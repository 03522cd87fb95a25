"""The master's side: it briefs workers, deals keys, collects reports, watches over the run, and closes its books."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtests.accounting.reconciliation import Books
from loadtests.measurement import histogram
from loadtests.measurement.telemetry import Telemetry
from loadtests.users.worker_state import Briefing

if TYPE_CHECKING:
    import argparse

    from loadtests.cluster.environment import Stage
    from loadtests.cluster.key_allocation import Deck, Pair
    from loadtests.schedule.capacity import Search

SLICES = 600
"""Slices of time at most, so that a soak's data stay small."""
SHARES = 32
"""Parts of the telephone numbers, for workers that join late too."""
AUDITOR = "auditor"
AUDIT_KEYS = 6
AUDIT_CEILING = 100_000
"""Requests that looking at the read side may take: a wait has a deadline, and this is its other bound."""
DEAD_AFTER = 2.0
"""Seconds during which nobody takes a connection, after which the target counts as dead."""


@dataclass
class Member:
    """A worker as the master knows it; the numbers are those of its last report."""

    share: int
    requests: int = 0
    waited: float = 0.0
    left: int = 0
    under_way: int = 0
    finished: bool = False
    gone: bool = False
    dead_since: float | None = None


@dataclass
class Run:
    """One test from its start to its verdict."""

    name: str
    seed: int
    stage: Stage
    books: Books
    telemetry: Telemetry
    deck: Deck
    mark: int
    started: datetime
    planned: float | None
    endpoint: str | None
    members: dict[str, Member] = field(default_factory=dict)
    troubles: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stopped: float | None = None
    memory: list[tuple[int, int]] = field(default_factory=list)
    """Requests so far, and the bytes that the embedded reference held then."""
    interrupted: bool = False
    stopped_for_a_reason: bool = False
    """A ceiling, or the target's death; the notes say which."""
    closed: bool = True
    """Whether the books could be closed; without mock Meta they cannot."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    search: Search | None = None
    baseline: list[dict[str, Any]] | None = None
    scenarios: frozenset[str] = frozenset()
    errands: int = 0
    """Of all users; each process runs each once before chance chooses."""
    whole: bool = True
    """Whether no tags left errands out."""

    @property
    def elapsed(self) -> float:
        """Seconds of load."""
        return (self.stopped or time.time()) - self.telemetry.zero

    @property
    def visits(self) -> int:
        return histogram.count(self.telemetry.lag)

    @property
    def first_round(self) -> int:
        """Visits until every errand has had its turn in every process."""
        return self.errands * len(self.members)

    @property
    def requests(self) -> int:
        return sum(member.requests for member in self.members.values())

    @property
    def waited(self) -> float:
        return sum(member.waited for member in self.members.values())

    @property
    def path(self) -> str:
        """Where the receiver gets this run's events."""
        return f"/load/{self.name}"

    @property
    def died(self) -> float | None:
        """The second of the run at which the target stopped taking connections, if it did."""
        since = [m.dead_since for m in self.members.values() if m.dead_since is not None]
        now = time.time() if self.stopped is None else self.stopped + DEAD_AFTER
        return min(since) - self.telemetry.zero if since and now - min(since) >= DEAD_AFTER else None

    def note_memory(self) -> None:
        held = self.stage.memory()
        if held is not None:
            self.memory.append((self.requests, held))

    def trouble(self, kind: str, count: int, examples: list[str]) -> None:
        before, shown = self.troubles.get(kind, (0, []))
        self.troubles[kind] = (before + count, [*shown, *examples][:5])

    def absorb(self, worker: str, report: dict[str, Any]) -> None:
        """A worker's report into the books."""
        member = self.members.setdefault(worker, Member(len(self.members)))
        self.books.asked(report["asked"])
        self.books.written(report["written"])
        self.telemetry.absorb(report["telemetry"])
        for kind, count, examples in report["troubles"]:
            self.trouble(kind, count, examples)
        for name in ("requests", "waited", "left", "under_way", "dead_since"):
            setattr(member, name, report[name])
        if report["exhausted"] and "numbers" not in " ".join(self.notes):
            self.notes.append("the fictional telephone numbers were used up: strangers began to repeat")


def begin(stage: Stage, deck: Deck, given: argparse.Namespace, seed: int, planned: float | None) -> Run:
    """A run that is about to start: books open, the ledger marked, the receiver subscribed."""
    assert stage.provider is not None
    name = secrets.token_hex(3)
    step = max(1.0, (planned or given.max_seconds) / SLICES) if planned else 1.0
    run = Run(
        name=name, seed=seed, stage=stage, books=Books(stage.directory / f"books-{name}.sqlite"),
        telemetry=Telemetry(time.time(), step), deck=deck, mark=stage.provider.mark(),
        started=datetime.now(UTC), planned=planned, endpoint=None,
    )  # fmt: skip
    run.endpoint = stage.subscribe(run.path)
    if run.endpoint is None:
        run.notes.append("no receiver: customers' messages are not followed to the deployment's outbound webhooks")
    return run


def brief(run: Run, given: argparse.Namespace, worker: str, workers: int) -> Briefing:
    """What this worker is told, with its share of numbers and keys. One share of keys is kept for a worker that joins late."""
    member = run.members.setdefault(worker, Member(len(run.members)))
    if workers == 1:
        return _briefing(run, given, member.share, 1, given.max_requests, _keys(run, worker, len(run.stage.keys)))
    if not run.deck.held(AUDITOR):
        run.deck.deal(AUDITOR, AUDIT_KEYS)
    keys = _keys(run, worker, (len(run.stage.keys) - AUDIT_KEYS) // (workers + 1))
    return _briefing(run, given, member.share, SHARES, max(1, given.max_requests // workers), keys)


def _keys(run: Run, worker: str, count: int) -> list[Pair]:
    """Who held keys in a run before keeps them, and the account of what it spent."""
    return run.deck.hand(worker) or run.deck.deal(worker, count)


def brief_auditor(run: Run, given: argparse.Namespace) -> Briefing:
    """For who looks at the read side when workers are done: keys that were kept for it, and all that nobody holds."""
    kept = [*run.deck.hand(AUDITOR), *run.deck.deal(AUDITOR, len(run.stage.keys))]
    return _briefing(run, given, SHARES, SHARES, AUDIT_CEILING, kept)


def _briefing(run: Run, given: argparse.Namespace, share: int, shares: int, ceiling: int, keys: list[Pair]) -> Briefing:
    target, meta = run.stage.target.target, run.stage.target.meta
    assert meta is not None
    return Briefing(
        run=run.name, seed=run.seed, share=share, shares=shares, origin=target.origin, verify=target.verify,
        timeout=target.timeout, limit=target.limit, window=target.window, zero=run.telemetry.zero,
        step=run.telemetry.step, ceiling=ceiling, arrivals=given.arrivals, pace=given.pace,
        recipients=given.recipients, patience=target.patience, fresh=target.embedded, control=meta.control,
        phone_number_id=meta.phone_number_id, keys=keys,
    )  # fmt: skip


def folder(run: Run, out: str) -> Path:
    """Where this run's reports go; made when it is not there."""
    path = Path(out) / f"load-{run.started:%Y%m%dT%H%M%S}-{run.name}"
    path.mkdir(parents=True, exist_ok=True)
    return path
