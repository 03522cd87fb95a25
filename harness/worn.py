"""Proof that the gate judges real deployments: on each worn reference, exactly what the wear breaks must be red."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from conformance.contract import requirements
from conformance.wacrm.system import SYSTEM
from harness import parallel, wear_comparison, worn_kills
from harness.arguments import Parser
from harness.gate_run import Changes, GateRun, run_gate
from reference.wacrm.wear import WEAR, Wear
from reports.results import ExitCode

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from harness.wear_comparison import Comparison

CLAUSES = requirements.load(SYSTEM.requirements)
DEADLINE = 1200.0
"""Seconds for one group of clauses; a slow deployment takes long."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gate on the chosen wear; 0 when all of it was judged as it should be."""
    given = _parser().parse_args(arguments)
    chosen = [WEAR[name] for name in given.wear or WEAR]
    if given.list:
        for wear in chosen:
            print(f"{wear.name}: {wear.sentence}; breaks {', '.join(sorted(wear.breaks)) or 'nothing'}")  # noqa: T201 - what was asked for
        return ExitCode.PROVED
    console = Console(soft_wrap=True, highlight=False)
    if given.kills:
        return worn_kills.run(chosen, given, console)
    comparisons = _compared(chosen, given, console)
    console.print(wear_comparison.table(comparisons))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps([asdict(one) for one in comparisons], indent=1) + "\n", encoding="utf-8")
    return ExitCode.PROVED if all(one.is_right for one in comparisons) else ExitCode.FINDINGS


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness worn", description=__doc__,
        epilog="example: wacrm-harness worn --wear phones-without-plus --group CONT,CONV --jobs 4",
    )  # fmt: skip
    add = parser.add_argument
    add(
        "--wear", action="append", default=[], choices=list(WEAR), metavar="NAME", help="only this wear or set (repeat)"
    )
    add("--group", type=groups, default="", metavar="GROUP", help="only these groups of clauses, as PAGE,CONT")
    add("--fault", action="append", default=[], metavar="NAME", help="with --kills: only this fault (repeat)")
    add("--kills", action="store_true", help="instead: every fault must be found on the worn reference too")
    add("--jobs", type=int, default=2, metavar="N", help="gate runs at a time (2)")
    add("--deadline", type=float, default=DEADLINE, metavar="S", help="seconds for one group of clauses (1200)")
    add("--seed", type=int, default=1, metavar="N", help="seed of all runs (1)")
    add("--out", type=Path, default=Path("reports/out/worn.json"), metavar="FILE", help="where the outcomes go as JSON")
    add("--list", action="store_true", help="list wear and what it breaks, and end")
    return parser


def groups(text: str) -> list[str]:
    """The chosen groups of the contract, in its order; all for none."""
    known = list(dict.fromkeys(clause.group for clause in CLAUSES.values()))
    chosen = [group for group in text.upper().split(",") if group]
    if unknown := set(chosen) - set(known):
        raise ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [group for group in known if not chosen or group in chosen]


def _compared(chosen: Sequence[Wear], given: Namespace, console: Console) -> list[Comparison]:
    """Group by group, so that a group that hangs costs one group."""

    def run(pair: tuple[Wear, str]) -> GateRun:
        wear, group = pair
        said = run_gate(group, Changes(wear=[wear.name]), given.seed, deadline=given.deadline)
        one = wear_comparison.compare(wear, [said], clauses_of([group]))
        head = f"{'right' if one.is_right else 'WRONG':<6} {wear.name} {group} {one.seconds:.0f} s"
        console.print("\n  ".join([head, *one.details]), markup=False)
        return said

    runs = parallel.each(given.jobs, product(chosen, given.group), run)
    by_wear = [runs[n : n + len(given.group)] for n in range(0, len(runs), len(given.group))]
    return [
        wear_comparison.compare(wear, of_wear, clauses_of(given.group))
        for wear, of_wear in zip(chosen, by_wear, strict=True)
    ]


def clauses_of(groups: Sequence[str]) -> list[str]:
    return [clause.id for clause in CLAUSES.values() if clause.group in groups]


if __name__ == "__main__":
    sys.exit(main())
