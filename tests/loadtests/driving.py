"""Load tests as people start them: `python -m loadtests` in a process of its own, for Locust patches the one it runs in."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 120.0


@dataclass(frozen=True)
class Done:
    """How it ended, and what it wrote; `results` is empty when it wrote nothing."""

    code: int
    out: str
    err: str
    results: dict[str, Any]

    def slo(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.results["slos"] if one["name"] == name)
        return found

    @property
    def kinds(self) -> set[str]:
        return {finding["kind"] for finding in self.results["findings"]}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "loadtests", "--seed", "7", "--out", str(folder), *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for_load(process: subprocess.Popen[str]) -> None:
    """Read its messages until it says that the load begins."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("loading "):
            return


def finish(process: subprocess.Popen[str], folder: Path) -> Done:
    try:
        out, err = process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    written = list(folder.glob("load-*/results.json"))
    return Done(process.returncode, out, err, json.loads(written[0].read_text(encoding="utf-8")) if written else {})


def run(folder: Path, *arguments: str) -> Done:
    return finish(start(folder, *arguments), folder)
