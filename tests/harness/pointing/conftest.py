"""`wacrm-harness run` as a process, with a state folder of the test's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.pointing.errors import PointingError
from harness.pointing.namespace import Namespace

DEADLINE = 60.0
DEPLOYMENT = Path(__file__).with_name("deployment.mjs")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def target(folder: Path, *, mock: int, deployment: int = 3000, more: str = "") -> Path:
    """A target file in `folder` for a mock and a deployment on these ports."""
    file = folder / "harness.toml"
    file.write_text(f"""
        [target]
        base_url = "http://127.0.0.1:{deployment}"
        [meta]
        control = "http://127.0.0.1:{mock}/_control"
        phone_number_id = "106540352242922"
        waba_id = "102290129340398"
        app_secret = "s"
        verify_token = "v"
        {more}
    """)
    return file


@dataclass(frozen=True)
class Harness:
    """Starts `wacrm-harness run`. Nothing of the caller's own Node or CA settings is passed on."""

    folder: Path

    def environment(self, **variables: str) -> dict[str, str]:
        own = {"XDG_STATE_HOME": str(self.folder), "HOME": str(self.folder), "PATH": os.environ["PATH"]}
        return {**own, **variables}

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "harness.cli", "run", *arguments], env=self.environment(**variables), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **variables) as process:
            out, err = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


@pytest.fixture
def here(tmp_path: Path) -> list[str]:
    """Options for a mock on a port that nobody else uses."""
    return ["--target", str(target(tmp_path, mock=free_port()))]


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where the kernel allows no network namespace."""
    try:
        with Namespace():
            return
    except PointingError as error:
        pytest.skip(str(error).partition("\n")[0])
