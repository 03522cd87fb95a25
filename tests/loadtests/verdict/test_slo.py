from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.cluster import options
from loadtests.measurement import histogram
from loadtests.measurement.telemetry import Tally
from loadtests.verdict import slo
from loadtests.verdict.slo import Measured, Slo, SloError, SloOutcome, check
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


def checked(text: str, what: Measured, tmp_path: Path) -> list[SloOutcome]:
    path = tmp_path / "slo.toml"
    path.write_text(text, encoding="utf-8")
    return check(slo.load(path), what)


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ("p50 = 0.21", Verdict.PASS), ("p50 = 0.19", Verdict.FAIL), ("p99 = 0.41", Verdict.PASS), ("p99 = 0.39", Verdict.FAIL),
        ("errors = 0.25", Verdict.PASS), ("errors = 0.2", Verdict.FAIL),
        ("throughput = 0.75", Verdict.PASS), ("throughput = 0.8", Verdict.FAIL),
    ],
)  # fmt: skip
def test_a_bound_is_kept_or_broken(bound: str, verdict: Verdict, tmp_path: Path) -> None:
    (one,) = checked(f'[operations."send/sendMessage"]\n{bound}', measured(), tmp_path)
    assert one.verdict is verdict
    assert bool(one.reason) is (verdict is Verdict.FAIL)


def test_an_operation_that_was_never_requested_breaks_its_slo(tmp_path: Path) -> None:
    text = '[operations."inbox/listConversations"]\np95 = 1'
    (one,) = checked(text, measured(), tmp_path)
    assert (one.verdict, one.reason) == (Verdict.FAIL, "never requested")
    (one,) = checked(text, measured(unasked=Verdict.SKIP), tmp_path)
    assert one.verdict is Verdict.SKIP


def test_a_scenario_that_was_not_selected_is_skipped(tmp_path: Path) -> None:
    (one,) = checked('[operations."contacts/createContact"]\np95 = 1', measured(), tmp_path)
    assert one.verdict is Verdict.SKIP


def test_a_star_is_about_all_of_them_together(tmp_path: Path) -> None:
    operations = {SEND: tally(0.1, 0.1, 0.1), ("inbox", "listConversations"): tally(5.0)}
    (one,) = checked('[operations."*"]\np50 = 0.2', measured(operations=operations), tmp_path)
    assert one.verdict is Verdict.PASS
    (one,) = checked('[operations."inbox/*"]\np50 = 0.2', measured(operations=operations), tmp_path)
    assert one.verdict is Verdict.FAIL


def test_reconciliation_is_bounded_by_the_kind_of_finding(tmp_path: Path) -> None:
    lost, twice = checked("[reconciliation]\nlost = 0\nduplicated = 0", measured(findings={"lost": 1}), tmp_path)
    assert (lost.verdict, twice.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert lost.slo.name == "reconciliation.lost"


def test_names_of_earlier_versions_are_taken(tmp_path: Path) -> None:
    former = '[books]\nlost = 0\n[figures]\n"least_visits per second" = 1'
    lost, rate = checked(former, measured(figures={"tasks per second": 2.0}), tmp_path)
    assert (lost.slo.name, rate.slo.name) == ("reconciliation.lost", "figures.tasks per second")
    assert {lost.verdict, rate.verdict} == {Verdict.PASS}


def test_figures_have_a_side(tmp_path: Path) -> None:
    text = '[figures]\n"least_fan-out per second" = 20\n"most_memory per request" = 10'
    least, most = checked(text, measured(figures={"fan-out per second": 19.0, "memory per request": 9.0}), tmp_path)
    assert (least.verdict, most.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert {one.verdict for one in checked(text, measured(), tmp_path)} == {Verdict.SKIP}


def test_delays_are_bounded_by_name(tmp_path: Path) -> None:
    (one,) = checked(
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
        ("[books]\nlost = 0\n[reconciliation]\nlost = 1", "use one of them"),
        ("[figures]\nspeed = 1", "begins with neither"),
        ("[reconciliation", "slo.toml"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SloError, match=told):
        checked(text, measured(), tmp_path)


def test_the_default_file_can_be_read() -> None:
    slos = slo.load(options.DEFAULT_SLOS)
    assert Slo("reconciliation", "*", "*", "lost", 0.0) in slos
    assert len({slo.name for slo in slos}) == len(slos)
