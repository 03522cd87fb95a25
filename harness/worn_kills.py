"""Every fault on a worn reference: found by name as on the clean one, except where the wear hides it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from harness import parallel
from harness.gate_run import Changes, killed, run_gate
from reference.wacrm.faults import FAULTS, Fault
from reports.results import ExitCode

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from rich.console import Console

    from harness.gate_run import GateRun
    from reference.wacrm.wear import Wear

Bases = dict[tuple[str, str], "GateRun"]


def run(chosen: Sequence[Wear], given: Namespace, console: Console) -> int:
    """0 when every fault that can be seen was found."""
    faults = [
        fault for fault in FAULTS.values() if fault.group in given.group and fault.name in (given.fault or FAULTS)
    ]
    pairs = list(product(chosen, faults))
    for wear, fault in pairs:
        if reason := hidden(wear, fault):
            console.print(f"hidden     {wear.name} {fault.clause} {fault.name}: {reason}")
    seen = [(wear, fault) for wear, fault in pairs if not hidden(wear, fault)]
    bases = _bases(seen, given)

    def found(pair: tuple[Wear, Fault]) -> bool:
        outcome = _outcome(*pair, bases, given)
        console.print(f"{outcome:<10} {pair[0].name} {pair[1].clause} {pair[1].name}")
        return outcome == "killed"

    return ExitCode.PROVED if all(parallel.each(given.jobs, seen, found)) else ExitCode.FINDINGS


def hidden(wear: Wear, fault: Fault) -> str | None:
    """Why a fault cannot be told under this wear; None where it must be."""
    if fault.clause in wear.breaks:
        return f"{fault.clause} is red without it"
    return wear.hides.get(fault.clause) or wear.covers.get(fault.name)


def _bases(seen: Sequence[tuple[Wear, Fault]], given: Namespace) -> Bases:
    """What is said of the wear without a fault, by wear and clause."""
    needed = sorted({(wear.name, fault.clause) for wear, fault in seen})
    runs = parallel.each(given.jobs, needed, lambda pair: _run(pair[1], Changes(wear=[pair[0]]), given))
    return dict(zip(needed, runs, strict=True))


def _outcome(wear: Wear, fault: Fault, bases: Bases, given: Namespace) -> str:
    base = bases[wear.name, fault.clause]
    if base.verdicts.get(fault.clause) != "pass":
        return "UNTOLD"  # red or without verdict for nothing, before any fault
    said = _run(fault.clause, Changes([fault.name], wear=[wear.name]), given)
    return "killed" if killed(fault.clause, said, base) else "SURVIVED"


def _run(clause: str, changes: Changes, given: Namespace) -> GateRun:
    return run_gate(clause.rpartition("-")[0], changes, given.seed, clause=clause, deadline=given.deadline)
