"""The gate when something goes wrong on our side: nothing found is lost, nothing secret is told, nobody is blamed for it."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from conformance.runner.stack import Stack
from conformance.wacrm.reference import start_reference
from reports.results import ExitCode
from tests.conftest import settings_of
from tests.test_gate import DEADLINE, results, start

if TYPE_CHECKING:
    import subprocess

SENDING = ("--group", "MSG,TENANT", "--seed", "3")
READING = ("--group", "AUTH,SCOPE,TENANT,ENV,PAGE,CONT")


def folder(cwd: Path) -> Path:
    (found,) = cwd.glob("reports/out/*")
    return found


def told(cwd: Path) -> list[dict[str, Any]]:
    """The lines of checks.jsonl."""
    return [json.loads(line) for line in (folder(cwd) / "checks.jsonl").read_text().splitlines()]


def wait_for_checks(cwd: Path, number: int) -> None:
    """Until so many checks have ended."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if sum(p.read_bytes().count(b"\n") for p in cwd.glob("reports/out/*/checks.jsonl")) >= number:
            return
        time.sleep(0.05)
    raise AssertionError("no check ended")


def children(pid: int, module: str = "") -> list[int]:
    """Processes started by `pid`, with the module on their command line; Linux only."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            line = (path.parent / "cmdline").read_text()
        except OSError:
            continue
        if parent == pid and module in line:
            found.append(int(path.parent.name))
    return found


def verdicts(data: dict[str, Any]) -> set[str]:
    return {check["verdict"] for clause in data["clauses"] for check in clause["checks"]}


# -- a part of ours ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
def test_mock_meta_killed_in_mid_run_is_nobodys_failure(workers: int, tmp_path: Path) -> None:
    gate = start(*SENDING, "-n", str(workers), cwd=tmp_path)
    wait_for_checks(tmp_path, 5)
    (mock,) = children(gate.pid, "mock_meta")
    os.kill(mock, signal.SIGKILL)
    out, _ = gate.communicate(timeout=DEADLINE)
    data = results(tmp_path)
    assert "fail" not in verdicts(data), out
    assert gate.returncode == ExitCode.UNPROVED, out
    assert "mock Meta died in mid-run: " in " ".join(data["notes"])
    assert data["summary"]["verdicts"]["no-verdict"] > 0


@pytest.mark.parametrize("module", ["conformance.webhooks.receiver", "reference.wacrm"])
def test_any_part_that_ends_is_named(module: str, tmp_path: Path) -> None:
    gate = start("--group", "HOOK,TENANT", cwd=tmp_path)
    wait_for_checks(tmp_path, 3)
    (part,) = children(gate.pid, module)
    os.kill(part, signal.SIGTERM)
    out, _ = gate.communicate(timeout=DEADLINE)
    data = results(tmp_path)
    assert "fail" not in verdicts(data), out
    assert "died in mid-run" in " ".join(data["notes"])


def test_a_mock_meta_that_runs_elsewhere_is_watched_too(tmp_path: Path) -> None:
    with Stack(seed=4) as stack:
        stack.start_receiver()
        path = tmp_path / "harness.toml"
        path.write_text(tomli_w.dumps(settings_of(start_reference(stack))))
        gate = start("--target", path, *SENDING, cwd=tmp_path)
        wait_for_checks(tmp_path, 5)
        stack.kill("mock_meta")
        out, _ = gate.communicate(timeout=DEADLINE)
    data = results(tmp_path)
    assert "fail" not in verdicts(data), out
    assert "mock Meta died in mid-run: it does not answer" in " ".join(data["notes"])


def test_a_killed_worker_costs_one_check(tmp_path: Path) -> None:
    gate = start("--group", "ENV,CONT", "-n", "2", "--set", "target.window=4", cwd=tmp_path)
    wait_for_checks(tmp_path, 5)
    worker = children(gate.pid, "sys.stdin.readline")[0]
    os.kill(worker, signal.SIGKILL)
    out, _ = gate.communicate(timeout=DEADLINE)
    data = results(tmp_path)
    checks = [check for clause in data["clauses"] for check in clause["checks"]]
    broken = [check for check in checks if check["verdict"] not in {"pass", "skip"}]
    assert [check["verdict"] for check in broken] in ([], ["error"]), out  # none when it died between two checks
    assert all("the worker process that ran it ended" in check["reason"] for check in broken)


# -- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_a_run_as_ctrl_c_does(number: int, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    gate = start(*READING, cwd=tmp_path, TMPDIR=str(temporary))
    wait_for_checks(tmp_path, 3)
    parts = children(gate.pid)
    gate.send_signal(number)
    out, _ = gate.communicate(timeout=30)
    assert gate.returncode == ExitCode.INTERRUPTED, out
    assert results(tmp_path)["interrupted"]
    assert list(temporary.iterdir()) == []
    assert [pid for pid in parts if Path(f"/proc/{pid}").exists()] == []


def test_a_second_ctrl_c_changes_nothing(tmp_path: Path) -> None:
    gate = start(*READING, cwd=tmp_path)
    wait_for_checks(tmp_path, 3)
    for _ in range(3):
        gate.send_signal(signal.SIGINT)
        time.sleep(0.05)
    out, _ = gate.communicate(timeout=30)
    assert gate.returncode == results(tmp_path)["exit_code"] == ExitCode.INTERRUPTED, out
    assert "Traceback" not in out


def test_ctrl_c_on_two_processes_keeps_what_they_found(tmp_path: Path) -> None:
    gate = start(*READING, "-n", "2", cwd=tmp_path)
    wait_for_checks(tmp_path, 10)
    os.killpg(gate.pid, signal.SIGINT)
    out, _ = gate.communicate(timeout=60)
    data = results(tmp_path)
    ended = {line["check"] for line in told(tmp_path)}
    checks = {check["name"]: check["verdict"] for clause in data["clauses"] for check in clause["checks"]}
    assert len(ended) >= 10
    assert {checks[name] for name in ended} <= {"pass", "skip"}, out
    assert "no-verdict" in checks.values()
    assert gate.returncode == ExitCode.INTERRUPTED, out


@pytest.mark.parametrize("after", [0.05, 0.2, 0.6, 1.5])
def test_ctrl_c_before_the_first_check_ends_at_once(after: float, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    gate = start(*READING, cwd=tmp_path, TMPDIR=str(temporary))
    wait_for_imports(gate)
    time.sleep(after)
    gate.send_signal(signal.SIGINT)
    out, _ = gate.communicate(timeout=15)
    assert gate.returncode == ExitCode.INTERRUPTED, out
    assert "Traceback" not in out
    assert list(temporary.iterdir()) == []


def wait_for_imports(gate: subprocess.Popen[str]) -> None:
    """Until the command handles signals: it catches SIGHUP, whose default is to end."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        caught = next(
            line.split()[1]
            for line in Path(f"/proc/{gate.pid}/status").read_text().splitlines()
            if line.startswith("SigCgt")
        )
        if int(caught, 16) & 1 << (signal.SIGHUP - 1):
            return
        time.sleep(0.005)
