"""A load test's results as data, of the same family as the gate's: its JSON form is `results.schema.json` beside this."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from reports.results import ExitCode, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.verdict.slo import Judged

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class PromiseResult:
    """`actual` is None where nothing was measured."""

    name: str
    verdict: Verdict
    bound: float
    most: bool
    actual: float | None
    reason: str


@dataclass(frozen=True)
class Finding:
    """One kind of trouble: how often, where, by scenario where that is known, and some examples."""

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
    promises: list[PromiseResult]
    findings: list[Finding]
    measurements: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        return sum(promise.verdict is verdict for promise in self.promises)

    def as_json(self) -> dict[str, Any]:
        counts = {str(verdict): self.count(verdict) for verdict in Verdict}
        summary = {"promises": len(self.promises), "verdicts": counts}
        return {"schema_version": SCHEMA_VERSION, "kind": "load", "summary": summary, **asdict(self)}


def promise_result(judged: Judged) -> PromiseResult:
    promise = judged.promise
    actual = None if judged.actual is None else round(judged.actual, 6)
    return PromiseResult(promise.name, judged.verdict, promise.bound, promise.most, actual, judged.reason)


def exit_code(promises: list[PromiseResult], *, interrupted: bool, visits: int) -> ExitCode:
    """As the gate's: 0 only when somebody came, a promise was kept, and none was broken, left open, or cut short."""
    verdicts = {promise.verdict for promise in promises}
    if Verdict.FAIL in verdicts:
        return ExitCode.FINDINGS
    if interrupted:
        return ExitCode.INTERRUPTED
    if verdicts & {Verdict.ERROR, Verdict.NO_VERDICT} or Verdict.PASS not in verdicts or not visits:
        return ExitCode.UNPROVED
    return ExitCode.PROVED


def write_json(results: LoadResults, path: Path) -> None:
    text = json.dumps(results.as_json(), indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
