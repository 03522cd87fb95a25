"""What a run found, as data: written by the plugin, read by every report. Its JSON form is `results.schema.json`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

SCHEMA_VERSION = 2
"""2: `summary` says `checked` for `judged`, `checks_skipped` for `checks_left_out`."""


class Verdict(StrEnum):
    """What is known about a clause. Order of severity: `fail` covers all others, `pass` needs at least one check."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    SKIP = "skip"
    NO_VERDICT = "no-verdict"
    ERROR = "error"
    ACCEPTED = "accepted"


SEVERITY = (Verdict.FAIL, Verdict.ERROR, Verdict.NO_VERDICT, Verdict.ACCEPTED, Verdict.PASS, Verdict.SKIP)


def fold(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a clause from those of its checks; without any check, `skip`."""
    return min(verdicts, key=SEVERITY.index, default=Verdict.SKIP)


class ExitCode(IntEnum):
    """What the gate's process answers. 2 and 3 are pytest's own: interrupted, internal error."""

    PROVED = 0
    FINDINGS = 1
    INTERRUPTED = 2
    INTERNAL = 3
    SETUP = 4
    UNPROVED = 5


@dataclass(frozen=True)
class ExchangeRecord:
    """One request and its answer, without secrets. `status` is None when no answer came (`trouble` says why)."""

    curl: str
    status: int | None
    headers: dict[str, str]
    body: str
    seconds: float
    trouble: str | None = None


@dataclass(frozen=True)
class Finding:
    """One violation: what the clause demands, what came, and how to see it again."""

    clause: str
    check: str
    expected: str
    actual: str
    exchanges: list[ExchangeRecord]
    evidence: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CheckResult:
    name: str
    verdict: Verdict
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class ClauseResult:
    id: str
    level: str
    sentence: str
    source: str
    verdict: Verdict
    checks: list[CheckResult]
    reason: str = ""

    @property
    def skipped(self) -> dict[str, int]:
        """How many of its checks were skipped for which reason, while others decided the verdict."""
        if self.verdict is Verdict.SKIP:
            return {}
        return dict(Counter(check.reason for check in self.checks if check.verdict is Verdict.SKIP))


@dataclass(frozen=True)
class Results:
    """A whole run. `measurements` hold what was measured by clause id; seconds are wall-clock durations."""

    run: str
    target: dict[str, Any]
    started: str
    seconds: float
    seed: int
    requests: int
    waited: float
    exit_code: int
    interrupted: bool
    clauses: list[ClauseResult]
    findings: list[Finding]
    measurements: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        return sum(clause.verdict is verdict for clause in self.clauses)

    @property
    def checked(self) -> int:
        """Clauses that something is known about: they passed, failed, or failed as accepted."""
        return len(self.clauses) - self.count(Verdict.SKIP) - self.count(Verdict.NO_VERDICT) - self.count(Verdict.ERROR)

    @property
    def checks_skipped(self) -> int:
        """Skipped checks of clauses that others decided."""
        return sum(sum(clause.skipped.values()) for clause in self.clauses)

    def as_json(self) -> dict[str, Any]:
        counts = {str(verdict): self.count(verdict) for verdict in Verdict}
        summary = {
            "clauses": len(self.clauses), "checked": self.checked, "checks_skipped": self.checks_skipped, "verdicts": counts,
        }  # fmt: skip
        return {"schema_version": SCHEMA_VERSION, "summary": summary, **asdict(self)}


def exit_code(
    clauses: list[ClauseResult], *, interrupted: bool, known: Collection[str] = (), stale: bool = False
) -> ExitCode:
    """0 only when something passed and nothing failed, stayed without verdict or went wrong (design, decision 3).

    `known` checks were red before and do not count; `stale`: the baseline accepts what no longer shows.
    """
    verdicts = {fold([c.verdict for c in clause.checks if c.name not in known]) for clause in clauses}
    if Verdict.FAIL in verdicts or stale:
        return ExitCode.FINDINGS
    if interrupted:
        return ExitCode.INTERRUPTED
    proved = Verdict.PASS in verdicts or any(c.name in known for clause in clauses for c in clause.checks)
    if verdicts & {Verdict.ERROR, Verdict.NO_VERDICT} or not proved:
        return ExitCode.UNPROVED
    return ExitCode.PROVED


def write_json(results: Results, path: Path) -> None:
    """A lone surrogate, which a target may well answer, is written as its JSON escape."""
    text = json.dumps(results.as_json(), indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
