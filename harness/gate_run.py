"""One run of the gate on the embedded reference, in a process of its own, and what it said."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from reports.results import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

DEADLINE = 600.0
"""Seconds that one run may take; a change that makes the gate hang is not told by it."""
SHORT_WINDOW, SMALL_LIMIT = 8, 60
"""The limiter in these runs, in seconds and requests; the checks are the same. A busy machine must be able to count it."""


@dataclass(frozen=True)
class GateRun:
    """Verdict and measurements by clause, `clauses` and `findings` as in results.json, what went wrong if nothing was written."""

    verdicts: dict[str, str]
    measurements: dict[str, Any]
    exit_code: int
    trouble: str = ""
    clauses: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    requests: int = 0

    @property
    def noise(self) -> list[str]:
        return [clause for clause, verdict in self.verdicts.items() if verdict != "pass"]

    @property
    def silent(self) -> bool:
        return self.exit_code == ExitCode.PROVED and not self.noise


@dataclass(frozen=True)
class Changes:
    """How the reference differs from the clean one, by names."""

    faults: Sequence[str] = ()
    variants: Sequence[str] = ()
    wear: Sequence[str] = ()

    def options(self) -> list[str]:
        by_option = {"fault": self.faults, "variant": self.variants, "wear": self.wear}
        return [f"--{option}={name}" for option, names in by_option.items() for name in names]


def run_gate(group: str, changes: Changes, seed: int, *, clause: str = "", deadline: float = DEADLINE) -> GateRun:
    """One gate run of a group (all groups when empty) or of a clause alone."""
    with TemporaryDirectory(prefix="wacrm-gate-") as out:
        command = [sys.executable, "-m", "harness.cli", "gate", "--seed", str(seed), "--out", out, *changes.options()]
        command += ["--clause", clause] if clause else ["--group", group] if group else []
        limits = ["--set", f"target.window={SHORT_WINDOW}", "--set", f"target.limit={SMALL_LIMIT}"]
        command += limits if group == "RATE" else []
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                command, capture_output=True, text=True, timeout=deadline, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            return GateRun({}, {}, ExitCode.UNPROVED, f"hung for {deadline:.0f} s")
        written = list(Path(out).glob("*/results.json"))
        if not written:
            said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
            return GateRun({}, {}, done.returncode, said[-1])
        return _read(json.loads(written[0].read_text(encoding="utf-8")))


def killed(clause: str, run: GateRun, clean: GateRun) -> bool:
    """Red by name; a clause that is only measured is killed when its finding is told otherwise than on the clean reference."""
    told, before = (r.measurements.get(clause, {}).get("finding") for r in (run, clean))
    return run.verdicts.get(clause) == "fail" or (told is not None and told != before)


def _read(data: dict[str, Any]) -> GateRun:
    verdicts = {clause["id"]: clause["verdict"] for clause in data["clauses"]}
    kept = {name: data[name] for name in ("clauses", "findings", "seconds", "requests")}
    return GateRun(verdicts, data["measurements"], data["exit_code"], **kept)
