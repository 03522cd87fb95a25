"""The servers under load: processes of their own, each on the one core that is measured."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from mock_meta.bench.client import Target

WABA, PHONE, TOKEN, SECRET = "102290129340398", "106540352242922", "EAAbench", "bench_app_secret"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_END = 20.0


def cores() -> tuple[int, int]:
    """The server's core and the load's; the same one when there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@dataclass(frozen=True, slots=True)
class Server:
    """A running process at ``url``; ``pid`` None when somebody else started it. Sends go to ``path``."""

    url: str
    pid: int | None
    path: str = f"/v21.0/{PHONE}/messages"

    def target(self) -> Target:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return Target(host, int(port), self.path, TOKEN)

    def cpu(self) -> float:
        """Seconds that all its threads have spent on a core; NaN when that is not known."""
        if self.pid is None:
            return math.nan
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1]) * _PAGE

    def control(self, method: str, path: str, document: Any = None) -> Any:  # noqa: ANN401  # JSON
        """A call to mock_meta's control; its JSON. Raises httpx.HTTPError."""
        answer = httpx.request(method, f"{self.url}/_control/{path}", json=document, trust_env=False, timeout=60.0)
        return answer.raise_for_status().json()


@contextmanager
def started(module: str, *options: str) -> Iterator[Server]:
    """``python -m module`` on the server's core; it announces its URL as one line of JSON, and ends with its stdin."""
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
        os.sched_setaffinity(process.pid, {cores()[0]})
        assert process.stdout is not None
        try:
            yield Server(json.loads(process.stdout.readline())["url"], process.pid)
        finally:
            process.terminate()
            process.wait(_END)


@contextmanager
def mock(webhook: str | None = None, options: Sequence[str] = ()) -> Iterator[Server]:
    """mock_meta with one account, whose webhooks go to ``webhook``."""
    with started("mock_meta", "--exit-with-stdin", "--quiet", *options) as server:
        account = {
            "access_token": TOKEN,
            "app_id": "670843887433847",
            "app_secret": SECRET,
            "verify_token": "verify",
            "webhook_url": webhook,
            "phone_numbers": [{"id": PHONE, "display_phone_number": "+1 555-078-3881", "verified_name": "Lucky Shrub"}],
        }
        server.control("PUT", f"accounts/{WABA}", account)
        yield server


@contextmanager
def rival(webhook: str | None = None) -> Iterator[Server]:
    """The plain FastAPI application of ``baseline``, which posts one status for each message if told where."""
    with started("mock_meta.bench.baseline", *([] if webhook is None else [webhook])) as server:
        yield server


@contextmanager
def listening(url: str) -> Iterator[Server]:
    """A mock that already runs, by the URL of its sends."""
    parts = urlsplit(url)
    yield Server(f"http://{parts.hostname}:{parts.port}", None, parts.path)
