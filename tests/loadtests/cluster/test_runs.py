"""Whole load tests of the embedded reference, short ones: what they leave, how they end, what they find."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import jsonschema
import psutil
import pytest

from loadtests.cluster.options import PACKAGE
from reports.results import ExitCode
from tests.loadtests import driving

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((PACKAGE / "results.schema.json").read_text(encoding="utf-8"))
BRIEF = ("-u", "12", "-r", "12", "--recipients", "30", "--audit", "20", "--quiet", "20")
PATIENT = """
[operations."*"]
errors = 0.0
[reconciliation]
lost = 0
undecided = 0
"""
"""SLOs without times, for machines that are busy with other things."""


@pytest.fixture
def patient(tmp_path: Path) -> str:
    path = tmp_path / "patient.toml"
    path.write_text(PATIENT, encoding="utf-8")
    return str(path)


def test_a_working_day_is_reconciled(tmp_path: Path, patient: str) -> None:
    done = driving.run(tmp_path, *BRIEF, "-t", "5s", "--slo", patient)
    assert done.code == ExitCode.PROVED, done.out + done.err
    jsonschema.validate(done.results, SCHEMA)
    assert all(len(line) <= 80 for line in done.out.splitlines() if str(tmp_path) not in line)
    asked = {name.partition("/")[0] for name in done.results["measurements"]["operations"]}
    assert asked == {"send", "inbox", "contacts", "inbound", "broadcast", "limits"}
    messages = done.results["measurements"]["messages"]
    assert 0 < messages["accepted"] == messages["at_meta"]
    assert 0 < messages["written_by_customers"] == messages["events_at_receiver"]
    (folder,) = tmp_path.glob("load-*")
    assert {path.name for path in folder.iterdir()} == {
        "results.json", "report.html", "locust_stats.csv", "locust_failures.csv", "locust_exceptions.csv",
    }  # fmt: skip
    assert not any("wacrm_live_" in path.read_text(encoding="utf-8") for path in folder.iterdir())


def test_a_fault_that_only_load_shows_is_named(tmp_path: Path) -> None:
    fault = "limiter-counts-a-moment-later"
    done = driving.run(tmp_path, "-u", "2", "-r", "2", "-t", "4s", "--scenario", "limits", "--fault", fault)
    assert done.code == ExitCode.FINDINGS
    assert "limiter" in done.kinds
    assert "── limiter:" in done.out


def test_an_interrupt_ends_users_and_then_comes_the_verdict(tmp_path: Path, patient: str) -> None:
    process = driving.start(tmp_path, *BRIEF, "-t", "60s", "--slo", patient)
    driving.wait_for_load(process)
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    done = driving.finish(process, tmp_path)
    assert done.code == ExitCode.INTERRUPTED, done.out + done.err
    assert done.results["interrupted"] is True
    assert done.results["measurements"]["messages"]["accepted"] > 0


def test_the_second_of_the_targets_death_is_told(tmp_path: Path) -> None:
    process = driving.start(tmp_path, *BRIEF, "-t", "60s")
    driving.wait_for_load(process)
    time.sleep(2.0)
    (target,) = [one for one in psutil.Process(process.pid).children() if "reference.wacrm" in one.cmdline()]
    target.kill()
    done = driving.finish(process, tmp_path)
    assert done.code == ExitCode.FINDINGS
    assert "target died" in done.kinds
    assert any("the target died in second" in note for note in done.results["notes"])


def test_without_mock_meta_there_is_no_reconciliation(tmp_path: Path, patient: str) -> None:
    process = driving.start(tmp_path, *BRIEF, "-t", "6s", "--scenario", "contacts", "--slo", patient)
    driving.wait_for_load(process)
    (mock,) = [one for one in psutil.Process(process.pid).children() if "mock_meta" in one.cmdline()]
    mock.kill()
    done = driving.finish(process, tmp_path)
    assert done.code == ExitCode.UNPROVED, done.out + done.err
    assert any(note.startswith("no reconciliation: ") for note in done.results["notes"])
    assert done.slo("reconciliation.lost")["verdict"] == "no-verdict"
    assert done.slo("operations.errors")["verdict"] == "pass"


def test_no_run_asks_for_more_than_its_ceiling(tmp_path: Path, patient: str) -> None:
    done = driving.run(tmp_path, *BRIEF, "-t", "60s", "--max-requests", "60", "--slo", patient)
    assert done.results["requests"] == 60
    assert any("the ceiling of 60 requests" in note for note in done.results["notes"])


FEW_KEYS = """
[target]
base_url = "http://127.0.0.1:9"
[keys]
full = ["wacrm_live_1111111111111111111111111111111111111111111"]
[meta]
control = "http://127.0.0.1:9/_control"
phone_number_id = "1"
waba_id = "2"
app_secret = "a"
verify_token = "b"
"""


def test_too_few_keys_are_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "harness.toml"
    file.write_text(FEW_KEYS, encoding="utf-8")
    done = driving.run(tmp_path, "--scenario", "send", "-u", "20", "--target", str(file))
    assert done.code == ExitCode.SETUP
    assert done.err.startswith("20 requests/s need 24 keys of 120 requests in 60 s; keys.full has 1,")
    assert "wacrm_live_" not in done.out + done.err


def test_other_machines_are_no_targets_unless_they_are_named(tmp_path: Path) -> None:
    file = tmp_path / "harness.toml"
    file.write_text(FEW_KEYS.replace('127.0.0.1:9"\n[keys]', 'crm.example.com"\n[keys]'), encoding="utf-8")
    done = driving.run(tmp_path, "--target", str(file))
    assert done.code == ExitCode.SETUP
    assert "--allow-host crm.example.com" in done.err
