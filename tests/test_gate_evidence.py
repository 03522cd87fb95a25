"""What the gate leaves: written whole or not at all, without secrets; what it is told wrongly is named by line."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from reports.redaction import PLACEHOLDER
from reports.results import ExitCode
from tests.conftest import settings_of
from tests.test_gate import DEADLINE, ROOT, SCHEMA, command, edited, refused, results, run, start
from tests.test_gate_faults import folder, told, wait_for_checks

if TYPE_CHECKING:
    from conformance.target.target import Target


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
