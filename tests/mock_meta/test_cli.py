"""``python -m mock_meta``: what it prints, how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_meta.app import create_app
from mock_meta.screen import start_screen
from tests.mock_meta.conftest import DEADLINE, Live
from tests.mock_meta.inside import PHONE, TOKEN, WABA, account

COMMAND = [sys.executable, "-m", "mock_meta"]


def test_the_announcement(live: Live) -> None:
    address = live.address
    assert list(address) == ["url", "graph", "control", "pid"]
    assert address["graph"] == address["url"] + "/v21.0"
    assert address["control"] == address["url"] + "/_control"
    assert address["url"].startswith("http://127.0.0.1:")


def test_it_ends_when_stdin_does_and_reads_its_config(tmp_path: Path) -> None:
    config = tmp_path / "accounts.json"
    config.write_text(json.dumps([{"waba_id": WABA, **account()}]))
    command = [*COMMAND, "--config", str(config), "--exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        address = json.loads(process.stdout.readline())
        assert address["pid"] == process.pid
        answer = httpx.get(f"{address['graph']}/{PHONE}", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
        assert answer.status_code == 200
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "Expecting property name"),
        ("{}", "expected a list of accounts"),
        (
            '[{"waba_id": "1", "access_tokn": "x"}]',
            "account 0: unknown member 'access_tokn'; did you mean 'access_token'?",
        ),
    ],
)
def test_a_bad_config_is_one_line_and_status_2(tmp_path: Path, config: str, sentence: str) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(config)
    done = subprocess.run(
        [*COMMAND, "--config", str(file)], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken(live: Live) -> None:
    port = str(httpx.URL(live.address["url"]).port)
    done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert "cannot listen on 127.0.0.1:" in done.stderr


def test_help_has_examples() -> None:
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, timeout=DEADLINE, check=True, env=environment
    )
    assert "examples:" in done.stdout
    assert "--allow-webhook-host" in done.stdout


def test_the_start_screen_fits_eighty_columns() -> None:
    app: Any = create_app()
    screen = start_screen(app.mock, "http://127.0.0.1:65535")
    assert max(len(line) for line in screen.splitlines()) <= 80
    assert "/_control/accounts/" in screen
