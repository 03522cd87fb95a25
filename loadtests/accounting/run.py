"""The data of one load test, from its start to its verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loadtests.measurement import histogram
from loadtests.measurement.observations import Observations

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.target.target import Target
    from loadtests.accounting.records import Records
    from loadtests.measurement.telemetry import Telemetry
    from loadtests.schedule.capacity import Search

DEAD_AFTER = 2.0
"""Seconds during which nobody takes a connection, after which the target counts as dead."""


@dataclass
class WorkerStatus:
    """A worker as the master knows it; the numbers are those of its last report."""

    share: int
    requests: int = 0
    waited: float = 0.0
    left: int = 0
    under_way: int = 0
    finished: bool = False
    lost: bool = False
    dead_since: float | None = None


@dataclass
class Run:
    """`mark` is the last sequence number of mock Meta's ledger before the run, `planned` its seconds where they are known,
    `endpoint` the id of the webhook registered for it, `keys` how many there are, `memory` pairs of the requests so far and
    the bytes that the embedded reference held then.
    """

    name: str
    seed: int
    scenario: str
    shape: str
    target: Target
    keys: int
    records: Records
    telemetry: Telemetry
    mark: int
    started: datetime
    planned: float | None
    endpoint: str | None = None
    workers: dict[str, WorkerStatus] = field(default_factory=dict)
    observations: Observations = field(default_factory=Observations)
    notes: list[str] = field(default_factory=list)
    stopped: float | None = None
    memory: list[tuple[int, int]] = field(default_factory=list)
    interrupted: bool = False
    stopped_for_a_reason: bool = False
    """A ceiling, or the target's death; the notes say which."""
    joined: bool = True
    """Whether the records could be joined; without mock Meta they cannot."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    search: Search | None = None
    baseline: list[dict[str, Any]] | None = None
    scenarios: frozenset[str] = frozenset()
    definitions: int = 0
    """Tasks of all user classes; each worker runs each once before chance chooses."""
    whole: bool = True
    """Whether no tags left tasks out."""

    @property
    def elapsed(self) -> float:
        """Seconds of load."""
        return (self.stopped or time.time()) - self.telemetry.zero

    @property
    def tasks(self) -> int:
        """How many began."""
        return histogram.count(self.telemetry.lag)

    @property
    def first_round(self) -> int:
        """Tasks to begin until every definition has had its turn in every worker."""
        return self.definitions * len(self.workers)

    @property
    def requests(self) -> int:
        return sum(worker.requests for worker in self.workers.values())

    @property
    def waited(self) -> float:
        return sum(worker.waited for worker in self.workers.values())

    @property
    def lost_workers(self) -> int:
        return sum(worker.lost for worker in self.workers.values())

    @property
    def path(self) -> str:
        """Where the receiver gets this run's events."""
        return f"/load/{self.name}"

    @property
    def died(self) -> float | None:
        """The second of the run at which the target stopped taking connections, if it did."""
        since = [w.dead_since for w in self.workers.values() if w.dead_since is not None]
        now = time.time() if self.stopped is None else self.stopped + DEAD_AFTER
        return min(since) - self.telemetry.zero if since and now - min(since) >= DEAD_AFTER else None

    @property
    def overloads(self) -> list[tuple[float, float]]:
        """Spans of unix time in which a search asked for more than the target can do."""
        zero, search = self.telemetry.zero, self.search
        return [(zero + since, zero + until) for since, until in search.overloads] if search is not None else []

    def worker(self, name: str) -> WorkerStatus:
        """The worker of this name; one that was not known gets the next share of the telephone numbers."""
        return self.workers.setdefault(name, WorkerStatus(len(self.workers)))

    def note_memory(self, held: int | None) -> None:
        if held is not None:
            self.memory.append((self.requests, held))

    def absorb(self, name: str, report: dict[str, Any]) -> None:
        """Add what a worker reported (`WorkerState.report`)."""
        worker = self.worker(name)
        self.records.add_asked(report["asked"])
        self.records.add_written(report["written"])
        self.telemetry.absorb(report["telemetry"])
        self.observations.absorb(report["observations"])
        for number in ("requests", "waited", "left", "under_way", "dead_since"):
            setattr(worker, number, report[number])
        if report["exhausted"] and "numbers" not in " ".join(self.notes):
            self.notes.append("the fictional telephone numbers were used up: new ones began to repeat")
