"""``redirect.cjs`` in a real Node: every call signature reaches the mock, over http and https, and no other call does."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_meta.serving.start_screen import REDIRECT
from tests.mock_meta.conftest import DEADLINE, Live, running
from tests.mock_meta.inside import PHONE, TOKEN, WABA, account

NODE = shutil.which("node")
CALLS = Path(__file__).with_name("redirect_calls.mjs")
NEEDS_TOKEN = {"request(string, cb)"}
pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node on this machine")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A server that is not Meta."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'"elsewhere"')

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def node(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Node with the preload, and with nothing of the caller's environment but where programs are."""
    command = [NODE or "node", "--require", str(REDIRECT), *arguments]
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3 * DEADLINE, check=False)


def results(mock: dict[str, Any], elsewhere: str, **variables: str) -> dict[str, str]:
    ran = node(str(CALLS), f"/v21.0/{PHONE}", TOKEN, elsewhere, MOCK_META_URL=mock["url"], **variables)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, str] = json.loads(ran.stdout)
    return found


def expected(way: str) -> str:
    if way.startswith("elsewhere"):
        return '200 "elsewhere"'
    if way in NEEDS_TOKEN:
        return "401 104"
    return "200 1" if "body" in way else "200 Lucky Shrub"


def test_every_signature_reaches_the_mock(live: Live, elsewhere: str) -> None:
    found = results(live.address, elsewhere)
    assert found == {way: expected(way) for way in found}
    assert len(found) > 20


def test_and_over_tls(tmp_path: Path, elsewhere: str) -> None:
    with running("--tls", "--tls-dir", str(tmp_path), "--quiet") as mock:
        with httpx.Client(verify=False, trust_env=False) as control:  # noqa: S501  # what is trusted is node's part
            control.put(f"{mock['control']}/accounts/{WABA}", json=account()).raise_for_status()
        found = results(mock, elsewhere, NODE_EXTRA_CA_CERTS=mock["ca"])
    assert found == {way: expected(way) for way in found}


@pytest.mark.parametrize("address", ["", "127.0.0.1:8790", "ftp://127.0.0.1/"])
def test_an_unusable_address_is_told_at_once(address: str) -> None:
    ran = node("--eval", "console.log('started')", MOCK_META_URL=address)
    assert ran.returncode == 1
    assert "MOCK_META_URL must be the mock's http or https address" in ran.stderr
    assert ran.stdout == ""
