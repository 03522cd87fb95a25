from __future__ import annotations

from typing import Any

import pytest

from loadtests.measurement import histogram
from loadtests.reporting import console
from loadtests.verdict.results import Finding, LoadResults, SloResult, exit_code
from reports.results import ExitCode, Verdict


def slo(verdict: Verdict) -> SloResult:
    return SloResult(
        "operations.send/sendMessage.p95",
        verdict,
        1.0,
        most=True,
        actual=2.0,
        reason="at most 1 required, 2 measured " * 4,
    )


@pytest.mark.parametrize(
    ("verdicts", "interrupted", "code"),
    [
        ([Verdict.PASS, Verdict.SKIP], False, ExitCode.PROVED),
        ([Verdict.PASS, Verdict.FAIL], True, ExitCode.FINDINGS),
        ([Verdict.PASS], True, ExitCode.INTERRUPTED),
        ([Verdict.PASS, Verdict.NO_VERDICT], False, ExitCode.UNPROVED),
        ([Verdict.SKIP], False, ExitCode.UNPROVED),
        ([], False, ExitCode.UNPROVED),
    ],
)
def test_exit_codes_are_the_gates(verdicts: list[Verdict], code: ExitCode, *, interrupted: bool) -> None:
    assert exit_code([slo(verdict) for verdict in verdicts], interrupted=interrupted, tasks=1) is code


def test_records_that_agree_because_no_task_began_prove_nothing() -> None:
    assert exit_code([slo(Verdict.PASS)], interrupted=False, tasks=0) is ExitCode.UNPROVED


def results() -> LoadResults:
    row = {
        "asked": 123_456,
        "errors": 3,
        "limited": 0,
        "latency": histogram.shown({500: 3}),
        "service": histogram.shown({}),
    }
    step = {"rate": 100, "broken": ["operations.p50: at most 0.25 required, 1.167 measured"] * 3, "held": False}
    measured: dict[str, Any] = {
        "operations": {"a-scenario-with-a-long-name/listConversationMessages": row},
        "delays": {"inbound to receiver": histogram.shown({600: 1})},
        "schedule_lag": histogram.shown({10: 5}), "audit": {"conversations": 1, "customers": 2, "broadcasts": 3, "messages": 4},
        "messages": dict.fromkeys(("asked", "accepted", "at_meta", "written_by_customers", "events_at_receiver"), 10**6),
        "errors": [{"operation": "POST /messages", "error": "502 \x1b[2J meta_error " * 8, "count": 3}],
        "capacity": {"highest": 50, "steps": [step]},
        "baseline": {"method": "Mann-Whitney U, with words " * 5, "compared": 3,
                     "differences": [{"told": "send/sendMessage p50: " * 6}]},
    }  # fmt: skip
    finding = Finding(
        "lost", "at Meta", 12, "accepted by the API, and Meta was never asked", {"send": 12}, ["wamid." + "x" * 90]
    )
    return LoadResults(
        run="abcdef", target={}, started="2026-01-01T00:00:00+00:00", seconds=60.0, seed=7, scenario="day", shape="constant",
        requests=10**6, waited=0.0, exit_code=1, interrupted=False, slos=[slo(Verdict.FAIL)], findings=[finding],
        measurements=measured, notes=["a note of many words " * 8],
    )  # fmt: skip


def test_the_closing_page_has_eighty_columns() -> None:
    page = console.render(results(), "reports/out/load-20260101T000000-abcdef", colour=False)
    assert "\x1b" not in page
    wide = [line for line in page.splitlines() if len(line) > 80 and "wamid" not in line]
    assert wide == []
    for word in ("sendMessage.p95", "── lost: 12", "capacity   50 tasks", "baseline", "SLOs were broken."):
        assert word in page


def test_the_progress_line_has_eighty_columns() -> None:
    assert len(console.progress(86_400, 12_345.6, 12.3456, 10**6, 10**7, 99, 100)) <= 80
    assert "p95" in console.progress(1, 0.0, None, 0, 0, 0, 1)
