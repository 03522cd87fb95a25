"""A scenario is registered in `loadtests/scenarios/__init__.py` and nowhere else: a copy of the package, with one more."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.cluster.options import PACKAGE
from reports.results import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
from loadtests.users.answers import GET_ME
from loadtests.users.scenario import Scenario
from loadtests.users.user import OpenModelUser, task

PING = Scenario("ping", "asks who it is", slos={"operations": {"ping/getMe": {"p99": 30.0}}})


class PingScenario(OpenModelUser):
    scenario = PING

    @task(PING, 7, "who")
    def who_am_i(self, task):
        task.call(GET_ME)
"""
SHOW = """
import json
from loadtests.cluster.run_start import default_slos
from loadtests.scenarios import SCENARIOS
from loadtests.users.user import definitions
tasks = [one.scenario for one in definitions(SCENARIOS["day"])]
print(json.dumps({"day": {name: tasks.count(name) for name in tasks}, "slos": [one.name for one in default_slos()]}))
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `loadtests` that has the scenario `ping`; programs that start there import it."""
    folder = tmp_path_factory.mktemp("extended")
    package = shutil.copytree(PACKAGE, folder / "loadtests", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "scenarios/ping.py").write_text(MODULE, encoding="utf-8")
    registry = package / "scenarios/__init__.py"
    text = registry.read_text(encoding="utf-8")
    text = text.replace(
        "from loadtests.users", "from loadtests.scenarios.ping import PingScenario\nfrom loadtests.users", 1
    )
    registry.write_text(
        text.replace("    LimitsScenario,\n", "    LimitsScenario,\n    PingScenario,\n"), encoding="utf-8"
    )
    return folder


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == ExitCode.PROVED, done.stdout + done.stderr
    return done.stdout


def shown(folder: Path) -> Any:
    return json.loads(run(folder, "-c", SHOW))


def test_help_names_it(extended: Path) -> None:
    told = " ".join(run(extended, "-m", "loadtests", "--help").split())
    assert "limits,ping}" in told
    assert "ping: asks who it is" in told


def test_the_day_has_its_tasks_and_the_defaults_its_slos(extended: Path) -> None:
    before, after = shown(PACKAGE.parent), shown(extended)
    assert after["day"] == before["day"] | {"ping": 7}
    assert after["slos"] == [*before["slos"], "operations.ping/getMe.p99"]
    assert len(set(after["slos"])) == len(after["slos"])


def test_it_runs(extended: Path, tmp_path: Path) -> None:
    run(extended, "-m", "loadtests", "--scenario", "ping", "-u", "5", "-t", "2s", "--out", str(tmp_path), "--seed", "7")
    (written,) = tmp_path.glob("load-*/results.json")
    results = json.loads(written.read_text(encoding="utf-8"))
    assert set(results["measurements"]["operations"]) == {"ping/getMe"}
    (own,) = (slo for slo in results["slos"] if slo["name"] == "operations.ping/getMe.p99")
    assert own["verdict"] == "pass"
