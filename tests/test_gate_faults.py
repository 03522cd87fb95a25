"""The gate when something goes wrong on our side: nothing found is lost, nothing secret is told, nobody is blamed for it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import tomli_w

from conformance.runner.stack import Stack
from conformance.wacrm.reference import start_reference
from reports.redaction import PLACEHOLDER
from reports.results import ExitCode
from tests.conftest import settings_of
from tests.test_gate import DEADLINE, ROOT, SCHEMA, command, edited, refused, results, run, start

if TYPE_CHECKING:
    from conformance.target.target import Target

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
    assert "mock Meta died in mid-run: exit code -9" in " ".join(data["notes"])
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
    assert [check["verdict"] for check in broken] == ["error"], out
    assert "the worker process that ran it ended" in broken[0]["reason"]


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


# -- the report's folder ----------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_to_is_said_before_the_run(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for out in (file, file / "below", Path("/proc/nope")):
        said = refused("--clause", "AUTH-01", "--out", out, cwd=tmp_path)
        assert f"--out {out}: no report can be written there" in said
        assert "Checking" not in said


def test_two_runs_of_one_seed_have_folders_of_their_own(tmp_path: Path) -> None:
    runs = [start("--clause", "AUTH-06", "--seed", "7", cwd=tmp_path) for _ in range(2)]
    outs = [gate.communicate(timeout=DEADLINE)[0] for gate in runs]
    assert [gate.returncode for gate in runs] == [0, 0], outs
    written = list(tmp_path.glob("reports/out/*/results.json"))
    assert len(written) == 2
    assert {json.loads(path.read_text())["run"] for path in written} == {path.parent.name for path in written}


def test_a_full_disk_at_the_end_is_a_sentence_after_the_report(target_file: Path, tmp_path: Path) -> None:
    """A file size limit stands for the full disk: some of the stream fits, the results do not."""
    command_line = shlex.join(command("--target", target_file, "--clause", "AUTH-01"))
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 2; trap '' XFSZ; exec {command_line}"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert done.returncode == ExitCode.SETUP, done.stdout + done.stderr
    assert "The contract holds" in done.stdout
    assert "is not written: File too large" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in folder(tmp_path).iterdir()] == ["checks.jsonl"]


def test_every_check_stands_in_the_stream(tmp_path: Path) -> None:
    done = run("--clause", "AUTH-03", "--fault", "revoked-key-still-lists-conversations", cwd=tmp_path)
    lines = {line["check"]: line for line in told(tmp_path)}
    data = results(tmp_path)
    checks = {check["name"]: check["verdict"] for clause in data["clauses"] for check in clause["checks"]}
    assert {name: line["verdict"] for name, line in lines.items()} == checks, done.stdout
    (failed,) = [line for line in lines.values() if line["verdict"] == "fail"]
    assert failed["finding"]["expected"]


# -- wrong keys -------------------------------------------------------------------------------------------------------


def test_wrong_keys_are_named_by_line(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    keys = settings_of(deployment)["keys"]
    full, other = keys["full"], keys["other_account"]
    sendless = keys["all_but"]["messages:send"]
    cases: tuple[tuple[dict[str, Any], str, str], ...] = (
        (
            {"full": [full[0], other[0]], "other_account": other[1:]},
            other[0],
            "full[1] is a key of another account than",
        ),
        (
            {"full": full[:2], "other_account": [full[2]]},
            full[2],
            "other_account[0] is a key of the account of keys.full[0]",
        ),
        ({"full": full[:2], "revoked": [full[2]]}, full[2], "revoked[0] is active"),
        ({"full": full[:2], "expired": [full[2]]}, full[2], "expired[0] is active"),
        ({"full": [full[0], full[1], full[0]]}, full[0], "full[2] is the same key as keys.full[0]"),
        (
            {"full": [full[0], "wacrm_live_schlüssel"]},
            "schlüssel",
            "full.1: no key holds such a character: character 16",
        ),
        ({"full": [full[0], f"{full[1]} "]}, full[1], "full.1: no key holds such a character"),
        (
            {"full": [sendless, full[0]], "all_but": {}},
            sendless,
            "full[0] may not send a message: the API answered HTTP 403",
        ),
    )
    for changed, wrong, said in cases:
        path = edited(target_file, deployment, "keys", **changed)
        shown = refused("--target", path, "--clause", "AUTH-01", cwd=tmp_path)
        assert f"harness.toml:{_line_of(path, wrong)}: keys.{said}" in shown
        assert not [secret for secret in deployment.secrets if secret in shown]


def _line_of(path: Path, key: str) -> int:
    lines = path.read_text().splitlines()
    return max(number for number, line in enumerate(lines, 1) if key in line)


# -- the baseline, and earlier runs -----------------------------------------------------------------------------------

FAULT = ("--clause", "AUTH-03,AUTH-06", "--fault", "revoked-key-still-lists-conversations")


def test_a_baseline_is_written_and_accepts_what_was_found(tmp_path: Path) -> None:
    assert run(*FAULT, "--write-baseline", "b.toml", "--out", "first", cwd=tmp_path).returncode == ExitCode.FINDINGS
    done = run(*FAULT, "--baseline", "b.toml", cwd=tmp_path)
    assert done.returncode == ExitCode.PROVED, done.stdout
    assert "accepted until" in (folder(tmp_path) / "junit.xml").read_text()
    fixed = run("--clause", "AUTH-03,AUTH-06", "--baseline", "b.toml", "--out", "third", cwd=tmp_path)
    assert fixed.returncode == ExitCode.FINDINGS, fixed.stdout
    assert "An accepted finding no longer shows" in fixed.stdout


def test_a_run_is_compared_with_an_earlier_one_and_repeats_a_part_of_it(tmp_path: Path) -> None:
    assert run(*FAULT, cwd=tmp_path).returncode == ExitCode.FINDINGS
    before = folder(tmp_path) / "results.json"
    same = run(*FAULT, "--changed-since", before, "--out", "second", cwd=tmp_path)
    assert same.returncode == ExitCode.PROVED, same.stdout
    assert "Nothing is red that was not red before" in same.stdout
    again = run("--failed", before, "--out", "third", *FAULT[2:], cwd=tmp_path)
    assert again.returncode == ExitCode.FINDINGS
    (third,) = tmp_path.glob("third/*/results.json")
    data = json.loads(third.read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert [check["verdict"] for clause in data["clauses"] for check in clause["checks"]] == ["fail"]
    assert data["seed"] == json.loads(before.read_text())["seed"]


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    gate = start("--group", "AUTH,ENV", cwd=tmp_path)
    wait_for_checks(tmp_path, 3)
    gate.send_signal(signal.SIGINT)
    gate.communicate(timeout=30)
    data = results(tmp_path)
    opened = {c["name"] for clause in data["clauses"] for c in clause["checks"] if c["verdict"] == "no-verdict"}
    done = run("--resume", folder(tmp_path) / "results.json", "--out", "second", cwd=tmp_path)
    assert done.returncode == ExitCode.PROVED, done.stdout
    (second,) = tmp_path.glob("second/*/results.json")
    assert {c["name"] for clause in json.loads(second.read_text())["clauses"] for c in clause["checks"]} == opened


@pytest.mark.parametrize("option", ["--failed", "--resume", "--changed-since"])
def test_what_is_no_earlier_run_is_named(option: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert "x.json: no results.json" in refused(option, "x.json", cwd=tmp_path)


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_credentials_in_addresses_are_not_repeated(tmp_path: Path) -> None:
    for url in (
        "http://user:hunter22@127.0.0.1:9",
        "ftp://user:hunter22@127.0.0.1:9",
        "http://user:hunter22@example.com",
    ):
        assert "hunter22" not in refused("--base-url", url, "--set", "keys.full=wacrm_live_k", cwd=tmp_path)


def test_signing_secrets_of_a_finding_are_not_told(tmp_path: Path) -> None:
    """A registration's answer is part of the finding: it shows the secret that only the creation may show."""
    done = run("--clause", "HOOK-01", "--fault", "webhook-list-shows-secrets", "-v", cwd=tmp_path)
    everything = done.stdout + done.stderr + "".join(path.read_text() for path in folder(tmp_path).iterdir())
    assert done.returncode == ExitCode.FINDINGS, done.stdout
    assert f"whsec_{PLACEHOLDER}" in everything
    assert re.findall(r"whsec_[\w-]{12,}", everything) == []


def test_no_exception_tells_a_secret(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    """What pytest prints of an error of ours passes the same redactor as the report."""
    key = deployment.keys.full[0].get_secret_value()
    (tmp_path / "broken.py").write_text(
        f"def pytest_collection_finish(session):\n    raise RuntimeError({key[:20]!r} + {key[20:]!r} + ' ')\n"
    )
    done = run(
        "--target",
        target_file,
        "--clause",
        "AUTH-06",
        "-p",
        "broken",
        "--full-trace",
        cwd=tmp_path,
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    )
    assert done.returncode == ExitCode.INTERNAL, done.stdout
    assert "RuntimeError" in done.stdout + done.stderr
    assert key not in done.stdout + done.stderr
