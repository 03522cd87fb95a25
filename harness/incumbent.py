"""What people use today, on the same faults: stock Schemathesis with the best settings that a careful user would give it.

Honest settings, written down: all four phases, positive and negative data, all checks, two identities of two accounts (so
that its object-level authorization check works), the same `openapi.yaml`. The limiter is out of its way except where the
fault is one of the limiter. A fault counts as noticed when any seed shows a failure (operation, check, kind, signature)
that no clean run with any seed showed; that is what `--baseline` gives its users.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conformance import contract
from conformance.stack import Embedded, Stack
from reference.wacrm.faults import FAULTS, Fault
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target import Target

DEADLINE = 300
OUT_OF_THE_WAY = 10**6
"""Requests per window: no limit, for faults that are not the limiter's."""
SETTINGS = (
    "--phases=examples,coverage,fuzzing,stateful", "--mode=all", "--checks=all", "--continue-on-failure", "--no-color",
    "--generation-database=none", "--suppress-health-check=all", "--warnings=off",
)  # fmt: skip
Failure = tuple[str, str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it over the faults; write incumbent.json."""
    given = _parser().parse_args(arguments)
    chosen = [fault for fault in FAULTS.values() if not given.group or _group(fault) in given.group.upper().split(",")]
    seeds = range(given.seed, given.seed + given.seeds)
    clean = {limited: _union(None, seeds, given.examples, limited=limited) for limited in (False, True)}

    def notice(fault: Fault) -> bool:
        limited = _group(fault) == "RATE"
        new = _union(fault, seeds, given.examples, limited=limited) - clean[limited]
        said = "; ".join(f"{check} on {operation}" for operation, check, _, _ in sorted(new)[:2])
        print(f"{'noticed' if new else 'missed':<8} {fault.clause:<9} {fault.name}  {said}", flush=True)  # noqa: T201 - progress
        return bool(new)

    with ThreadPoolExecutor(given.jobs) as executor:
        noticed = dict(zip((f.name for f in chosen), executor.map(notice, chosen), strict=True))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    how = {
        "schemathesis": version("schemathesis"),
        "settings": [*SETTINGS, f"--max-examples={given.examples}"],
        "seeds": len(seeds),
    }
    given.out.write_text(json.dumps({**how, "noticed": noticed}, indent=1) + "\n", encoding="utf-8")
    print(f"stock Schemathesis noticed {sum(noticed.values())} of {len(noticed)} faults")  # noqa: T201 - the result
    return ExitCode.PROVED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wacrm-harness incumbent", description=__doc__.partition("\n")[0], allow_abbrev=False
    )
    add = parser.add_argument
    add("--group", default="", metavar="GROUP", help="only faults of these groups, as PAGE,CONT")
    add("--examples", type=int, default=10, metavar="N", help="its --max-examples: 10 makes about 1,400 requests a run")
    add("--seeds", type=int, default=3, metavar="N", help="runs per fault, each with another seed (3)")
    add("--seed", type=int, default=1, metavar="N", help="the first seed (1)")
    add("--jobs", type=int, default=2, metavar="N", help="runs at a time (2)")
    add("--out", type=Path, default=Path("reports/out/incumbent.json"), metavar="FILE", help="where the outcomes go")
    return parser


def _group(fault: Fault) -> str:
    return fault.clause.rpartition("-")[0]


def _union(fault: Fault | None, seeds: Sequence[int], examples: int, *, limited: bool) -> set[Failure]:
    """All failures that runs with these seeds show, on a fresh deployment each."""
    return {failure for seed in seeds for failure in _failures(fault, seed, examples, limited=limited)}


def _failures(fault: Fault | None, seed: int, examples: int, *, limited: bool) -> set[Failure]:
    how = Embedded([fault.name] if fault else [], limit=120 if limited else OUT_OF_THE_WAY)
    with Stack(seed) as stack, TemporaryDirectory(prefix="wacrm-incumbent-") as folder:
        stack.start_receiver()
        target = stack.start_reference(how)
        seen = Path(folder) / "seen.json"
        identities = Path(folder) / "identities.json"
        identities.write_text(json.dumps(_identities(target)), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            str(contract.location()),
            "--url",
            target.target.api,
        ]
        command += [f"--auth-wfc={identities}", f"--baseline={seen}", "--baseline-update", f"--seed={seed}"]
        command += [*SETTINGS, f"--max-examples={examples}"]
        subprocess.run(  # noqa: S603 - a program of our dependencies
            command, cwd=folder, capture_output=True, timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL
        )
        if not seen.exists():
            return set()
        entries = json.loads(seen.read_text(encoding="utf-8"))["entries"]
    return {(e["operation"], e["check"], e["failure"], str(e["signature"])) for e in entries}


def _identities(target: Target) -> dict[str, object]:
    """Web Fuzzing Commons' form: a key of each of two accounts."""
    keys = {key.role: key for key in target.keys.flat()}
    header = {role: {"name": "Authorization", "value": keys[role].authorization} for role in ("full", "other_account")}
    return {"auth": [{"name": role, "fixedHeaders": [header[role]]} for role in header]}
