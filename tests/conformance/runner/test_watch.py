"""When a part of a run ends: which one is named, and what is left of the verdicts around it."""

from __future__ import annotations

import socket

import pytest

from conformance.runner.record import Ended, Record
from conformance.runner.watch import GRACE, Death, Part, first_death, refuses, silent
from conformance.runner.worker_shares import WorkerShares
from reports.results import Verdict
from tests.conformance.target import servers

OURS, TARGETS = (
    Death("mock Meta", "exit code -9", 100.0, ours=True),
    Death("the target", "it refuses", 100.0, ours=False),
)


@pytest.mark.parametrize(
    ("death", "before", "after"),
    [
        (OURS, Verdict.FAIL, Verdict.NO_VERDICT),
        (OURS, Verdict.ERROR, Verdict.NO_VERDICT),
        (OURS, Verdict.PASS, Verdict.PASS),
        (TARGETS, Verdict.FAIL, Verdict.NO_VERDICT),
        (TARGETS, Verdict.ERROR, Verdict.ERROR),
    ],
)
def test_what_a_death_explains_is_no_verdict(death: Death, before: Verdict, after: Verdict) -> None:
    verdict, reason = death.revised(before, "expected 201; actual 502", death.at - GRACE / 2)
    assert verdict is after
    assert "expected 201; actual 502" in reason


def test_what_failed_long_before_a_death_failed() -> None:
    assert OURS.revised(Verdict.FAIL, "why", OURS.at - GRACE - 1) == (Verdict.FAIL, "why")


def test_a_revised_check_is_told_again_without_its_finding() -> None:
    told: list[dict[str, object]] = []
    record = Record(tell=told.append)
    record.ended["x"] = Ended("x", "MSG-01", Verdict.FAIL, "why", 0.1, OURS.at, finding={"exchanges": []})
    record.revise(OURS)
    assert [(line["check"], line["verdict"], line["finding"]) for line in told] == [("x", Verdict.NO_VERDICT, None)]


def test_our_parts_are_asked_before_the_target() -> None:
    def dead() -> str:
        return "dead"

    watched = [Part("the target", dead, ours=False), Part("mock Meta", dead)]
    death = first_death(watched)
    assert death is not None
    assert death.part == "mock Meta"
    assert first_death([Part("the target", lambda: None)]) is None


def test_only_a_refused_connection_is_the_targets_death() -> None:
    with servers.raw_server(servers.fixed("500 Internal Server Error", b"")) as url:
        assert refuses(url) is None
        assert silent(url) is None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert refuses(f"http://127.0.0.1:{port}") == "it refuses connections"
    assert "does not answer" in (silent(f"http://127.0.0.1:{port}") or "")
    assert refuses("http://no-such-host.invalid") is None


def test_a_worker_that_replaces_another_takes_over_its_share() -> None:
    shares = WorkerShares()
    assert [shares.take("gw0"), shares.take("gw1")] == [(0, False), (1, False)]
    shares.give_back("gw0")
    assert shares.take("gw2") == (0, True)
