"""Proof that the gate works: every fault of the reference, run against the checks of its group, must be killed by name."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import kills_page, parallel, score, selection
from harness.arguments import Parser
from harness.gate_run import Changes, GateRun, killed, run_gate
from harness.score import Outcome
from reference.wacrm.faults import FAULTS, Fault
from reference.wacrm.variants import VARIANTS
from reports.results import ExitCode

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen faults; 0 when all were killed and the clean reference was silent."""
    given = _parser().parse_args(arguments)
    chosen = selection.selected(given)
    if not chosen:
        sys.stderr.write("no fault matches; wacrm-harness kills --list shows them\n")
        return ExitCode.SETUP
    if given.list:
        for fault in chosen:
            print(f"{fault.clause:<10} {fault.name}: {fault.defect}")  # noqa: T201 - what was asked for
        return ExitCode.PROVED
    console = Console(soft_wrap=True, highlight=False)
    if given.variants:
        return ExitCode.FINDINGS if _false_alarms(given, console) else ExitCode.PROVED
    clean = _clean_runs(chosen, given, console)
    outcomes: list[Outcome] = []
    try:
        parallel.each(given.jobs, chosen, lambda fault: outcomes.append(_try(fault, given, clean, console)))
    except KeyboardInterrupt:
        _write(outcomes, ["interrupted"], given)
        raise
    problems = _problems(outcomes, clean, complete=not given.fault)
    console.print(score.table(outcomes))
    console.print(score.sentence(outcomes))
    for problem in problems:
        console.print(f"problem: {problem}", style="red")
    _write(outcomes, problems, given)
    return ExitCode.FINDINGS if problems else ExitCode.PROVED


def _parser() -> Parser:
    parser = Parser(
        prog="wacrm-harness kills", description=__doc__,
        epilog="example: wacrm-harness kills --group PAGE,CONT --jobs 2",
    )  # fmt: skip
    selection.add_options(parser)
    add = parser.add_argument
    add("--jobs", type=int, default=2, metavar="N", help="gate runs at a time (2)")
    add(
        "--repeat",
        type=int,
        default=1,
        metavar="N",
        help="runs per fault with seeds of their own: the whole group, then the clause alone (1)",
    )
    add("--seed", type=int, default=1, metavar="N", help="seed of the first run (1)")
    add(
        "--out", type=Path, default=Path("reports/out/kills.json"), metavar="FILE", help="where the outcomes go as JSON"
    )
    add("--incumbent", type=Path, metavar="FILE", help="incumbent.json, for the column of stock Schemathesis")
    add("--write", action="store_true", help="write docs/kills.md")
    add("--variants", action="store_true", help="instead: check the reference's correct variants, which must be silent")
    add("--list", action="store_true", help="list the faults and end")
    return parser


def _clean_runs(chosen: Sequence[Fault], given: Namespace, console: Console) -> dict[str, GateRun]:
    """The clean reference against each group: must be silent, and is what measurements are compared with."""
    groups = sorted({fault.group for fault in chosen})
    runs = parallel.each(given.jobs, groups, lambda group: run_gate(group, Changes(), given.seed))
    for group, run in zip(groups, runs, strict=True):
        console.print(f"clean      {group:<9} {'silent' if run.silent else f'NOT SILENT: {run.noise or run.trouble}'}")
    return dict(zip(groups, runs, strict=True))


def _false_alarms(given: Namespace, console: Console) -> int:
    """How many of the correct variants the gate (or `--group` of it) is not silent on."""

    def run(name: str) -> bool:
        outcome = run_gate(given.group, Changes(variants=[name]), given.seed)
        console.print(
            f"{'silent' if outcome.silent else 'FALSE ALARM':<12} {name}  {', '.join(outcome.noise) or outcome.trouble}"
        )
        return outcome.silent

    return parallel.each(given.jobs, list(VARIANTS), run).count(False)


def _try(fault: Fault, given: Namespace, clean: dict[str, GateRun], console: Console) -> Outcome:
    group, broken = fault.group, Changes([fault.name])
    runs = [run_gate(group, broken, given.seed)]
    runs += [run_gate(group, broken, given.seed + n, clause=fault.clause) for n in range(1, given.repeat)]
    outcome = Outcome(
        fault.name, fault.clause, fault.defect,
        kills=tuple(killed(fault.clause, run, clean[group]) for run in runs),
        verdicts=tuple(run.verdicts.get(fault.clause, run.trouble or "not checked") for run in runs),
        collateral=tuple(sorted({c for run in runs for c in run.noise if c != fault.clause and c not in clean[group].noise})),
    )  # fmt: skip
    also = f"  also: {', '.join(outcome.collateral)}" if outcome.collateral else ""
    detail = "" if outcome.killed else f"  {', '.join(outcome.verdicts)}"
    console.print(
        f"{outcome.word:<10} {fault.clause:<9} {fault.name}{also}{detail}", style=None if outcome.killed else "red"
    )
    return outcome


def _problems(outcomes: Sequence[Outcome], clean: dict[str, GateRun], *, complete: bool) -> list[str]:
    """What makes the run fail: survivors, flakes, a noisy clean reference, a clause that no fault proves."""
    found = [f"{o.word.lower()}: {o.fault} ({o.clause}: {', '.join(o.verdicts)})" for o in outcomes if not o.killed]
    found += [
        f"the clean reference is not silent in {g}: {r.noise or r.trouble}" for g, r in clean.items() if not r.silent
    ]
    if complete:
        faulty = {fault.clause for fault in FAULTS.values()}
        found += [
            f"no fault proves {clause}" for run in clean.values() for clause in run.verdicts if clause not in faulty
        ]
    return found


def _write(outcomes: Sequence[Outcome], problems: Sequence[str], given: Namespace) -> None:
    """`kills.json`, in which earlier outcomes of faults that were not run now stay; docs/kills.md when asked for."""
    kept = score.read(given.out) if given.out.exists() else {}
    latest = kept | {outcome.fault: outcome for outcome in outcomes}
    together = [latest[name] for name in FAULTS if name in latest]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(score.as_json(together, problems), indent=1) + "\n", encoding="utf-8")
    if given.write:
        comparison = json.loads(given.incumbent.read_text(encoding="utf-8")) if given.incumbent else None
        not_run = [fault for name, fault in FAULTS.items() if name not in latest]
        page = kills_page.render(together, comparison) + ("\n" + kills_page.pending(not_run) if not_run else "")
        kills_page.PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
