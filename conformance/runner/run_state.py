"""One run's state: what is tested with what, and what was reported. Becomes `Results` at the end."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.keys import split
from conformance.target.target import Target
from reports.results import CheckResult, ClauseResult, ExchangeRecord, Finding, Results, Verdict, exit_code, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.contract.baseline import Baseline
    from conformance.contract.requirements import Requirement
    from conformance.runner.options import Selection
    from conformance.runner.system import System
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe


@dataclass
class RunState:
    """Shared by the plugin's parts. A worker has one of its own, filled from the controller's by `take_over`.

    `doing` is what a long check is at, for the progress line; `clause` is the one whose check is running.
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
    died: str | None = None
    doing: str = ""
    clause: str = ""
    listeners: list[Callable[[Exchange, str], None]] = field(default_factory=list)
    collected: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    waited: float = 0.0
    finished: Results | None = None
    _reported: dict[str, dict[str, Any]] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def selects(self, clause: str) -> bool:
        if clause not in self.requirements:
            raise LookupError(f"a check names the clause {clause}, which requirements.yaml does not have")
        return self.selection.takes(self.requirements[clause])

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

    def keys(self) -> list[Key]:
        """The share of the target's keys that this process spends."""
        assert self.target is not None
        index, workers = self.worker
        return split(self.target.keys.flat(), workers, index)

    def for_worker(self, index: int, workers: int) -> dict[str, Any]:
        """What a worker needs, as plain data. It holds secrets and goes through a pipe, never to a file."""
        assert self.target is not None
        return {
            "target": reveal(self.target.model_dump()), "receiver": self.receiver, "armed": self.armed,
            "unarmed_reason": self.unarmed_reason, "worker": [index, workers], "seed": self.seed,
        }  # fmt: skip

    def take_over(self, given: dict[str, Any]) -> None:
        self.target = Target.model_validate(given["target"])
        self.receiver, self.armed, self.unarmed_reason = given["receiver"], given["armed"], given["unarmed_reason"]
        self.worker = (given["worker"][0], given["worker"][1])
        self.seed = given["seed"]

    def for_controller(self) -> dict[str, Any]:
        self._add_own_traffic()
        return {"collected": self.collected, "requests": self.requests, "waited": self.waited, "died": self.died}

    def add_worker(self, output: dict[str, Any] | None) -> None:
        if output is not None:
            self.collected.update(output["collected"])
            self.requests += output["requests"]
            self.waited += output["waited"]
            self.died = self.died or output["died"]

    def _add_own_traffic(self) -> None:
        self.requests += self.probe.count if self.probe is not None else 0
        self.waited += self.pool.waited if self.pool is not None else 0.0

    def hear(self, exchange: Exchange) -> None:
        """Pass an exchange on to who listens, with the clause whose check is running."""
        for listener in self.listeners:
            listener(exchange, self.clause)

    # -- what was reported -------------------------------------------------------------------------------------------------

    def record(self, report: pytest.TestReport) -> None:
        """Keep the phase of a check that decides: the call, or the set-up or tear-down that went wrong."""
        known = dict(report.user_properties)
        name = check_name(report.nodeid)
        if report.when == "call" or "verdict" in known or (report.failed and name not in self._reported):
            given: Any = known.get("verdict", ["pass" if report.passed else "error", ""])
            verdict, reason = given
            measured = [value for key, value in report.user_properties if key == "measurement"]
            reported = {"clause": known.get("clause"), "verdict": Verdict(verdict), "reason": reason,
                     "seconds": report.duration, "finding": known.get("finding"), "measured": measured}  # fmt: skip
            if name not in self._reported or reported["verdict"] is not Verdict.PASS:
                self._reported[name] = reported

    def is_red(self, clause: str) -> bool:
        """Whether a check of the clause has failed so far, as far as this process knows."""
        return any(
            reported["clause"] == clause and reported["verdict"] is Verdict.FAIL for reported in self._reported.values()
        )

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many checks have ended with each verdict so far."""
        found: dict[Verdict, int] = defaultdict(int)
        for reported in self._reported.values():
            found[reported["verdict"]] += 1
        return found

    # -- the end --------------------------------------------------------------------------------------------------------

    def finish(self, *, interrupted: bool) -> Results:
        assert self.target is not None
        self._add_own_traffic()
        interrupted = interrupted and self.died is None
        clauses = self._clauses(interrupted=interrupted)
        address = self.target.target
        self.finished = Results(
            run=f"{self._started:%Y%m%dT%H%M%SZ}-{self.seed}",
            target={"url": address.api, "embedded": address.embedded, "limit": address.limit, "window": address.window},
            started=self._started.isoformat(timespec="seconds"), seconds=round(time.monotonic() - self._began, 1),
            seed=self.seed, requests=self.requests, waited=round(self.waited, 1),
            exit_code=exit_code(clauses, interrupted=interrupted), interrupted=interrupted, clauses=clauses,
            findings=self._findings(), measurements=self._measurements(),
            notes=[note for note in (self.died, *self.baseline.notes()) if note],
        )  # fmt: skip
        return self.finished

    def _clauses(self, *, interrupted: bool) -> list[ClauseResult]:
        checks: dict[str, list[CheckResult]] = defaultdict(list)
        for name, clause in self.collected.items():
            reported = self._reported.get(name)
            if reported is None:
                lost = Verdict.NO_VERDICT if interrupted or not self.died else Verdict.ERROR
                checks[clause].append(CheckResult(name, lost, 0.0, self.died or "not reached before the interruption"))
            else:
                verdict = self.baseline.apply(clause, reported["verdict"])
                checks[clause].append(CheckResult(name, verdict, round(reported["seconds"], 3), reported["reason"]))
        return [self._clause(id_, checks[id_]) for id_ in self.requirements if id_ in checks]

    def _clause(self, id_: str, checks: list[CheckResult]) -> ClauseResult:
        known = self.requirements[id_]
        verdict = fold([check.verdict for check in checks])
        reasons = dict.fromkeys(check.reason for check in checks if check.verdict is verdict and check.reason)
        return ClauseResult(id_, str(known.level), known.sentence, known.source, verdict, checks, "; ".join(reasons))

    def _findings(self) -> list[Finding]:
        found = []
        for name, reported in self._reported.items():
            if (data := reported["finding"]) is not None:
                exchanges = [ExchangeRecord(**record) for record in data["exchanges"]]
                found.append(
                    Finding(reported["clause"], name, data["expected"], data["actual"], exchanges, data["evidence"])
                )
        order = list(self.requirements)
        return sorted(found, key=lambda finding: order.index(finding.clause))

    def _measurements(self) -> dict[str, Any]:
        measured: dict[str, Any] = defaultdict(dict)
        for reported in self._reported.values():
            for name, value in reported["measured"]:
                measured[reported["clause"]][name] = value
        return dict(measured)


def check_name(nodeid: str) -> str:
    """`test_page.py::test_x[2]` from a node id, without folders and xdist's group; parameters may hold both `/` and `@`."""
    end = nodeid.rfind("]") + 1
    group = nodeid.find("@", end)
    path, bracket, parameters = (nodeid if group < 0 else nodeid[:group]).partition("[")
    return path.rpartition("/")[2] + bracket + parameters


def reveal(value: Any) -> Any:  # noqa: ANN401 - settings as plain data
    """Settings with their secrets in clear, for the pipe to a worker."""
    if isinstance(value, dict):
        return {name: reveal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [reveal(inner) for inner in value]
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


RUN_STATE = pytest.StashKey[RunState]()
"""Where fixtures find the state of their run."""
