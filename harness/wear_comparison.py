"""What the gate said of a worn reference, beside what it should have said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.gate_run import GateRun
    from reference.wacrm.wear import Wear

JUDGED = {"pass", "fail"}


@dataclass(frozen=True)
class Comparison:
    """Clauses, sorted. `seconds` and `requests` add up those of all runs."""

    wear: str
    expected: tuple[str, ...]
    red_too_much: tuple[str, ...]
    missed: tuple[str, ...]
    unjudged: tuple[str, ...]
    seconds: float
    requests: int
    details: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not (self.red_too_much or self.missed or self.unjudged)


def compare(wear: Wear, runs: Sequence[GateRun], clauses: Iterable[str]) -> Comparison:
    """Exactly what the wear breaks is red; all other of the `clauses` pass, or, where it hides them, have no verdict."""
    verdicts = {clause: verdict for run in runs for clause, verdict in run.verdicts.items()}
    asked = set(clauses)
    red = {clause for clause in asked if verdicts.get(clause) == "fail"}
    judged = {clause for clause in asked if verdicts.get(clause) in JUDGED}
    too_much, unjudged = red - wear.breaks, asked - judged - wear.breaks - set(wear.hides)
    return Comparison(
        wear.name,
        expected=tuple(sorted(asked & wear.breaks)),
        red_too_much=tuple(sorted(too_much)),
        missed=tuple(sorted(asked & wear.breaks - red)),
        unjudged=tuple(sorted(unjudged)),
        seconds=sum(run.seconds for run in runs),
        requests=sum(run.requests for run in runs),
        details=tuple(line for run in runs for line in _details(run, too_much, unjudged)),
    )


def _details(run: GateRun, too_much: set[str], unjudged: set[str]) -> Iterator[str]:
    """Each finding that is one too many, each reason why a clause has no verdict, and what ended a run."""
    if run.trouble:
        yield run.trouble
    for found in run.findings:
        if found["clause"] in too_much:
            yield f"{found['clause']} {found['check']}: expected {found['expected']}, got {found['actual']}"
    for clause in run.clauses:
        if clause["id"] in unjudged:
            yield from (
                f"{clause['id']} {check['name']}: {check['verdict']}: {check['reason']}" for check in _without(clause)
            )


def _without(clause: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in clause["checks"] if check["verdict"] not in JUDGED]


def table(comparisons: Sequence[Comparison]) -> Table:
    """One row per wear, for a terminal."""
    made = Table("wear", "expected red", "red too much", "missed", "without verdict", "seconds", "requests", box=None)
    made.columns[0].no_wrap = True
    for one in comparisons:
        lists = (", ".join(clauses) for clauses in (one.expected, one.red_too_much, one.missed, one.unjudged))
        made.add_row(one.wear, *lists, f"{one.seconds:.0f}", str(one.requests), style=None if one.is_right else "red")
    return made
