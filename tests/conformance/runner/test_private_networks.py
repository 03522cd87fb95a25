"""HOOK-04 where private addresses are this machine's own: in a network namespace that nothing can leave."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.results import ExitCode

ROOT = Path(__file__).parents[3]
ENTER = ("unshare", "--net", "--map-root-user")
DEADLINE = 120


@pytest.fixture(scope="module")
def namespace() -> tuple[str, ...]:
    """The command that runs another as root of a new namespace; skips where the machine has none to give."""
    missing = [tool for tool in ("unshare", "ip") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"network namespaces need {' and '.join(missing)}")
    tried = subprocess.run([*ENTER, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"the kernel gives no network namespace: {tried.stderr.strip()}")
    return ENTER


def judged(namespace: tuple[str, ...], folder: Path, *faults: str) -> tuple[int, dict[str, Any]]:
    """The gate's exit code and results."""
    command = [*namespace, sys.executable, "-m", "tests.conformance.runner.private_networks", str(folder), *faults]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)
    found = list(folder.glob("*/results.json"))
    assert found, done.stdout + done.stderr
    return done.returncode, json.loads(found[0].read_text())


def test_the_reference_reaches_no_private_address(namespace: tuple[str, ...], tmp_path: Path) -> None:
    code, results = judged(namespace, tmp_path)
    assert code == ExitCode.PROVED, results["clauses"]
    tried = [c for c in results["clauses"][0]["checks"] if "private_networks" in c["name"]]
    assert tried
    assert {check["verdict"] for check in tried} == {"pass"}


def test_who_delivers_to_private_addresses_is_found_at_each(namespace: tuple[str, ...], tmp_path: Path) -> None:
    code, results = judged(
        namespace, tmp_path, "private-networks-are-taken-for-public", "link-local-is-taken-for-public"
    )
    assert code == ExitCode.FINDINGS
    said = [f["actual"] for f in results["findings"] if "private_networks" in f["check"]]
    for address in ("10.0.0.1", "172.31.255.254", "192.168.0.1", "169.254.169.254", "fd00:ec2::254"):
        assert any(f"at {address}" in actual for actual in said), said
