"""Every fault on a worn reference: found by name as on the clean one, except where the wear hides it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from harness import parallel
from harness.gate_run import Changes, judge
from reference.wacrm.faults import FAULTS, Fault
from reports.results import ExitCode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console

    from reference.wacrm.wear import Wear


def run(chosen: Sequence[Wear], groups: Sequence[str], given: argparse.Namespace, console: Console) -> int:
    """0 when every fault that can be seen was found."""
    faults = [fault for fault in FAULTS.values() if fault.group in groups and fault.name in (given.fault or FAULTS)]

    def killed(pair: tuple[Wear, Fault]) -> bool:
        wear, fault = pair
        if reason := hidden(wear, fault):
            console.print(f"hidden     {wear.name} {fault.clause} {fault.name}: {reason}")
            return True
        said = judge(
            "", Changes([fault.name], wear=[wear.name]), given.seed, clause=fault.clause, deadline=given.deadline
        )
        verdict = said.verdicts.get(fault.clause, said.trouble or "not judged")
        console.print(
            f"{'killed' if verdict == 'fail' else 'SURVIVED':<10} {wear.name} {fault.clause} {fault.name}  {verdict}"
        )
        return verdict == "fail"

    return ExitCode.PROVED if all(parallel.each(given.jobs, product(chosen, faults), killed)) else ExitCode.FINDINGS


def hidden(wear: Wear, fault: Fault) -> str | None:
    """Why a fault cannot be told under this wear; None where it must be."""
    if fault.clause in wear.breaks:
        return f"{fault.clause} is red without it"
    return wear.hides.get(fault.clause) or wear.covers.get(fault.name)
