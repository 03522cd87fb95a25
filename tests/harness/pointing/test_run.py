"""`wacrm-harness run` from the outside: a Node program that nobody changed meets the mock, and in a namespace the receiver."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
import tomli_w

from conformance.runner.process import Process
from conformance.runner.stack import Embedded
from conformance.wacrm.reference import new_accounts, target_of
from conformance.webhooks.certificate import authority
from harness.pointing.namespace import ADDRESS
from tests.conftest import settings_of
from tests.harness.pointing.conftest import DEADLINE, DEPLOYMENT, free_port, needs_node, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.pointing.conftest import Harness

ORIGIN = f"https://{ADDRESS}:8443"
RECEIVER = '[receiver]\nport = 8443\nca = "{}"'
TEST = [sys.executable, "-c"]
SHOW = "import os, json; print(json.dumps(dict(os.environ)))"


def printed(line: str, screen: str) -> list[str]:
    """The words that the screen has behind a heading."""
    return shlex.split(next(row for row in screen.splitlines() if row.strip().startswith(line)).partition(line)[2])


@needs_node
def test_an_unchanged_node_program_meets_the_mock(harness: Harness, here: list[str]) -> None:
    ran = harness.run(*here, "--", "node", str(DEPLOYMENT), "graph")
    assert (ran.stdout, ran.returncode) == ("401 OAuthException\n", 0)
    assert "MOCK_META_URL=http://127.0.0.1:" in ran.stderr
    assert "(ends with this run)" in ran.stderr
    assert "note" not in ran.stderr


@needs_node
def test_a_mock_that_answers_already_is_used_and_left_alone(harness: Harness, tmp_path: Path) -> None:
    mock = Process("mock_meta", "--port", "0")
    try:
        file = target(tmp_path, mock=httpx.URL(mock.address["url"]).port or 0)
        ran = harness.run("--target", str(file), "--", "node", str(DEPLOYMENT), "graph")
        assert ran.stdout == "401 OAuthException\n"
        assert "(was running)" in ran.stderr
        ledger = httpx.get(f"{mock.address['control']}/ledger?kind=request", trust_env=False).text
        assert "/v21.0/106540352242922" in ledger
    finally:
        mock.stop()


@needs_node
def test_without_a_namespace_an_internal_receiver_is_refused(harness: Harness, here: list[str]) -> None:
    ran = harness.run(*here, "--", "node", str(DEPLOYMENT), "deliver", "https://127.0.0.1:8443/hook")
    assert ran.stdout == "refused: 127.0.0.1 is internal\n"


@needs_node
def test_in_a_namespace_the_delivery_arrives(harness: Harness, namespaces: None, tmp_path: Path) -> None:
    """The receiver is started by the printed way in, as the gate is."""
    ca = tmp_path / "ca.pem"
    file = target(tmp_path, mock=8790, more=RECEIVER.format(ca))
    run = harness.start("--target", str(file), "--netns", "--", "node", str(DEPLOYMENT), "deliver", f"{ORIGIN}/hook")
    with run:
        assert run.stderr is not None
        screen = [run.stderr.readline()]
        while not screen[-1].startswith("  gate"):
            assert screen[-1], "".join(screen)
            screen.append(run.stderr.readline())
        enter = printed("to enter:", "".join(screen))[:-1]
        assert printed("gate", "".join(screen))[len(enter) :] == [
            "env", f"WACRM_RECEIVER_HOST={ADDRESS}", "wacrm-harness", "gate", "--target", str(file),
        ]  # fmt: skip
        receiver = Process(
            "conformance.webhooks.receiver", "--ca", str(ca), "--host", ADDRESS, "--port", "8443", prefix=enter
        )
        try:
            out, err = run.communicate(timeout=DEADLINE)
        finally:
            receiver.stop()
    assert (out, run.returncode) == ("delivered: 200\n", 0), err


@needs_node
def test_a_ca_that_node_already_trusts_is_kept(harness: Harness, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("-----own-----")
    ca = tmp_path / "ca.pem"
    file = target(tmp_path, mock=free_port(), more=RECEIVER.format(ca))
    ran = harness.run(
        "--target", str(file), "--", *TEST, SHOW, NODE_EXTRA_CA_CERTS=str(own), NODE_OPTIONS="--no-warnings"
    )
    environment = json.loads(ran.stdout)
    assert Path(environment["NODE_EXTRA_CA_CERTS"]).read_bytes() == b"-----own-----\n" + ca.read_bytes()
    assert environment["NODE_OPTIONS"].startswith("--no-warnings --require ")
    assert own.read_text() == "-----own-----"


def test_python_is_told_which_variables_are_its_own(harness: Harness, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    file = target(tmp_path, mock=free_port(), more=RECEIVER.format(ca))
    ran = harness.run("--target", str(file), "--", *TEST, SHOW)
    environment = json.loads(ran.stdout)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        assert Path(environment[name]).read_bytes().endswith(ca.read_bytes())
    assert "this is Python" in ran.stderr


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
)
def test_the_exit_code_is_the_commands(harness: Harness, here: list[str], script: str, code: int) -> None:
    assert harness.run(*here, "--", "sh", "-c", script).returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reaches_the_command(harness: Harness, here: list[str], number: signal.Signals) -> None:
    program = f"""
