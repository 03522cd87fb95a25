from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from loadtests.accounting.reconciliation import Account, Books, Trouble
from loadtests.cluster.master import Member
from loadtests.measurement import histogram
from loadtests.measurement.telemetry import Telemetry
from loadtests.schedule.capacity import Search, Step
from loadtests.verdict import evaluation
from loadtests.verdict.findings import KINDS, findings
from loadtests.verdict.slo import Measured, Promise
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.cluster.master import Run

SEND = ("send", "sendMessage")
P95 = Promise("operations", "send", "sendMessage", "p95", 1.0)
LOST = Account(Trouble.LOST, "at Meta", {"send": 2}, ["an example"])


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path / "books.sqlite")
    yield made
    made.close()


def run(books: Books, **more: Any) -> Run:
    """As much of a run as is judged: ten sends, each 2 s late, in the first ten seconds and the second ten."""
    telemetry = Telemetry(0.0)
    for second in range(20):
        telemetry.request(SEND, second, latency=2.0 if second < 10 else 0.1, service=0.1, failed=False, limited=False)
    given = {
        "telemetry": telemetry, "books": books, "search": None, "scenarios": frozenset({"send"}), "whole": True,
        "troubles": {}, "members": {}, "requests": 20, "memory": [], "elapsed": 20.0, "visits": 20, "first_round": 20,
        "closed": True, "died": None,
    }  # fmt: skip
    return cast("Run", SimpleNamespace(**given | more))


def verdicts(it: Run, *accounts: Account) -> dict[str, Verdict]:
    judged = evaluation.judge(it, [P95], evaluation.measured(it, accounts))
    return {one.promise.name: one.verdict for one in judged}


def test_a_late_answer_breaks_its_promise(books: Books) -> None:
    assert verdicts(run(books)) == {"operations.send/sendMessage.p95": Verdict.FAIL}


def test_a_generator_that_lags_gives_no_verdict_on_latency(books: Books) -> None:
    it = run(books)
    it.telemetry.lag = histogram.of([0.5] * 100)
    assert verdicts(it, LOST) == {"operations.send/sendMessage.p95": Verdict.NO_VERDICT, "books.lost": Verdict.FAIL}


def test_a_search_is_judged_by_its_best_step(books: Books) -> None:
    search = Search(100, [Step(50, 10.0, 20.0, ()), Step(100, 0.0, 10.0, ("p95",))])
    assert verdicts(run(books, search=search)) == {"operations.send/sendMessage.p95": Verdict.PASS}


def test_a_window_of_the_run_is_judged_by_itself(books: Books) -> None:
    it = run(books)
    assert evaluation.broken_between(it, [P95], {}, 10.0, 20.0) == ()
    (told,) = evaluation.broken_between(it, [P95], {}, 0.0, 10.0)
    assert "at most 1 promised, 2" in told
    assert "generator" in evaluation.broken_between(it, [], histogram.of([0.5]), 0.0, 10.0)[0]


def test_what_no_promise_names_is_promised_not_to_be_there(books: Books) -> None:
    it = run(books, troubles={"cursor": (3, ["twice"])})
    assert verdicts(it)["books.cursor"] is Verdict.FAIL


def test_what_a_lost_worker_asked_last_is_blamed_on_nobody(books: Books) -> None:
    unaccounted = Account(Trouble.UNACCOUNTED, "at Meta", {"nobody": 1}, [])
    assert verdicts(run(books), unaccounted)["books.unaccounted"] is Verdict.FAIL
    lost = run(books, members={"w": Member(0, gone=True)})
    assert "books.unaccounted" not in verdicts(lost, unaccounted)


def test_memory_is_measured_after_warming_up(books: Books) -> None:
    """100 bytes a request, after a start of five million."""
    memory = [(requests, 5_000_000 + 100 * requests) for requests in (250, 500, 1000)]
    it = run(books, requests=1000, memory=[(0, 0), *memory])
    assert evaluation.measured(it, []).figures["memory per request"] == pytest.approx(100)
    assert "memory per request" not in evaluation.measured(run(books, memory=memory), []).figures


def test_findings_say_what_they_mean(books: Books) -> None:
    it = run(books, troubles={kind: (1, []) for kind in KINDS})
    events = Account(Trouble.LOST, "at the receiver", {"inbound": 1}, [])
    found = findings(it, [LOST, events, Account(Trouble.ALTERED, "at Meta", {}, [])])
    assert {one.kind for one in found} == {"lost", "events lost", *KINDS}
    assert all(one.meaning for one in found)


def test_without_mock_meta_only_a_dead_target_is_to_blame(books: Books) -> None:
    lost = Promise("books", "*", "*", "lost", 0)
    it = run(books, closed=False)
    judged = evaluation.judge(it, [P95, lost], evaluation.measured(it, []))
    assert {one.verdict for one in judged} == {Verdict.NO_VERDICT}
    it = run(books, closed=False, died=6.0, troubles={"target died": (1, [])})
    judged = evaluation.judge(it, [lost], evaluation.measured(it, []))
    assert {one.promise.figure: one.verdict for one in judged} == {
        "lost": Verdict.NO_VERDICT, "target died": Verdict.FAIL,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "verdict"),
    [({}, Verdict.FAIL), ({"whole": False}, Verdict.SKIP), ({"visits": 19}, Verdict.NO_VERDICT)],
)
def test_what_was_never_requested(books: Books, more: dict[str, Any], verdict: Verdict) -> None:
    it = run(books, **more)
    it.telemetry = Telemetry(0.0)
    assert verdicts(it) == {P95.name: verdict}


def test_measured_knows_what_was_run(books: Books) -> None:
    assert isinstance(evaluation.measured(run(books), []), Measured)
    assert evaluation.measured(run(books), []).figures["visits per second"] == 0.0
