"""The gate as a person runs it: as a process, by its exit code and what it prints and leaves."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import tomli_w

from conformance.runner.stack import Stack
from conformance.wacrm.reference import start_reference
from reports.results import ExitCode
from tests.conformance.target import servers
from tests.conftest import settings_of

if TYPE_CHECKING:
    from conformance.target.target import Target

ROOT = Path(__file__).parent.parent
DEADLINE = 120
SCHEMA = json.loads((ROOT / "reports" / "results.schema.json").read_text())


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "harness.cli", "gate", *map(str, arguments)]


def run(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **variables}
    return subprocess.run(
        command(*arguments), cwd=cwd, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def results(cwd: Path) -> dict[str, Any]:
    (path,) = cwd.glob("reports/out/*/results.json")
    data: dict[str, Any] = json.loads(path.read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


def refused(*arguments: str | Path, cwd: Path) -> str:
    """Run the gate with something wrong: it ends with the code for set-up errors and leaves no report."""
    done = run(*arguments, cwd=cwd)
    assert done.returncode == ExitCode.SETUP, done.stdout + done.stderr
    assert not list(cwd.glob("reports/out/*/results.json"))
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr + done.stdout


def edited(target_file: Path, deployment: Target, section: str, **values: Any) -> Path:
    settings = settings_of(deployment)
    settings[section] |= values
    target_file.write_text(tomli_w.dumps(settings))
    return target_file


# -- a run that goes well ---------------------------------------------------------------------------------------------


def test_a_deployment_is_checked_by_its_target_file(target_file: Path, tmp_path: Path) -> None:
    done = run("--target", target_file, "--clause", "AUTH-01,AUTH-06", "--seed", "5", cwd=tmp_path)
    assert done.returncode == ExitCode.PROVED, done.stdout + done.stderr
    data = results(tmp_path)
    assert {clause["id"]: clause["verdict"] for clause in data["clauses"]} == {"AUTH-01": "pass", "AUTH-06": "pass"}
    assert (data["seed"], data["target"]["embedded"]) == (5, False)
    assert list(tmp_path.glob("reports/out/*/junit.xml"))


def test_what_the_file_does_not_give_is_skipped_and_counted(
    target_file: Path, deployment: Target, tmp_path: Path
) -> None:
    settings = settings_of(deployment)
    del settings["keys"]["revoked"]
    target_file.write_text(tomli_w.dumps(settings))
    done = run("--target", target_file, "--clause", "AUTH-03,AUTH-06", cwd=tmp_path)
    assert done.returncode == ExitCode.PROVED, done.stdout
    assert "AUTH-03: the target file gives no key for keys.revoked" in " ".join(done.stdout.split())
    assert "1 not checked" in done.stdout


def test_without_mock_meta_nothing_is_sent(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    settings = settings_of(deployment)
    del settings["meta"]
    target_file.write_text(tomli_w.dumps(settings))
    done = run("--target", target_file, "--clause", "MSG-01", cwd=tmp_path)
    assert done.returncode == ExitCode.UNPROVED, done.stdout
    assert results(tmp_path)["clauses"][0]["verdict"] == "skip"


def test_two_processes_share_no_key(target_file: Path, tmp_path: Path) -> None:
    done = run("--target", target_file, "--group", "AUTH", "-n", "2", cwd=tmp_path)
    assert done.returncode == ExitCode.PROVED, done.stdout
    assert results(tmp_path)["summary"]["verdicts"]["pass"] == 9


def test_a_fault_is_a_finding_with_its_reproduction(tmp_path: Path) -> None:
    done = run("--clause", "AUTH-03", "--fault", "revoked-key-still-lists-conversations", cwd=tmp_path)
    assert done.returncode == ExitCode.FINDINGS, done.stdout
    assert "── AUTH-03 (must)" in done.stdout
    assert 'curl -sS -i -H "Authorization: Bearer $WACRM_KEY_REVOKED"' in done.stdout
    assert results(tmp_path)["findings"][0]["clause"] == "AUTH-03"


def test_nothing_written_holds_a_secret(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    secrets = [*deployment.secrets]
    done = run("--target", target_file, "--group", "AUTH,SCOPE,MSG,HOOK", "-v", cwd=tmp_path)
    files = "".join(p.read_text() for p in tmp_path.glob("reports/out/*/*") if p.is_file())
    written = done.stdout + done.stderr + files
    assert "AUTH-01" in written
    assert not [secret for secret in secrets if secret in written]


# -- bad input ----------------------------------------------------------------------------------------------------------


def test_no_server_at_the_url(tmp_path: Path) -> None:
    said = refused("--base-url", "http://127.0.0.1:9", "--set", "keys.full=k", cwd=tmp_path)
    assert "connection refused" in said
    assert "Is the deployment running" in said


def test_tls_with_an_unknown_ca(tmp_path: Path) -> None:
    with Stack(seed=1) as stack:
        stack.start_receiver()
        assert stack.receiver is not None
        said = refused("--base-url", stack.receiver["origin"], "--set", "keys.full=k", cwd=tmp_path)
    assert "TLS failed" in said
    assert "target.ca" in said


def test_a_page_instead_of_an_api(tmp_path: Path) -> None:
    with servers.raw_server(servers.fixed("200 OK", b"<html>hello</html>", Content_Type="text/html")) as url:
        said = refused("--base-url", url, "--set", "keys.full=k", cwd=tmp_path)
    assert "answers 200 with text/html" in said


def test_a_target_that_redirects(tmp_path: Path) -> None:
    with servers.raw_server(servers.fixed("308 Permanent Redirect", b"", Location="https://crm.example.com/")) as url:
        said = refused("--base-url", url, "--set", "keys.full=k", cwd=tmp_path)
    assert "redirects to https://crm.example.com/" in said


@pytest.mark.parametrize("answer", [servers.huge, servers.too_short, servers.cut])
def test_an_answer_that_is_none(answer: Any, tmp_path: Path) -> None:
    with servers.raw_server(answer) as url:
        refused("--base-url", url, "--set", "keys.full=k", cwd=tmp_path)


def test_an_unknown_key(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    edited(target_file, deployment, "keys", full=["wacrm_live_nobody"])
    assert "refuses keys.full[0] (401" in refused("--target", target_file, cwd=tmp_path)


def test_a_key_of_another_role(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    full = settings_of(deployment)["keys"]["full"]
    edited(target_file, deployment, "keys", full=full[:2], none=[full[2]])
    assert "keys.none[0] has the scope" in refused("--target", target_file, cwd=tmp_path)


def test_a_key_that_lacks_a_scope(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    keys = settings_of(deployment)["keys"]
    edited(target_file, deployment, "keys", full=[keys["full"][0], keys["all_but"]["contacts:write"]])
    assert "keys.full[1] lacks the scope contacts:write" in refused("--target", target_file, cwd=tmp_path)


def test_a_misspelled_setting(target_file: Path, tmp_path: Path) -> None:
    target_file.write_text("[taget]\n" + target_file.read_text())
    assert "harness.toml:1: taget: unknown setting; did you mean target?" in refused(
        "--target", target_file, cwd=tmp_path
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "nowhere.toml: cannot be read" in refused("--target", "nowhere.toml", cwd=tmp_path)


def test_another_machine_must_be_named(tmp_path: Path) -> None:
    said = refused("--base-url", "https://crm.example.com", "--set", "keys.full=k", cwd=tmp_path)
    assert "--allow-host crm.example.com" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--clause", "PAGE-99"], "there is no such clause; near: PAGE-0"),
        (["--group", "PAGES"], "there is no such group; near: PAGE"),
        (["--fault", "no-such-fault"], "unknown fault 'no-such-fault'"),
        (["--set", "keys.full=x"], "only target.limit and target.window"),
        (["--sed", "5"], "unrecognized arguments: --sed"),
    ],
)
def test_a_name_that_does_not_exist(arguments: list[str], said: str, tmp_path: Path) -> None:
    assert said in refused(*arguments, cwd=tmp_path)


def test_a_selection_of_no_check_is_not_green(tmp_path: Path) -> None:
    done = run("--clause", "AUTH-01", "-k", "nothing_matches", cwd=tmp_path)
    assert done.returncode == ExitCode.UNPROVED, done.stdout
    assert "Nothing was checked" in done.stdout


def test_a_port_in_use(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        edited(target_file, deployment, "receiver", port=port)
        said = refused("--target", target_file, cwd=tmp_path)
    assert f"127.0.0.1:{port}" in said
    assert "in use" in said


def test_mock_meta_unreachable(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    edited(target_file, deployment, "meta", control="http://127.0.0.1:9/_control")
    assert "mock Meta at http://127.0.0.1:9/_control does not answer" in refused("--target", target_file, cwd=tmp_path)


def test_mock_meta_not_wired_to_the_target(target_file: Path, deployment: Target, tmp_path: Path) -> None:
    with Stack(seed=2) as elsewhere:
        elsewhere.start_receiver()
        stranger = start_reference(elsewhere)
        assert stranger.meta is not None
        edited(target_file, deployment, "meta", control=stranger.meta.control)
        said = refused("--target", target_file, cwd=tmp_path)
    assert "not wired to mock Meta" in said


# -- a run that does not go well ------------------------------------------------------------------------------------------


def test_a_target_that_dies(tmp_path: Path) -> None:
    with Stack(seed=3) as stack:
        stack.start_receiver()
        target = start_reference(stack)
        path = tmp_path / "harness.toml"
        path.write_text(tomli_w.dumps(settings_of(target)))
        gate = start("--target", path, "--group", "AUTH,SCOPE,TENANT,ENV,PAGE,CONT", cwd=tmp_path)
        wait_for_requests(gate)
        stack.kill("reference.wacrm")
        out, _ = gate.communicate(timeout=DEADLINE)
    data = results(tmp_path)
    assert data["exit_code"] in {ExitCode.UNPROVED, ExitCode.FINDINGS}
    assert "error" in {clause["verdict"] for clause in data["clauses"]}
    assert "the target died" in out


def test_ctrl_c(target_file: Path, tmp_path: Path) -> None:
    gate = start("--target", target_file, "--group", "AUTH,SCOPE,TENANT,ENV,PAGE,CONT", cwd=tmp_path)
    wait_for_requests(gate)
    gate.send_signal(signal.SIGINT)
    out, _ = gate.communicate(timeout=30)
    assert gate.returncode == ExitCode.INTERRUPTED, out
    data = results(tmp_path)
    assert data["interrupted"]
    assert data["summary"]["verdicts"]["no-verdict"] > 0
    assert children_of(gate.pid) == []


def start(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    """The gate, as the leader of a process group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONUNBUFFERED": "1", **variables}
    return subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def wait_for_requests(gate: subprocess.Popen[str]) -> None:
    assert gate.stdout is not None
    while "Checking" not in (line := gate.stdout.readline()):
        assert line, "the gate ended before it checked"
    time.sleep(2)


def children_of(pid: int) -> list[str]:
    """Command lines of processes whose environment or parent still points at the gate; Linux only."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(status.read_text())
    return found


def test_help_shows_options_and_examples(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("--target", "--clause", "--seed", "examples:", "exit codes:"):
        assert word in done.stdout
