from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from loadtests.accounting.reconciliation import Discrepancy, DiscrepancyCount
from loadtests.accounting.records import Records
from loadtests.measurement import histogram
from loadtests.measurement.observations import Observations
from loadtests.measurement.telemetry import Telemetry
from loadtests.schedule.capacity import Search, Step
from loadtests.verdict import evaluation
from loadtests.verdict.findings import KINDS, findings
from loadtests.verdict.slo import Measured, Slo
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.accounting.run import Run

SEND = ("send", "sendMessage")
P95 = Slo("operations", "send", "sendMessage", "p95", 1.0)
LOST = DiscrepancyCount(Discrepancy.LOST, "at Meta", {"send": 2}, ["an example"])


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "records.sqlite")
    yield made
    made.close()


def run(records: Records, **more: Any) -> Run:
    """As much of a run as is evaluated: ten sends, each 2 s late, in the first ten seconds and the second ten."""
    telemetry = Telemetry(0.0)
    for second in range(20):
        telemetry.request(SEND, second, latency=2.0 if second < 10 else 0.1, service=0.1, failed=False, limited=False)
    given = {
        "telemetry": telemetry, "records": records, "search": None, "scenarios": frozenset({"send"}), "whole": True,
        "observations": Observations(), "lost_workers": 0, "requests": 20, "memory": [], "elapsed": 20.0, "tasks": 20,
        "first_round": 20, "joined": True, "died": None,
    }  # fmt: skip
    return cast("Run", SimpleNamespace(**given | more))


def verdicts(it: Run, *discrepancies: DiscrepancyCount) -> dict[str, Verdict]:
    outcomes = evaluation.evaluate(it, [P95], evaluation.measured(it, discrepancies))
    return {one.slo.name: one.verdict for one in outcomes}


def test_a_late_answer_breaks_its_slo(records: Records) -> None:
    assert verdicts(run(records)) == {"operations.send/sendMessage.p95": Verdict.FAIL}


def test_a_generator_that_lags_gives_no_verdict_on_latency(records: Records) -> None:
    it = run(records)
    it.telemetry.lag = histogram.of([0.5] * 100)
    assert verdicts(it, LOST) == {
        "operations.send/sendMessage.p95": Verdict.NO_VERDICT,
        "reconciliation.lost": Verdict.FAIL,
    }


def test_a_search_is_evaluated_by_its_best_step(records: Records) -> None:
    search = Search(100, [Step(50, 10.0, 20.0, ()), Step(100, 0.0, 10.0, ("p95",))])
    assert verdicts(run(records, search=search)) == {"operations.send/sendMessage.p95": Verdict.PASS}


def test_a_window_of_the_run_is_evaluated_by_itself(records: Records) -> None:
    it = run(records)
    assert evaluation.broken_between(it, [P95], {}, 10.0, 20.0) == ()
    (told,) = evaluation.broken_between(it, [P95], {}, 0.0, 10.0)
    assert "at most 1 required, 2" in told
    assert "generator" in evaluation.broken_between(it, [], histogram.of([0.5]), 0.0, 10.0)[0]


def test_what_was_found_and_no_slo_names_is_bounded_by_zero(records: Records) -> None:
    it = run(records, observations=Observations({"cursor": (3, ["twice"])}))
    assert verdicts(it)["reconciliation.cursor"] is Verdict.FAIL


def test_what_a_lost_worker_asked_last_is_blamed_on_nobody(records: Records) -> None:
    unaccounted = DiscrepancyCount(Discrepancy.UNACCOUNTED, "at Meta", {"nobody": 1}, [])
    assert verdicts(run(records), unaccounted)["reconciliation.unaccounted"] is Verdict.FAIL
    lost = run(records, lost_workers=1)
    assert "reconciliation.unaccounted" not in verdicts(lost, unaccounted)


def test_memory_is_measured_after_warming_up(records: Records) -> None:
    """100 bytes a request, after a start of five million."""
    memory = [(requests, 5_000_000 + 100 * requests) for requests in (250, 500, 1000)]
    it = run(records, requests=1000, memory=[(0, 0), *memory])
    assert evaluation.measured(it, []).figures["memory per request"] == pytest.approx(100)
    assert "memory per request" not in evaluation.measured(run(records, memory=memory), []).figures


def test_findings_say_what_they_mean(records: Records) -> None:
    it = run(records, observations=Observations({kind: (1, []) for kind in KINDS}))
    events = DiscrepancyCount(Discrepancy.LOST, "at the receiver", {"inbound": 1}, [])
    found = findings(it, [LOST, events, DiscrepancyCount(Discrepancy.ALTERED, "at Meta", {}, [])])
    assert {one.kind for one in found} == {"lost", "events lost", *KINDS}
    assert all(one.meaning for one in found)


def test_without_mock_meta_only_a_dead_target_is_to_blame(records: Records) -> None:
    lost = Slo("reconciliation", "*", "*", "lost", 0)
    it = run(records, joined=False)
    outcomes = evaluation.evaluate(it, [P95, lost], evaluation.measured(it, []))
    assert {one.verdict for one in outcomes} == {Verdict.NO_VERDICT}
    it = run(records, joined=False, died=6.0, observations=Observations({"target died": (1, [])}))
    outcomes = evaluation.evaluate(it, [lost], evaluation.measured(it, []))
    assert {one.slo.figure: one.verdict for one in outcomes} == {
        "lost": Verdict.NO_VERDICT, "target died": Verdict.FAIL,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "verdict"),
    [({}, Verdict.FAIL), ({"whole": False}, Verdict.SKIP), ({"tasks": 19}, Verdict.NO_VERDICT)],
)
def test_what_was_never_requested(records: Records, more: dict[str, Any], verdict: Verdict) -> None:
    it = run(records, **more)
    it.telemetry = Telemetry(0.0)
    assert verdicts(it) == {P95.name: verdict}


def test_measured_knows_what_was_run(records: Records) -> None:
    assert isinstance(evaluation.measured(run(records), []), Measured)
    assert evaluation.measured(run(records), []).figures["tasks per second"] == 1.0
