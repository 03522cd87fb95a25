"""What the kill runs add up to: outcomes by fault, the score with its interval, `kills.json`."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Z95 = 1.959964


@dataclass(frozen=True)
class Outcome:
    """One fault's runs: the verdict of its own clause in each, and which other clauses went red in any."""

    fault: str
    clause: str
    defect: str
    kills: tuple[bool, ...]
    verdicts: tuple[str, ...]
    collateral: tuple[str, ...]

    @property
    def group(self) -> str:
        return self.clause.rpartition("-")[0]

    @property
    def killed(self) -> bool:
        return all(self.kills)

    @property
    def flaky(self) -> bool:
        return any(self.kills) and not self.killed

    @property
    def score(self) -> str:
        """In how many of its runs the clause was red: `3 of 3`."""
        return f"{sum(self.kills)} of {len(self.kills)}"

    @property
    def word(self) -> str:
        return "killed" if self.killed else "FLAKY" if self.flaky else "SURVIVED"


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion (Wilson 1927)."""
    if not trials:
        return 0.0, 1.0
    p, z2 = successes / trials, Z95**2
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def sentence(outcomes: Sequence[Outcome]) -> str:
    """`97 of 100 faults killed by name (95 % Wilson interval 91.5 % to 99.0 %)`"""
    killed = sum(outcome.killed for outcome in outcomes)
    return f"{killed} of {len(outcomes)} faults killed by name {interval(killed, len(outcomes))}"


def interval(successes: int, trials: int) -> str:
    """`(95 % Wilson interval 91.5 % to 99.0 %)`"""
    low, high = wilson(successes, trials)
    return f"(95 % Wilson interval {low:.1%} to {high:.1%})"


def as_json(outcomes: Sequence[Outcome], problems: Sequence[str]) -> dict[str, Any]:
    """`kills.json`: the score, what is wrong, every outcome."""
    killed = sum(outcome.killed for outcome in outcomes)
    return {
        "faults": len(outcomes),
        "killed": killed,
        "wilson95": wilson(killed, len(outcomes)),
        "survivors": [outcome.fault for outcome in outcomes if not any(outcome.kills)],
        "flakes": [outcome.fault for outcome in outcomes if outcome.flaky],
        "problems": list(problems),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


def table(outcomes: Sequence[Outcome]) -> Table:
    """The outcomes for a terminal."""
    made = Table("fault", "clause", "outcome", "what else went red", box=None, pad_edge=False)
    for outcome in sorted(outcomes, key=lambda o: (o.clause, o.fault)):
        style = None if outcome.killed else "red"
        made.add_row(outcome.fault, outcome.clause, outcome.word, ", ".join(outcome.collateral), style=style)
    return made


def read(file: Path) -> dict[str, Outcome]:
    """The outcomes by fault that a `kills.json` holds."""
    rows = json.loads(file.read_text(encoding="utf-8"))["outcomes"]
    read = [
        Outcome(
            row["fault"],
            row["clause"],
            row["defect"],
            *(tuple(row[runs]) for runs in ("kills", "verdicts", "collateral")),
        )
        for row in rows
    ]
    return {outcome.fault: outcome for outcome in read}
