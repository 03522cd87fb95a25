"""``python -m mock_meta``: what it prints, how it ends."""

import json
import runpy
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_meta.serving.app import create_app
from mock_meta.serving.cli import main, parse
from mock_meta.serving.start_screen import start_screen
from tests.mock_meta.conftest import DEADLINE, Live, until
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


def test_ctrl_c_cuts_calls_that_wait_and_nothing_is_logged() -> None:
    """Neither a reset on command nor the end of the server is an error of the mock's."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE) as client, ThreadPoolExecutor() as pool:
            client.post("/_control/faults", json={"reset": "before", "times": 1})
            with pytest.raises(httpx.TransportError):
                client.get("/v21.0/me")
            client.post("/_control/faults", json={"delay": 600})
            waiting = pool.submit(client.get, "/v21.0/me")
            until(lambda: client.get("/_control/health").json()["in_flight"] == 1)
            process.send_signal(signal.SIGINT)
            assert isinstance(waiting.exception(DEADLINE), httpx.TransportError)
        assert (process.wait(DEADLINE), process.communicate()) == (0, ("", ""))


def test_ctrl_c_before_the_server_listens_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("mock_meta.serving.cli.main", lambda: seen.append(signal.getsignal(signal.SIGINT)))
    before = signal.getsignal(signal.SIGINT)
    try:
        runpy.run_module("mock_meta", run_name="__main__")
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIG_DFL]


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a start that must end with status 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("{", "Expecting property name"),
        ("{}", "expected a list of accounts"),
        ("[" * 100_000, "nested too deeply"),
        (
            '[{"waba_id": "1", "access_tokn": "x"}]',
            "account 0: unknown member 'access_tokn'; did you mean 'access_token'?",
        ),
    ],
)
def test_a_bad_config_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str, sentence: str
) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(config)
    assert sentence in fails(capsys, "--config", str(file))


def test_other_bad_settings(live: Live, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    port = str(httpx.URL(live.address["url"]).port)
    assert "cannot listen on 127.0.0.1:" in fails(capsys, "--port", port)
    assert "--config" in fails(capsys, "--config", str(tmp_path / "nothing.json"))
    assert "--webhook-ca" in fails(capsys, "--webhook-ca", str(tmp_path / "nothing.pem"))
    (tmp_path / "no.pem").write_text("not a certificate")
    assert "--webhook-ca" in fails(capsys, "--webhook-ca", str(tmp_path / "no.pem"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--port x", "--port: invalid int value: 'x'"),
        ("--port 70000", "cannot listen on 127.0.0.1:70000"),
        ("--retry-scale nan", "--retry-scale: nan is not a number above 0"),
        ("--webhook-timeout inf", "--webhook-timeout: inf is not a number above 0"),
        ("--behaviour slow", "--behaviour: invalid choice: 'slow'"),
        ("--ledgr x", "unrecognized arguments: --ledgr x"),
        *[
            (
                f"--allow-host {text}",
                f"a host name such as crm.example is wanted, without scheme, port and path, not {text!r}",
            )
            for text in ("http://a.b/c", "a.b/c", "a.b:80", "*.a.b", "me@a.b", "[::1]:80", "a..b", "2001::db8::1")
        ],
        ("--tls-dir somewhere", "--tls-dir is for --tls"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: str, sentence: str
) -> None:
    assert sentence in fails(capsys, *arguments.split())


def test_a_host_is_allowed_as_urls_name_it() -> None:
    names = ["CRM.example", "web", "10.0.0.7", "[2001:DB8::7]", "my_service-1.local."]
    options = parse([word for name in names for word in ("--allow-host", name)])
    assert options.allow_host == ["crm.example", "web", "10.0.0.7", "2001:db8::7", "my_service-1.local."]


def test_a_scenario_that_cannot_be_set_up_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("[[accounts]]\nwaba_id = '7'")
    assert "scenario.toml: accounts 1: a new account needs 'access_token'" in fails(capsys, "--scenario", str(file))


def test_help_has_examples(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "examples:" in told
    assert "--allow-host" in told
    assert max(len(line) for line in told.splitlines()) <= 80


@pytest.mark.parametrize("ca", [None, Path("/home/anna/.local/state/mock_meta/tls/ca.pem")])
def test_the_start_screen_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch, ca: Path | None) -> None:
    monkeypatch.setattr("mock_meta.serving.start_screen.REDIRECT", Path("/opt/harness/mock_meta/redirect.cjs"))
    app: Any = create_app()
    screen = start_screen(app.mock, "https://127.0.0.1:65535", ca)
    assert max(len(line) for line in screen.splitlines()) <= 80
    assert "/_control/accounts/" in screen
    assert ("NODE_EXTRA_CA_CERTS" in screen) == (ca is not None)
