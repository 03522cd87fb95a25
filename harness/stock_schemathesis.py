"""What people use today, on the same faults: stock Schemathesis with the best settings that a careful user would give it.

Honest settings, written down: all four phases, positive and negative data, all checks, two identities of two accounts (so
that its object-level authorization check works), the same `openapi.yaml`. The limiter is out of its way except where the
fault is one of the limiter. A fault counts as noticed when any seed shows a failure (operation, check, kind, signature)
that no clean run with any seed showed; that is what `--baseline` gives its users.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from conformance.runner.stack import Embedded, Stack
from conformance.wacrm.reference import start_reference
from conformance.wacrm.specification import OPENAPI
from harness import parallel, selection
from harness.arguments import Parser
from reference.wacrm.faults import FAULTS, Fault
from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.target import Target

DEADLINE = 300
OUT_OF_THE_WAY = 10**6
"""Requests per window: no limit, for faults that are not the limiter's."""
SETTINGS = (
    "--phases=examples,coverage,fuzzing,stateful", "--mode=all", "--checks=all", "--continue-on-failure", "--no-color",
    "--generation-database=none", "--suppress-health-check=all", "--warnings=off",
)  # fmt: skip
Failure = tuple[str, str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it over the faults, seed by seed; incumbent.json is written after each seed."""
    given = _parser().parse_args(arguments)
    seeds = range(given.seed, given.seed + given.seeds)
    how: dict[str, Any] = {
        "schemathesis": version("schemathesis"),
        "settings": [*SETTINGS, f"--max-examples={given.examples}"],
        "seeds": list(seeds),
    }
    chosen = selection.selected(given)
    noticed = _kept(given.out, how) | dict.fromkeys((fault.name for fault in chosen), False)
    clean = _clean(given.jobs, seeds, given.examples)
    how["clean"] = len(clean[False])
    for seed in seeds:
        left = [fault for fault in chosen if not noticed[fault.name]]
        found = parallel.each(given.jobs, left, partial(_notice, seed=seed, examples=given.examples, clean=clean))
        noticed |= dict(zip((fault.name for fault in left), found, strict=True))
        _write(given.out, {**how, "seeds": list(range(given.seed, seed + 1)), "noticed": noticed})
    print(f"stock Schemathesis noticed {sum(noticed.values())} of {len(noticed)} faults")  # noqa: T201 - the result
    return ExitCode.PROVED


def _notice(fault: Fault, *, seed: int, examples: int, clean: dict[bool, set[Failure]]) -> bool:
    """Whether a run shows a failure that no clean run showed."""
    limited = fault.group == "RATE"
    new = _failures(fault, seed, examples, limited=limited) - clean[limited]
    said = "; ".join(f"{check} on {operation}" for operation, check, _, _ in sorted(new)[:2])
    print(f"seed {seed}  {'noticed' if new else 'missed':<8} {fault.clause:<9} {fault.name}  {said}", flush=True)  # noqa: T201 - progress
    return bool(new)


def _write(file: Path, said: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _kept(file: Path, how: dict[str, Any]) -> dict[str, bool]:
    """What an earlier run over other faults found, when its settings were the same."""
    if not file.exists():
        return {}
    earlier = json.loads(file.read_text(encoding="utf-8"))
    same = all(earlier.get(name) == value for name, value in how.items())
    return {name: was for name, was in earlier["noticed"].items() if name in FAULTS} if same else {}


def _clean(jobs: int, seeds: Sequence[int], examples: int) -> dict[bool, set[Failure]]:
    """What it reports on the correct reference with any of these seeds, without and with the limiter in its way."""

    def reported(limited: bool) -> set[Failure]:  # noqa: FBT001 - a key of the result
        runs = parallel.each(jobs, seeds, lambda seed: _failures(None, seed, examples, limited=limited))
        return set[Failure]().union(*runs)

    return {limited: reported(limited) for limited in (False, True)}


def _parser() -> Parser:
    parser = Parser(prog="wacrm-harness incumbent", description=__doc__.partition("\n")[0])
    selection.add_options(parser)
    add = parser.add_argument
    add("--examples", type=int, default=10, metavar="N", help="its --max-examples: 10 makes about 1,400 requests a run")
    add("--seeds", type=int, default=3, metavar="N", help="runs per fault, each with another seed (3)")
    add("--seed", type=int, default=1, metavar="N", help="the first seed (1)")
    add("--jobs", type=int, default=2, metavar="N", help="runs at a time (2)")
    add("--out", type=Path, default=Path("reports/out/incumbent.json"), metavar="FILE", help="where the outcomes go")
    return parser


def _failures(fault: Fault | None, seed: int, examples: int, *, limited: bool) -> set[Failure]:
    """The failures that a run with this seed shows, on a fresh deployment."""
    how = Embedded([fault.name] if fault else [], limit=120 if limited else OUT_OF_THE_WAY)
    with Stack(seed) as stack, TemporaryDirectory(prefix="wacrm-schemathesis-") as folder:
        stack.start_receiver()
        target = start_reference(stack, how)
        seen = Path(folder) / "seen.json"
        identities = Path(folder) / "identities.json"
        identities.write_text(json.dumps(_identities(target)), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            str(OPENAPI.location),
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
