"""Proof that the load test works: every fault that only load shows must make it fail, and be named by it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from harness.arguments import Parser
from reference.wacrm.faults import LOAD_FAULTS, Fault
from reference.wacrm.variants import VARIANTS
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

DEADLINE = 180.0
"""Seconds that one run may take."""
WIDTH = 132
LOAD = ("-u", "30", "-r", "30", "-t", "12s", "--recipients", "120", "--audit", "60", "--quiet", "15")
"""A working day, shortened: 30 tasks a second for twelve seconds."""


@dataclass(frozen=True)
class LoadRun:
    """What one load test said: broken SLOs by name, kinds of findings, exit code, and why nothing was written if it was not."""

    broken: tuple[str, ...]
    kinds: tuple[str, ...]
    exit_code: int
    error: str = ""

    def names(self, kind: str) -> bool:
        """Whether it failed, and by this name: a kind of finding, or an SLO whose name begins so."""
        return self.exit_code == ExitCode.FINDINGS and (
            kind in self.kinds or any(slo.startswith(kind) for slo in self.broken)
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the faults and the clean reference; 0 when all were named and the clean one was silent every time."""
    given = _parser().parse_args(arguments)
    chosen = [fault for fault in LOAD_FAULTS.values() if not given.fault or fault.name in given.fault]
    console = Console(width=WIDTH, soft_wrap=True, highlight=False)
    if not chosen:
        console.print(f"no such fault; there are {', '.join(LOAD_FAULTS)}")
        return ExitCode.SETUP
    if given.variants:
        return ExitCode.FINDINGS if _false_alarms(console, given.seed) else ExitCode.PROVED
    silent = [_clean(console, given.seed + n) for n in range(given.clean)]
    outcomes = [(fault, _try(console, fault, given.seed)) for fault in chosen]
    console.print(_table(outcomes))
    named = sum(run.names(fault.clause) for fault, run in outcomes)
    console.print(
        f"{named} of {len(outcomes)} faults named; the clean reference silent in {sum(silent)} of {len(silent)} runs"
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(_as_json(outcomes, silent), indent=1) + "\n", encoding="utf-8")
    return ExitCode.PROVED if named == len(outcomes) and all(silent) else ExitCode.FINDINGS


def _parser() -> Parser:
    parser = Parser(prog="wacrm-harness kills-load", description=__doc__)
    add = parser.add_argument
    add("--fault", action="append", default=[], metavar="NAME", help="only this fault (repeat)")
    add("--clean", type=int, default=5, metavar="N", help="runs of the clean reference, which must be silent (5)")
    add("--seed", type=int, default=1, metavar="N", help="seed of the first run (1)")
    add(
        "--out",
        type=Path,
        default=Path("reports/out/kills-load.json"),
        metavar="FILE",
        help="where the outcomes go as JSON",
    )
    add(
        "--variants",
        action="store_true",
        help="instead: load the reference's correct variants, where nothing may be found",
    )
    return parser


def _clean(console: Console, seed: int) -> bool:
    run = load([], seed)
    silent = run.exit_code == ExitCode.PROVED
    told = "" if silent else f"  {', '.join(run.broken) or run.error}"
    console.print(f"{'silent' if silent else 'NOT SILENT':<10} clean reference, seed {seed}{told}")
    return silent


def _false_alarms(console: Console, seed: int) -> int:
    """How many of the correct variants something is found in. A variant that is slow may break SLOs about time."""
    alarms = 0
    for name in VARIANTS:
        run = load(["--variant", name], seed)
        silent = not run.kinds and not run.error
        alarms += not silent
        told = ", ".join(run.broken) or run.error
        console.print(f"{'silent' if silent else 'FALSE ALARM':<12} {name}  {told}")
    return alarms


def _try(console: Console, fault: Fault, seed: int) -> LoadRun:
    run = load(["--fault", fault.name], seed)
    word = "named" if run.names(fault.clause) else "MISSED"
    console.print(f"{word:<10} {fault.name}: {', '.join(run.broken) or run.error or 'silent'}")
    return run


def load(extra: Sequence[str], seed: int) -> LoadRun:
    """One load test of the embedded reference, in a process of its own."""
    with TemporaryDirectory(prefix="wacrm-kills-load-") as out:
        command = [sys.executable, "-m", "loadtests", *LOAD, "--seed", str(seed), "--out", out, *extra]
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                command, capture_output=True, text=True, timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            return LoadRun((), (), ExitCode.UNPROVED, f"hung for {DEADLINE:.0f} s")
        written = list(Path(out).glob("*/results.json"))
        if not written:
            said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
            return LoadRun((), (), done.returncode, said[-1])
        data = json.loads(written[0].read_text(encoding="utf-8"))
    broken = tuple(slo["name"] for slo in data["slos"] if slo["verdict"] not in {"pass", "skip"})
    return LoadRun(broken, tuple(finding["kind"] for finding in data["findings"]), done.returncode)


def _table(outcomes: Sequence[tuple[Fault, LoadRun]]) -> Table:
    table = Table("fault", "must be named", "outcome", "also", box=None, pad_edge=False)
    for fault, run in outcomes:
        also = [name for name in run.broken if not name.endswith(fault.clause) and not name.startswith(fault.clause)]
        table.add_row(fault.name, fault.clause, "named" if run.names(fault.clause) else "MISSED", ", ".join(also))
    return table


def _as_json(outcomes: Sequence[tuple[Fault, LoadRun]], silent: Sequence[bool]) -> dict[str, object]:
    faults = [
        {"fault": f.name, "kind": f.clause, "defect": f.defect, "named": r.names(f.clause), "broken": list(r.broken)}
        for f, r in outcomes
    ]
    return {"faults": faults, "clean_runs": len(silent), "silent": sum(silent)}


if __name__ == "__main__":
    sys.exit(main())
