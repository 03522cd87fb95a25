"""Proof that the gate works: every fault of the reference, run against the checks of its group, must be killed by name."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from conformance import requirements
from conformance.requirements import Level, Requirement
from reference.wacrm.faults import FAULTS, Fault
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEADLINE = 600.0
"""Seconds that one run may take; a fault that makes the gate hang is a survivor."""
Z95 = 1.959964


@dataclass(frozen=True)
class Outcome:
    """One fault's run: the verdict of its own clause, and which other clauses went red."""

    fault: str
    clause: str
    defect: str
    killed: bool
    verdict: str
    collateral: list[str]
    seconds: float


@dataclass(frozen=True)
class GroupRun:
    """What one gate run said: verdict by clause, measurements by clause, exit code."""

    verdicts: dict[str, str]
    measurements: dict[str, Any]
    exit_code: int
    trouble: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    known = requirements.load()
    chosen = [fault for fault in FAULTS.values() if _wanted(fault, given)]
    if not chosen:
        sys.stderr.write("no fault matches; wacrm-harness kills --list shows them\n")
        return ExitCode.SETUP
    if given.list:
        for fault in chosen:
            print(f"{fault.clause:<10} {fault.name}: {fault.defect}")  # noqa: T201 - what was asked for
        return ExitCode.PROVED
    console = Console(soft_wrap=True)
    clean = _clean_runs(chosen, given, console)
    outcomes = _run_all(chosen, given, clean, console)
    problems = _report(outcomes, clean, known, given, console)
    return ExitCode.FINDINGS if problems else ExitCode.PROVED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wacrm-harness kills", description=__doc__,
        epilog="example: wacrm-harness kills --group PAGE,CONT --jobs 2", allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--group", default="", metavar="GROUP", help="only faults of these groups, as PAGE,CONT")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="only this fault (repeat)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="gate runs at a time (2)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of every run (1)")
    parser.add_argument(
        "--out", type=Path, default=Path("reports/out/kills.json"), metavar="FILE", help="where the table goes as JSON"
    )
    parser.add_argument("--list", action="store_true", help="list the faults and end")
    return parser


def _wanted(fault: Fault, given: argparse.Namespace) -> bool:
    groups = [g for g in given.group.upper().split(",") if g]
    return (not groups or _group(fault.clause) in groups) and (not given.fault or fault.name in given.fault)


def _group(clause: str) -> str:
    return clause.rpartition("-")[0]


def _clean_runs(chosen: Sequence[Fault], given: argparse.Namespace, console: Console) -> dict[str, GroupRun]:
    """The clean reference against each group: must be silent, and is what measurements are compared with."""
    groups = sorted({_group(fault.clause) for fault in chosen})
    runs = _parallel(given.jobs, groups, lambda group: _judge(group, [], given.seed))
    for group, run in zip(groups, runs, strict=True):
        red = [clause for clause, verdict in run.verdicts.items() if verdict != "pass"]
        console.print(
            f"clean      {group:<7} {'silent' if not red and not run.exit_code else f'NOT SILENT {red} {run.trouble}'}"
        )
    return dict(zip(groups, runs, strict=True))


def _run_all(
    chosen: Sequence[Fault], given: argparse.Namespace, clean: dict[str, GroupRun], console: Console
) -> list[Outcome]:
    def run(fault: Fault) -> Outcome:
        started = time.monotonic()
        outcome = _outcome(fault, _judge(_group(fault.clause), [fault.name], given.seed), clean, started)
        mark = "killed  " if outcome.killed else "SURVIVED"
        also = f"  also red: {', '.join(outcome.collateral)}" if outcome.collateral else ""
        console.print(
            f"{mark}   {fault.clause:<9} {fault.name}{also}{'' if outcome.killed else f' ({outcome.verdict})'}"
        )
        return outcome

    return _parallel(given.jobs, chosen, run)


