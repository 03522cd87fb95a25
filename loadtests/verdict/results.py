"""A load test's results as data, of the same family as the gate's: its JSON form is `results.schema.json` beside this."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from reports.results import ExitCode, Verdict

if TYPE_CHECKING:
    from loadtests.verdict.slo import SloOutcome

SCHEMA_VERSION = 2
"""1 had `promises` for `slos`, and `books.` for `reconciliation.` in their names."""


@dataclass(frozen=True)
class SloResult:
    """`actual` is None where nothing was measured."""

    name: str
    verdict: Verdict
    bound: float
    most: bool
    actual: float | None
    reason: str


@dataclass(frozen=True)
class Finding:
    """One kind of finding: how often, where, by scenario where that is known, and some examples."""

    kind: str
    where: str
    count: int
    meaning: str
    by_scenario: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LoadResults:
    """A whole run. Seconds are wall-clock durations, latencies seconds from the intended start."""

    run: str
    target: dict[str, Any]
    started: str
    seconds: float
    seed: int
    scenario: str
    shape: str
    requests: int
    waited: float
    exit_code: int
    interrupted: bool
    slos: list[SloResult]
    findings: list[Finding]
    measurements: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        return sum(slo.verdict is verdict for slo in self.slos)

    def as_json(self) -> dict[str, Any]:
        counts = {str(verdict): self.count(verdict) for verdict in Verdict}
        summary = {"slos": len(self.slos), "verdicts": counts}
        return {"schema_version": SCHEMA_VERSION, "kind": "load", "summary": summary, **asdict(self)}


def slo_result(outcome: SloOutcome) -> SloResult:
    slo = outcome.slo
    actual = None if outcome.actual is None else round(outcome.actual, 6)
    return SloResult(slo.name, outcome.verdict, slo.bound, slo.most, actual, outcome.reason)


def exit_code(slos: list[SloResult], *, interrupted: bool, tasks: int) -> ExitCode:
    """As the gate's: 0 only when tasks ran, an SLO was kept, and none was broken, left open, or cut short."""
    verdicts = {slo.verdict for slo in slos}
    if Verdict.FAIL in verdicts:
        return ExitCode.FINDINGS
    if interrupted:
        return ExitCode.INTERRUPTED
    if verdicts & {Verdict.ERROR, Verdict.NO_VERDICT} or Verdict.PASS not in verdicts or not tasks:
        return ExitCode.UNPROVED
    return ExitCode.PROVED
