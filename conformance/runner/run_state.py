"""One run's state: what is tested with what, and what was reported. Becomes `Results` at the end."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.runner.record import Record
from conformance.target.keys import split
from conformance.target.target import Target
from reports.previous import RED
from reports.redaction import Redactor
from reports.results import CheckResult, ClauseResult, Results, Verdict, exit_code, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.contract.baseline import Accepted, Baseline
    from conformance.contract.requirements import Requirement
    from conformance.runner.options import Selection
    from conformance.runner.system import System
    from conformance.runner.watch import Death
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe
    from reports.results import Finding


@dataclass
class RunState:
    """Shared by the plugin's parts. A worker has one of its own, filled from the controller's by `take_over`.

    `doing` is what a long check is at, for the progress line; `clause` is the one whose check is running. `known` are
    checks that are red already and not counted.
    `shared` is a folder in which workers say what they collected; `replaces`: this worker stands for one that ended.
    """

    system: System
    requirements: Mapping[str, Requirement]
    selection: Selection
    seed: int
    baseline: Baseline
    target: Target | None = None
    receiver: dict[str, Any] | None = None
    armed: bool = False
    unarmed_reason: str = ""
    worker: tuple[int, int] = (0, 1)
    probe: Probe | None = None
    pool: KeyPool | None = None
    died: Death | None = None
    replaces: bool = False
    doing: str = ""
    clause: str = ""
    listeners: list[Callable[[Exchange, str], None]] = field(default_factory=list)
    collected: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    waited: float = 0.0
    finished: Results | None = None
    redactor: Redactor = field(default_factory=Redactor)
    known: frozenset[str] = frozenset()
    shared: Path | None = None
    record: Record = field(init=False)
    _began: float = field(default_factory=time.monotonic)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.record = Record(self.redactor)

    @property
    def name(self) -> str:
        """What the run's folder is called when no other has that name."""
        return f"{self._started:%Y%m%dT%H%M%SZ}-{self.seed}"

    @property
    def counts(self) -> dict[Verdict, int]:
        return self.record.counts

    def selects(self, clause: str, check: str) -> bool:
        if clause not in self.requirements:
            raise LookupError(f"a check names the clause {clause}, which requirements.yaml does not have")
        return self.selection.takes(self.requirements[clause]) and self.selection.takes_check(check)

    def selects_some_of(self, group: str) -> bool:
        """Whether any clause of the group is selected; a group that has no clauses is not ours to leave out."""
        ours = [clause for clause in self.requirements.values() if clause.group == group]
        return not ours or any(self.selection.takes(clause) for clause in ours)

    # -- from the preflight to the checks, across processes -------------------------------------------------------------

    def after_preflight(self, probe: Probe, pool: KeyPool) -> None:
        self.armed, self.unarmed_reason = probe.armed, probe.unarmed_reason
        self.requests += probe.count
        self.waited += pool.waited

    def begin(self, target: Target) -> None:
        self.target = target
        self.learn_secrets(target)

    def learn_secrets(self, target: Target) -> None:
        self.redactor.learn(*target.secrets)
        address, meta, receiver = target.target, target.meta, target.receiver
        urls = [
            address.base_url,
            address.webhook_url,
            meta.control if meta else "",
            receiver.origin if receiver else "",
        ]
        self.redactor.learn_credentials(*urls)

    def keys(self) -> list[Key]:
        """The share of the target's keys that this process spends."""
        assert self.target is not None
        index, workers = self.worker
        return split(self.target.keys.flat(), workers, index)

    def for_worker(self, index: int, workers: int, *, replaces: bool = False) -> dict[str, Any]:
        """What a worker needs, as plain data. It holds secrets and goes through a pipe, never to a file."""
        assert self.target is not None
        return {
            "target": reveal(self.target.model_dump()), "receiver": self.receiver, "armed": self.armed,
            "unarmed_reason": self.unarmed_reason, "worker": [index, workers], "seed": self.seed,
            "shared": str(self.shared or ""), "replaces": replaces,
        }  # fmt: skip

    def take_over(self, given: dict[str, Any]) -> None:
        self.target = Target.model_validate(given["target"])
        self.receiver, self.armed, self.unarmed_reason = given["receiver"], given["armed"], given["unarmed_reason"]
        self.worker = (given["worker"][0], given["worker"][1])
        self.seed, self.replaces, self.shared = given["seed"], given["replaces"], Path(given["shared"])
        self.learn_secrets(self.target)

    def tell_collected(self) -> None:
        """Leave for the controller what this worker collected, at once: the worker may be killed."""
        assert self.shared is not None
        (self.shared / f"collected-{os.getpid()}.json").write_text(json.dumps(self.collected), encoding="utf-8")

    def hear_collected(self) -> None:
        assert self.shared is not None
        for told in self.shared.glob("collected-*.json"):
            with suppress(ValueError):
                self.collected.update(json.loads(told.read_text(encoding="utf-8")))

    def for_controller(self) -> dict[str, Any]:
        self._add_own_traffic()
        return {"requests": self.requests, "waited": self.waited}

    def add_worker(self, output: dict[str, Any] | None) -> None:
        if output is not None:
            self.requests += output["requests"]
            self.waited += output["waited"]

    def _add_own_traffic(self) -> None:
        self.requests += self.probe.count if self.probe is not None else 0
        self.waited += self.pool.waited if self.pool is not None else 0.0

    def hear(self, exchange: Exchange) -> None:
        """Pass an exchange on to who listens, with the clause whose check is running."""
        for listener in self.listeners:
            listener(exchange, self.clause)

    def is_red(self, clause: str) -> bool:
        """Whether a check of the clause has failed so far, as far as this process knows."""
        return any(ended.clause == clause and ended.verdict is Verdict.FAIL for ended in self.record.ended.values())

    # -- the end --------------------------------------------------------------------------------------------------------

    def finish(self, run: str, *, interrupted: bool) -> Results:
        """The report of all this, without secrets; `run` is the name of the run's folder."""
        assert self.target is not None
        self._add_own_traffic()
        interrupted = interrupted and self.died is None
        if self.died is not None:
            self.record.revise(self.died)
        clauses = self._clauses(interrupted=interrupted)
        stale = self.baseline.stale(ended.outcome for ended in self.record.ended.values())
        address = self.target.target
        target = {"url": address.api, "embedded": address.embedded, "limit": address.limit, "window": address.window}
        code = exit_code(clauses, interrupted=interrupted, known=self.known, stale=bool(stale))
        self.finished = Results(
            run=run,
            target=self.redactor.data(target),
            started=self._started.isoformat(timespec="seconds"), seconds=round(time.monotonic() - self._began, 1),
            seed=self.seed, requests=self.requests, waited=round(self.waited, 1),
            exit_code=code, interrupted=interrupted, clauses=clauses, findings=self._findings(),
            measurements=self.record.measurements(), notes=list(map(self.redactor.text, self._notes(stale))),
        )  # fmt: skip
        return self.finished

    def _notes(self, stale: list[Accepted]) -> list[str]:
        red = [name for name, ended in self.record.ended.items() if name in self.known and ended.verdict in RED]
        known = f"{len(red)} checks were red in the earlier run as well: not counted" if red else ""
        died = self.died.sentence if self.died else ""
        return [note for note in (died, known, *self.baseline.notes(stale)) if note]

    def _clauses(self, *, interrupted: bool) -> list[ClauseResult]:
        checks: dict[str, list[CheckResult]] = defaultdict(list)
        lost = Verdict.ERROR if self.died and not self.died.ours and not interrupted else Verdict.NO_VERDICT
        why = self.died.sentence if self.died else "not reached before the interruption"
        for name, clause in self.collected.items():
            reached = name in self.record.ended
            result = self.record.result(name, self.baseline) if reached else CheckResult(name, lost, 0.0, why)
            checks[clause].append(result)
        return [self._clause(id_, checks[id_]) for id_ in self.requirements if id_ in checks]

    def _clause(self, id_: str, checks: list[CheckResult]) -> ClauseResult:
        known = self.requirements[id_]
        verdict = fold([check.verdict for check in checks])
        reasons = dict.fromkeys(check.reason for check in checks if check.verdict is verdict and check.reason)
        return ClauseResult(id_, str(known.level), known.sentence, known.source, verdict, checks, "; ".join(reasons))

    def _findings(self) -> list[Finding]:
        order = list(self.requirements)
        return sorted(self.record.findings(), key=lambda finding: order.index(finding.clause))


def reveal(value: Any) -> Any:  # noqa: ANN401 - settings as plain data
    """Settings with their secrets in clear, for the pipe to a worker."""
    if isinstance(value, dict):
        return {name: reveal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [reveal(inner) for inner in value]
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


RUN_STATE = pytest.StashKey[RunState]()
"""Where fixtures find the state of their run."""
