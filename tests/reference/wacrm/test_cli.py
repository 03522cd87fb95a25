from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

from reference.wacrm.cli import main
from reference.wacrm.faults import FAULTS
from tests.reference.wacrm.conftest import FIRST, accounts, key

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

COMMAND = [sys.executable, "-m", "reference.wacrm"]


def _start(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    file = tmp_path / "accounts.json"
    file.write_text(accounts(), encoding="utf-8")
    pipe = subprocess.PIPE
    return subprocess.Popen([*COMMAND, "--accounts", str(file), *options], stdin=pipe, stdout=pipe, text=True)


def test_it_says_where_it_listens_and_ends_on_a_signal(tmp_path: Path) -> None:
    with _start(tmp_path) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert where["pid"] == process.pid
        answer = httpx.get(f"{where['api']}/me", headers={"Authorization": f"Bearer {key('A')}"})
        assert answer.json()["data"]["account"]["id"] == FIRST
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_it_ends_with_its_stdin(tmp_path: Path) -> None:
    with _start(tmp_path, "--exit-with-stdin") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 0


def test_bad_settings_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(accounts(), encoding="utf-8")
    for options in (
        ["--accounts", str(tmp_path / "none")],
        ["--accounts", str(file), "--fault", "revoked-key"],
        ["--accounts", str(file), "--limit", "0"],
        ["--accounts", str(file), "--graph-url", "nonsense"],
        ["--accounts", str(file), "--port", "99999"],
        ["--accounts", str(file), "--webhook-allow", "http://127.0.0.1:1"],
        [],
    ):
        assert main(options) == 2, options
        assert capsys.readouterr().err.count("\n") == 1


def test_the_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-faults"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(FAULTS)
