from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from reports import console, junit
from reports.results import (
    CheckResult,
    ClauseResult,
    ExchangeRecord,
    ExitCode,
    Finding,
    Results,
    Verdict,
    exit_code,
    fold,
    write_json,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "reports" / "results.schema.json").read_text())


def clause(id_: str, verdict: Verdict, reason: str = "") -> ClauseResult:
    check = CheckResult(f"test_x.py::test_{id_}", verdict, 0.1, reason)
    return ClauseResult(id_, "M", f"The sentence of {id_} " + "word " * 30, "docs: a page", verdict, [check], reason)


def results(*verdicts: Verdict) -> Results:
    clauses = [clause(f"PAGE-{n:02}", verdict, "a reason") for n, verdict in enumerate(verdicts, 1)]
    exchange = ExchangeRecord(
        'curl -sS -i "$WACRM_URL"/api/v1/me', 200, {"content-type": "x"}, '{"data": "\x00\ud800"}', 0.1
    )
    broken = [c for c in clauses if c.verdict is Verdict.FAIL]
    findings = [Finding(c.id, c.checks[0].name, "one", "two", [exchange], ["ledger: nothing"]) for c in broken]
    return Results(
        run="run",
        target={"url": "http://127.0.0.1:1/api/v1", "embedded": True, "limit": 120, "window": 60.0},
        started="2026-11-20T00:00:00+00:00",
        seconds=1.5,
        seed=7,
        requests=10,
        waited=0.0,
        exit_code=exit_code(clauses, interrupted=False),
        interrupted=False,
        clauses=clauses,
        findings=findings,
    )


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.PASS], ExitCode.PROVED),
        ([Verdict.PASS, Verdict.SKIP], ExitCode.PROVED),
        ([Verdict.PASS, Verdict.ACCEPTED], ExitCode.PROVED),
        ([Verdict.SKIP], ExitCode.UNPROVED),
        ([], ExitCode.UNPROVED),
        ([Verdict.PASS, Verdict.NO_VERDICT], ExitCode.UNPROVED),
        ([Verdict.PASS, Verdict.ERROR], ExitCode.UNPROVED),
        ([Verdict.PASS, Verdict.ERROR, Verdict.FAIL], ExitCode.FINDINGS),
    ],
)
def test_a_run_that_proved_nothing_is_not_green(verdicts: list[Verdict], code: ExitCode) -> None:
    clauses = [clause(f"PAGE-{n:02}", verdict) for n, verdict in enumerate(verdicts)]
    assert exit_code(clauses, interrupted=False) is code


def test_an_interrupted_run_is_not_green() -> None:
    assert exit_code([clause("PAGE-01", Verdict.PASS)], interrupted=True) is ExitCode.INTERRUPTED


def test_a_clause_has_its_worst_checks_verdict() -> None:
    assert fold([Verdict.PASS, Verdict.SKIP]) is Verdict.PASS
    assert fold([Verdict.PASS, Verdict.NO_VERDICT]) is Verdict.NO_VERDICT
    assert fold([Verdict.NO_VERDICT, Verdict.ERROR, Verdict.FAIL]) is Verdict.FAIL
    assert fold([]) is Verdict.SKIP


def test_the_json_keeps_its_schema(tmp_path: Path) -> None:
    write_json(results(*Verdict), tmp_path / "results.json")
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "results.json").read_text()))


def test_junit_has_a_case_per_clause(tmp_path: Path) -> None:
    junit.write(results(*Verdict), tmp_path / "junit.xml")
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]  # noqa: S314 - our own file
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "1", "errors": "2", "skipped": "1",
    }  # fmt: skip
    assert "$ curl" in (suite[1][0].text or "")


def test_the_console_fits_eighty_columns() -> None:
    text = console.render(results(*Verdict), "reports/out/run", colour=False, width=80)
    assert "The contract is broken." in text
    assert "curl -sS -i" in text
    assert all(len(line) <= 80 for line in text.splitlines() if "curl" not in line), text


def test_the_console_counts_what_was_not_checked() -> None:
    text = console.render(results(Verdict.PASS, Verdict.SKIP, Verdict.SKIP), "out", colour=False, width=80)
    assert "1 pass · 0 fail · 2 skip" in text
    assert "2 not checked" in text
    assert "PAGE-02, PAGE-03: a reason" in text


def test_a_run_of_no_check_says_so() -> None:
    text = console.render(results(), "out", colour=False, width=80)
    assert "all checked" not in text
    assert "Nothing was checked" in text


def test_the_console_tells_what_was_measured() -> None:
    measurements = {
        "RATE-11": {"timeline_edge": [[0.1, 1]], "finding": "token bucket", "answers": 928},
        "BCAST-12": {"recipients": 1000, "time_to_202_seconds": 0.045, "sends_per_second": 221.0},
        "RATE-03": {"refusals_judged": 447},
    }
    run = replace(results(Verdict.PASS), measurements=measurements)
    text = console.render(run, "out", colour=False, width=80)
    assert "RATE-11: token bucket\n" in text
    assert "BCAST-12: time to 202 0.045 s, sends 221 per second\n" in text
    assert "RATE-03" not in text


def partly_skipped() -> Results:
    """A clause that passes although two of its three checks were skipped, and one that is skipped."""
    given = results(Verdict.PASS, Verdict.SKIP)
    passed = given.clauses[0]
    skipped = [CheckResult(f"test_x.py::test_{n}", Verdict.SKIP, 0.0, "needs a setting") for n in range(2)]
    return replace(given, clauses=[replace(passed, checks=[*passed.checks, *skipped]), given.clauses[1]])


def test_skipped_checks_of_clauses_that_pass_are_told(tmp_path: Path) -> None:
    shown = console.render(partly_skipped(), "out", colour=False, width=100)
    assert "2 checks of PAGE-01: needs a setting" in shown
    assert "1 not checked, 2 checks skipped" in shown
    data = partly_skipped().as_json()
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert data["summary"]["checks_skipped"] == 2
    junit.write(partly_skipped(), tmp_path / "junit.xml")
    case = ET.parse(tmp_path / "junit.xml").getroot().find(".//testcase[@name='PAGE-01']")  # noqa: S314 - our own
    assert case is not None
    assert case.findtext("system-out") == "checks skipped: 2 (needs a setting)"
    assert case.find("skipped") is None