import os, signal
def heard(*_):
    os.write(1, b"heard\\n")
    os._exit(9)
signal.signal({int(number)}, heard)
print("ready", flush=True)
signal.pause()
"""
    with harness.start(*here, "--", *TEST, program) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(number)
        out, err = run.communicate(timeout=DEADLINE)
    assert (out, run.returncode) == ("heard\n", 9), err


@pytest.mark.parametrize("place", [[], ["--netns"]])
def test_nothing_is_left_behind(
    harness: Harness, here: list[str], place: list[str], request: pytest.FixtureRequest
) -> None:
    """Neither what the command left in the background, which does not want to end, nor what was started around it."""
    if place:
        request.getfixturevalue("namespaces")
    left = "trap '' TERM; sleep 600 & echo $!; exit 3"
    with harness.start(*here, *place, "--", "sh", "-c", left) as run:
        assert run.stdout is not None
        background = psutil.Process(int(run.stdout.readline()))
        started = psutil.Process(run.pid).children(recursive=True)
        run.communicate(timeout=DEADLINE)
    assert run.returncode == 3
    assert not psutil.wait_procs([background, *started], timeout=DEADLINE)[1]


def test_a_database_outside_is_reached_through_a_forwarded_port(
    harness: Harness, namespaces: None, here: list[str], database: int
) -> None:
    ask = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.sendall(b'ping'); print(s.recv(9))"
    address = f"127.0.0.1:{database}"
    ran = harness.run(*here, "--netns", "--forward", address, "--", *TEST, ask, str(database))
    assert ran.stdout == "b'pong'\n", ran.stderr
    ran = harness.run(*here, "--netns", "--", *TEST, ask, str(database))
    assert "ConnectionRefusedError" in ran.stderr


@pytest.fixture
def database() -> Iterator[int]:
    """The port of a server that answers once per connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    if connection.recv(9) == b"ping":
                        connection.sendall(b"pong")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_nothing_listens_where_a_forward_leads(harness: Harness, namespaces: None, here: list[str]) -> None:
    ran = harness.run(*here, "--netns", "--forward", f"127.0.0.1:{free_port()}", "--", "true")
    assert ran.returncode == 4
    assert "nothing answers there" in ran.stderr


def test_the_gate_judges_what_was_started_and_ends_it(
    harness: Harness, namespaces: None, reference: dict[str, Any]
) -> None:
    ran = harness.run(
        "--target",
        reference["file"],
        "--netns",
        f"--gate=--clause HOOK-05 --out {harness.folder / 'out'}",
        "--",
        *reference["command"],
    )
    assert ran.returncode in {0, 5}, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


@pytest.fixture
def reference(tmp_path: Path) -> dict[str, Any]:
    """The reference as somebody's deployment: a target file, and the command that starts it."""
    accounts, port, ca = new_accounts(16), free_port(), tmp_path / "receiver.pem"
    authority(ca)
    (tmp_path / "accounts.json").write_text(json.dumps(accounts))
    address = {"url": f"http://127.0.0.1:{port}", "meta_webhook": f"http://127.0.0.1:{port}/api/whatsapp/webhook"}
    settings = settings_of(target_of(accounts, address, "http://127.0.0.1:8790/_control", Embedded(keys=16)))
    (tmp_path / "harness.toml").write_text(tomli_w.dumps({**settings, "receiver": {"port": 8443, "ca": str(ca)}}))
    command = [
        sys.executable, "-m", "reference.wacrm", "--port", str(port), "--accounts", str(tmp_path / "accounts.json"),
        "--graph-url", "http://127.0.0.1:8790/v21.0", "--webhook-allow", ORIGIN, "--webhook-ca", str(ca),
    ]  # fmt: skip
    return {"file": str(tmp_path / "harness.toml"), "command": command}


def test_a_command_that_ends_first_ends_the_gate(harness: Harness, here: list[str]) -> None:
    ran = harness.run(*here, "--gate", "--", "sh", "-c", "exit 3")
    assert ran.returncode == 2
    assert "ended with exit code 3 before the gate" in ran.stderr


def test_the_same_as_export_lines(harness: Harness, here: list[str]) -> None:
    ran = harness.run(*here, "--print-env")
    shown = subprocess.run(
        ["sh", "-c", f"{ran.stdout}\nexec env"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "NODE_OPTIONS=--require " in shown.stdout
    assert "MOCK_META_URL=http://127.0.0.1:" in shown.stdout


def test_a_port_that_something_else_uses_is_named(harness: Harness, tmp_path: Path, database: int) -> None:
    ran = harness.run("--target", str(target(tmp_path, mock=database)), "--", "true")
    assert ran.returncode == 4
    assert "is used by something that is not mock Meta" in ran.stderr
