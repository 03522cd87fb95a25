"""whatsapp-api-js and axios in a real Node, led to the mock by ``redirect.cjs``."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import platformdirs
import pytest

from mock_meta.serving.start_screen import REDIRECT
from tests.mock_meta.conftest import DEADLINE, Live
from tests.mock_meta.inside import PERSON, PHONE, SECRET, TEMPLATES, TOKEN, WABA

HERE = Path(__file__).parent
CLIENT = HERE / "npm_client.mjs"
INSTALL_DEADLINE = 120.0
TEXT = "Perché sì 👍 a/b <c> 100% @"
NODE, NPM = shutil.which("node"), shutil.which("npm")
pytestmark = [
    pytest.mark.skipif(NODE is None, reason="there is no node on this machine"),
    pytest.mark.skipif(NPM is None, reason="there is no npm on this machine"),
]


@pytest.fixture(scope="module")
def packages() -> Path:
    """Where the packages of package-lock.json are installed: in the user's cache, once for each lock."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = platformdirs.user_cache_path("mock_meta") / f"npm-clients-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        install(folder)
        (folder / "complete").touch()
    return folder


def install(folder: Path) -> None:
    command = [NPM or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_DEADLINE, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install the clients within {INSTALL_DEADLINE:.0f} s")
    if ran.returncode != 0:
        pytest.skip(f"npm could not install the clients: {ran.stderr.strip().splitlines()[-1:]}")


def command(*arguments: str) -> list[str]:
    return [NODE or "node", "--require", str(REDIRECT), str(CLIENT), *arguments]


def environment(live: Live) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "MOCK_META_URL": live.address["url"]}


@pytest.fixture
def told(packages: Path, live: Live) -> dict[str, Any]:
    """What the client got for everything it can send, upload and manage."""
    ran = subprocess.run(
        command("send", PHONE, WABA, TOKEN),
        cwd=packages,
        env=environment(live),
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_it_sends_fetches_and_manages(told: dict[str, Any], live: Live) -> None:
    assert told.pop("media") == {"back": "picture", "deleted": True}
    assert told.pop("templates") == {"made": "PENDING", "names": [*(str(one["name"]) for one in TEMPLATES), "thanks"]}
    assert [answer for answer in told.values() if not isinstance(answer, str)] == []
    entries = live.control("GET", "/ledger?operation=messages.send")["entries"]
    assert {entry["wamid"] for entry in entries} == set(told.values())
    assert (len(told), [entry["problems"] for entry in entries if entry["problems"]]) == (25, [])


@pytest.fixture
def events(packages: Path, live: Live) -> Iterator[IO[str]]:
    """A webhook server on whatsapp-api-js, subscribed at the mock: a JSON line for each event."""
    with subprocess.Popen(
        command("serve", PHONE, TOKEN, SECRET),
        cwd=packages,
        env=environment(live),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            live.control("PUT", f"/accounts/{WABA}", {"webhook_url": f"http://127.0.0.1:{port}/"})
            yield process.stdout
        finally:
            process.terminate()


def test_it_receives_and_answers(events: IO[str], live: Live) -> None:
    assert live.control("POST", f"/accounts/{WABA}/handshake")["ok"]
    message = {"from": PERSON, "text": {"body": TEXT}}
    live.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [message]})
    assert json.loads(events.readline()) == {"message": "text", "from": PERSON, "text": TEXT}
    assert json.loads(events.readline()) == {"read": True}


def test_it_hears_statuses(events: IO[str], live: Live) -> None:
    body = {"messaging_product": "whatsapp", "to": PERSON, "text": {"body": "Ciao"}}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    sent = live.http.post(f"/v23.0/{PHONE}/messages", json=body, headers=headers).json()["messages"][0]["id"]
    told = [json.loads(events.readline()) for _ in range(3)]
    assert told == [{"status": status, "id": sent, "to": PERSON} for status in ("sent", "delivered", "read")]


def test_it_refuses_forged_webhooks(events: IO[str], live: Live) -> None:
    assert events.readable()
    for signature in ("wrong", "none", "sha1-only"):
        asked = {"waba_id": WABA, "payload": {"object": "x", "entry": []}, "signature": signature}
        (delivery,) = live.control("POST", "/webhooks", asked)["deliveries"]
        assert delivery["attempts"][0]["status"] >= 400


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert len(packages) > 2
    assert all("resolved" not in package and "integrity" in package for name, package in packages.items() if name)
