"""`docs/kills.md`: what the gate and stock Schemathesis found of the same defects."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.score import interval, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.score import Outcome
    from reference.wacrm.faults import Fault

PAGE = Path(__file__).resolve().parent.parent / "docs" / "kills.md"
CREATE = "`nox -s kills -- --repeat 3 --incumbent reports/out/incumbent.json --write` makes this page"


def faults(page: str) -> list[str]:
    """The faults that the page's long table lists."""
    return re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)


def render(outcomes: Sequence[Outcome], comparison: dict[str, Any] | None) -> str:
    """The page. `comparison` holds stock Schemathesis' outcomes (incumbent.json)."""
    ordered = sorted(outcomes, key=lambda o: (o.group, o.clause, o.fault))
    noticed = comparison["noticed"] if comparison else {}
    return "\n".join(
        [
            "# How good the gate is", "",
            f"{sentence(outcomes)}; {_runs(outcomes)}.",
            *(_compared(comparison, outcomes) if comparison else ()), "",
            f"{CREATE}; `kills.json` holds every run.",
            "*By name* means that the clause which the defect breaks is red, in each run; *3 of 3* are three runs with seeds of",
            "their own. *Also red* are neighbouring clauses that the same defect turns red: some break a promise of each, some",
            "make a neighbour impossible to keep.", "",
            *_table(["group", "faults", "gate", "stock Schemathesis"], _groups(ordered, noticed)), "",
            *_table(["fault", "clause", "the defect it stands for", "gate", "also red", "stock Schemathesis"],
                    _faults(ordered, noticed)), "",
        ]
    )  # fmt: skip


def pending(known: Iterable[Fault]) -> str:
    """The section of faults that no run has tried yet: they count for nothing above."""
    rows = (
        (f"`{fault.name}`", fault.clause, fault.defect) for fault in sorted(known, key=lambda f: (f.clause, f.name))
    )
    return "\n".join(
        ["## Not run yet", "", "Newer than the runs above; `nox -s kills` runs them.", "",
         *_table(["fault", "clause", "the defect it stands for"], rows), ""]
    )  # fmt: skip


def _runs(outcomes: Sequence[Outcome]) -> str:
    """`150 were run 3 times, 322 once`"""
    counts = sorted(Counter(len(outcome.kills) for outcome in outcomes).items(), reverse=True)
    return ", ".join(f"{faults} were run {f'{runs} times' if runs > 1 else 'once'}" for runs, faults in counts)


def _compared(comparison: dict[str, Any], outcomes: Sequence[Outcome]) -> Iterable[str]:
    noticed = sum(comparison["noticed"].get(outcome.fault, False) for outcome in outcomes)
    yield ""
    yield (
        f"Stock Schemathesis {comparison['schemathesis']} noticed {noticed} of {len(outcomes)} {interval(noticed, len(outcomes))}, "
        f"and reported {comparison['clean']} failures on the reference without any fault."
    )
    yield (
        f"Its settings: `{' '.join(comparison['settings'])}`, the same `openapi.yaml`, keys of two accounts (`--auth-wfc`), "
        f"no limiter in its way except for RATE, {len(comparison['seeds'])} run(s) with seeds of their own, "
        "of about 1,400 requests each "
        "(a run of the gate's group sends 100 to 8,000). A defect counts as noticed when a run with any seed shows a failure "
        "that no run on the clean reference showed (`--baseline`); which clause it belongs to is not asked of it. "
        "`nox -s incumbent` repeats it."
    )


def _groups(ordered: Sequence[Outcome], noticed: dict[str, bool]) -> Iterable[Sequence[str]]:
    for group, outcomes in groupby(ordered, key=lambda o: o.group):
        rows = list(outcomes)
        yield group, str(len(rows)), str(sum(o.killed for o in rows)), _share(rows, noticed)
    yield "all", str(len(ordered)), str(sum(o.killed for o in ordered)), _share(ordered, noticed)


def _share(outcomes: Sequence[Outcome], noticed: dict[str, bool]) -> str:
    return str(sum(noticed.get(o.fault, False) for o in outcomes)) if noticed else ""


def _faults(ordered: Sequence[Outcome], noticed: dict[str, bool]) -> Iterable[Sequence[str]]:
    words = {True: "noticed", False: "missed", None: ""}
    for o in ordered:
        yield f"`{o.fault}`", o.clause, o.defect, o.score, ", ".join(o.collateral), words[noticed.get(o.fault)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