def _parallel(jobs: int, items: Sequence[Any], work: Callable[[Any], Any]) -> list[Any]:
    with ThreadPoolExecutor(jobs) as executor:
        return list(executor.map(work, items))


def _outcome(fault: Fault, run: GroupRun, clean: dict[str, GroupRun], started: float) -> Outcome:
    verdict = run.verdicts.get(fault.clause, run.trouble or "not judged")
    before = clean[_group(fault.clause)]
    measured = run.measurements.get(fault.clause, {}).get("finding")
    told = measured is not None and measured != before.measurements.get(fault.clause, {}).get("finding")
    red = [c for c, v in run.verdicts.items() if v not in {"pass", "skip"} and before.verdicts.get(c) == "pass"]
    collateral = [clause for clause in red if clause != fault.clause]
    killed = verdict == "fail" or told
    return Outcome(
        fault.name, fault.clause, fault.defect, killed, verdict, collateral, round(time.monotonic() - started, 1)
    )


def _judge(group: str, faults: list[str], seed: int) -> GroupRun:
    """One gate run of a group in a process of its own. Limiter checks get a short window; the checks are the same."""
    with TemporaryDirectory(prefix="wacrm-kills-") as out:
        command = [sys.executable, "-m", "harness.cli", "gate", "--group", group, "--seed", str(seed), "--out", out]
        command += [f"--fault={name}" for name in faults]
        if group == "RATE":
            command += ["--set", "target.window=6"]
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                command, capture_output=True, text=True, timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            return GroupRun({}, {}, ExitCode.UNPROVED, f"hung for {DEADLINE:.0f} s")
        written = list(Path(out).glob("*/results.json"))
        if not written:
            return GroupRun({}, {}, done.returncode, (done.stderr or done.stdout).strip()[-300:])
        data = json.loads(written[0].read_text(encoding="utf-8"))
    return GroupRun({c["id"]: c["verdict"] for c in data["clauses"]}, data["measurements"], data["exit_code"])


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion (Wilson 1927)."""
    if not trials:
        return 0.0, 1.0
    p, z2 = successes / trials, Z95**2
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _report(
    outcomes: list[Outcome], clean: dict[str, GroupRun], known: dict[str, Requirement], given: argparse.Namespace,
    console: Console,
) -> list[str]:  # fmt: skip
    """The table, `kills.json`, and what makes the run fail."""
    _table(outcomes, console)
    killed = sum(outcome.killed for outcome in outcomes)
    low, high = wilson(killed, len(outcomes))
    problems = [f"survived: {o.fault} ({o.clause}, {o.verdict})" for o in outcomes if not o.killed]
    problems += [f"the clean reference is not silent in {g}: {r.trouble}" for g, r in clean.items() if r.exit_code]
    if not given.fault:
        faulty = {fault.clause for fault in FAULTS.values()}
        problems += [f"{c} has no fault" for g, r in clean.items() for c in r.verdicts if c not in faulty]
    console.print(f"{killed} of {len(outcomes)} killed by name (95 % Wilson interval {low:.1%} to {high:.1%})")
    for problem in problems:
        console.print(f"problem: {problem}", style="red")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    summary = {"killed": killed, "faults": len(outcomes), "wilson95": [low, high], "problems": problems,
               "levels": {level: sum(known[o.clause].level is level for o in outcomes) for level in Level}}  # fmt: skip
    given.out.write_text(
        json.dumps({**summary, "outcomes": [asdict(o) for o in outcomes]}, indent=1) + "\n", encoding="utf-8"
    )
    return problems


def _table(outcomes: list[Outcome], console: Console) -> None:
    table = Table("fault", "clause", "verdict", "what else went red", box=None, pad_edge=False)
    for outcome in sorted(outcomes, key=lambda o: o.clause):
        style = None if outcome.killed else "red"
        table.add_row(outcome.fault, outcome.clause, outcome.verdict, ", ".join(outcome.collateral), style=style)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
