from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.cluster import options
from loadtests.measurement import histogram
from loadtests.measurement.telemetry import Tally
from loadtests.verdict import slo
from loadtests.verdict.slo import Judged, Measured, Promise, SloError
from reports.results import Verdict

if TYPE_CHECKING:
    from pathlib import Path

SEND = ("send", "sendMessage")


def tally(*latencies: float, errors: int = 0) -> Tally:
    found = histogram.of(list(latencies))
    return Tally(answered=len(latencies) - errors, errors=errors, latency=found, service=found)


def measured(**more: object) -> Measured:
    given = {
        "operations": {SEND: tally(0.1, 0.2, 0.3, 0.4, errors=1)},
        "scenarios": frozenset({"send", "inbox"}),
    } | more
    return Measured(**given)  # type: ignore[arg-type]


def judge(text: str, what: Measured, tmp_path: Path) -> list[Judged]:
    path = tmp_path / "slo.toml"
    path.write_text(text, encoding="utf-8")
    return slo.judge(slo.load(path), what)


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ("p50 = 0.21", Verdict.PASS), ("p50 = 0.19", Verdict.FAIL), ("p99 = 0.41", Verdict.PASS), ("p99 = 0.39", Verdict.FAIL),
        ("errors = 0.25", Verdict.PASS), ("errors = 0.2", Verdict.FAIL),
        ("throughput = 0.75", Verdict.PASS), ("throughput = 0.8", Verdict.FAIL),
    ],
)  # fmt: skip
def test_a_bound_is_kept_or_broken(bound: str, verdict: Verdict, tmp_path: Path) -> None:
    (one,) = judge(f'[operations."send/sendMessage"]\n{bound}', measured(), tmp_path)
    assert one.verdict is verdict
    assert bool(one.reason) is (verdict is Verdict.FAIL)


def test_an_operation_that_was_never_requested_breaks_its_promise(tmp_path: Path) -> None:
    text = '[operations."inbox/listConversations"]\np95 = 1'
    (one,) = judge(text, measured(), tmp_path)
    assert (one.verdict, one.reason) == (Verdict.FAIL, "never requested")
    (one,) = judge(text, measured(unasked=Verdict.SKIP), tmp_path)
    assert one.verdict is Verdict.SKIP


def test_a_scenario_that_was_not_selected_is_skipped(tmp_path: Path) -> None:
    (one,) = judge('[operations."contacts/createContact"]\np95 = 1', measured(), tmp_path)
    assert one.verdict is Verdict.SKIP


def test_a_star_is_about_all_of_them_together(tmp_path: Path) -> None:
    operations = {SEND: tally(0.1, 0.1, 0.1), ("inbox", "listConversations"): tally(5.0)}
    (one,) = judge('[operations."*"]\np50 = 0.2', measured(operations=operations), tmp_path)
    assert one.verdict is Verdict.PASS
    (one,) = judge('[operations."inbox/*"]\np50 = 0.2', measured(operations=operations), tmp_path)
    assert one.verdict is Verdict.FAIL


def test_books_are_promised_by_the_kind_of_trouble(tmp_path: Path) -> None:
    lost, twice = judge("[books]\nlost = 0\nduplicated = 0", measured(troubles={"lost": 1}), tmp_path)
    assert (lost.verdict, twice.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert lost.promise.name == "books.lost"


def test_figures_have_a_side(tmp_path: Path) -> None:
    text = '[figures]\n"least_fan-out per second" = 20\n"most_memory per request" = 10'
    least, most = judge(text, measured(figures={"fan-out per second": 19.0, "memory per request": 9.0}), tmp_path)
    assert (least.verdict, most.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert {one.verdict for one in judge(text, measured(), tmp_path)} == {Verdict.SKIP}


def test_delays_are_promised_by_name(tmp_path: Path) -> None:
    (one,) = judge(
        '[delays]\n"webhook to visible" = { p95 = 1 }',
        measured(delays={"webhook to visible": histogram.of([2.0])}),
        tmp_path,
    )
    assert one.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[operation."*"]\np50 = 1', "unknown section 'operation'"),
        ('[operations."*"]\np42 = 1', "unknown figure 'p42'"),
        ('[operations."*"]\np50 = -1', "p50: -1 is not a number"),
        ('[operations."*"]\np50 = true', "p50: True is not a number"),
        ("[figures]\nspeed = 1", "begins with neither"),
        ("[books", "slo.toml"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SloError, match=told):
        judge(text, measured(), tmp_path)


def test_the_promises_that_come_with_it_can_be_read() -> None:
    promises = slo.load(options.PACKAGE / "slo.toml")
    assert Promise("books", "*", "*", "lost", 0.0) in promises
    assert len({promise.name for promise in promises}) == len(promises)
