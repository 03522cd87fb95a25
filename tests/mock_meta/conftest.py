"""Mocks to test against: one in this process, one as a server of its own, and a receiver of webhooks."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.mock_meta.inside import WABA, Inside, account

DEADLINE = 10.0


@pytest.fixture
def inside() -> Iterator[Inside]:
    """A mock with one account and no status announcements."""
    found = Inside()
    found.control("PUT", f"/accounts/{WABA}", account())
    yield found
    found.close()


class Receiver:
    """A deployment's webhook endpoint on a real socket."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = [200]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((dict(self.headers.items()), body))
                status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self._answer(status, b"{}")

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                right = query.get("hub.verify_token") == ["verify"]
                self._answer(200 if right else 403, query["hub.challenge"][0].encode() if right else b"no")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int) -> None:
        """Until ``count`` webhooks came, or the deadline."""
        until(lambda: len(self.posts) >= count)

    def statuses(self) -> list[str]:
        values = [json.loads(body)["entry"][0]["changes"][0]["value"] for _, body in self.posts]
        return [status["status"] for value in values for status in value.get("statuses", [])]


def until(condition: Any) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the deadline passed"
        time.sleep(0.005)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, Any]]:
    """``python -m mock_meta`` as a process; what it announced."""
    with running("--behaviour", "instant", "--retry-scale", "0.001") as address:
        yield address


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[dict[str, Any]]:
    """A mock with these arguments, until the end of the block; what it announced."""
    command = [sys.executable, "-m", "mock_meta", *arguments, "--exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            assert process.wait(DEADLINE) == 0


class Live:
    """The server process, freshly reset, with one account whose webhooks go to the receiver."""

    def __init__(self, server: dict[str, Any], receiver: Receiver) -> None:
        self.http = httpx.Client(base_url=server["url"], timeout=DEADLINE, trust_env=False)
        self.address = server
        self.control("POST", "/reset", {"accounts": True})
        self.control("PUT", f"/accounts/{WABA}", account(webhook_url=receiver.url))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/_control{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def drained(self) -> None:
        """Until nothing is due or under way, or the deadline."""
        until(lambda: self.control("GET", "/health")["pending_webhooks"] == 0)


@pytest.fixture
def live(server: dict[str, Any], receiver: Receiver) -> Iterator[Live]:
    found = Live(server, receiver)
    with contextlib.closing(found.http):
        yield found
        found.control("POST", "/reset", {"accounts": True})
