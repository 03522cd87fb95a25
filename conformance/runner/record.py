"""What the checks of a run reported, one `Ended` each, and what becomes of it in the report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.contract.baseline import Outcome
from reports.redaction import Redactor
from reports.results import CheckResult, ExchangeRecord, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from conformance.contract.baseline import Baseline
    from conformance.runner.watch import Death

CRASHED = "the worker process that ran it ended"


@dataclass(frozen=True)
class Ended:
    """A check that ended, at `ended` (unix time); `operation` is the request that decided, as `GET /contacts/1`."""

    check: str
    clause: str
    verdict: Verdict
    reason: str
    seconds: float
    ended: float
    operation: str = ""
    finding: dict[str, Any] | None = None
    measured: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.clause, self.check, self.verdict, self.operation, self.reason)


@dataclass
class Record:
    """Every check's end, without secrets. `tell` gets each as plain data when it is known, and again when it changes."""

    redactor: Redactor = field(default_factory=Redactor)
    tell: Callable[[dict[str, Any]], None] = lambda _check: None
    ended: dict[str, Ended] = field(default_factory=dict)

    def add(self, report: pytest.TestReport, clauses: Mapping[str, str]) -> None:
        """Keep the phase of a check that decides: the call, or the set-up or tear-down that went wrong."""
        known = dict(report.user_properties)
        name = check_name(report.nodeid)
        if report.when == "call" or "verdict" in known or (report.failed and name not in self.ended):
            ended = self._ended(report, known, name, clauses)
            if ended.clause and (name not in self.ended or ended.verdict is not Verdict.PASS):
                self._keep(ended)

    def _ended(
        self, report: pytest.TestReport, known: Mapping[str, Any], name: str, clauses: Mapping[str, str]
    ) -> Ended:
        crash = f"{CRASHED}: {report.longrepr}" if report.failed else ""
        verdict, reason = known.get("verdict", ["pass" if report.passed else "error", crash])
        measured = [value for key, value in report.user_properties if key == "measurement"]
        told = self.redactor.data([reason, known.get("finding"), measured, known.get("operation", "")])
        clause = str(known.get("clause") or clauses.get(name, ""))
        return Ended(
            name, clause, Verdict(verdict), told[0], round(report.duration, 3), report.stop, told[3], told[1], told[2]
        )

    def _keep(self, ended: Ended) -> None:
        self.ended[ended.check] = ended
        self.tell(asdict(ended))

    def revise(self, death: Death) -> None:
        """Take back the verdicts that a part's death explains as well."""
        for ended in list(self.ended.values()):
            verdict, reason = death.revised(ended.verdict, ended.reason, ended.ended)
            if verdict is not ended.verdict:
                self._keep(replace(ended, verdict=verdict, reason=reason, finding=None))

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many checks have ended with each verdict so far."""
        found: dict[Verdict, int] = defaultdict(int)
        for ended in self.ended.values():
            found[ended.verdict] += 1
        return found

    def result(self, name: str, baseline: Baseline) -> CheckResult:
        """The check as the report tells it: a finding that the baseline accepts says until when and why."""
        ended = self.ended[name]
        entry = baseline.accepting(ended.outcome)
        if entry is None:
            return CheckResult(name, ended.verdict, ended.seconds, ended.reason)
        return CheckResult(name, Verdict.ACCEPTED, ended.seconds, entry.said)

    def findings(self) -> list[Finding]:
        found = []
        for ended in list(self.ended.values()):
            if (data := ended.finding) is not None:
                exchanges = [ExchangeRecord(**record) for record in data["exchanges"]]
                found.append(
                    Finding(ended.clause, ended.check, data["expected"], data["actual"], exchanges, data["evidence"])
                )
        return found

    def measurements(self) -> dict[str, Any]:
        measured: dict[str, Any] = defaultdict(dict)
        for ended in self.ended.values():
            for name, value in ended.measured:
                measured[ended.clause][name] = value
        return dict(measured)


def check_name(nodeid: str) -> str:
    """`test_page.py::test_x[2]` from a node id, without folders and xdist's group; parameters may hold both `/` and `@`."""
    end = nodeid.rfind("]") + 1
    group = nodeid.find("@", end)
    path, bracket, parameters = (nodeid if group < 0 else nodeid[:group]).partition("[")
    return path.rpartition("/")[2] + bracket + parameters
