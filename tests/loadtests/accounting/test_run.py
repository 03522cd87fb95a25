from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from loadtests.accounting.records import Records
from loadtests.accounting.run import DEAD_AFTER, Run
from loadtests.measurement.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(
        name="0be5c4", seed=1, scenario="day", shape="constant", target=cast("Any", None), keys=10,
        records=Records(tmp_path / "records.sqlite"), telemetry=Telemetry(time.time() - 10.0), mark=0,
        started=datetime.now(UTC), planned=None, definitions=3,
    )  # fmt: skip
    yield made
    made.records.close()


def report(**more: Any) -> dict[str, Any]:
    """A worker's report of one task."""
    telemetry = Telemetry(0.0)
    telemetry.began(0.001)
    empty = {"asked": [], "written": [], "observations": [], "waited": 0.0, "left": 0, "under_way": 0, "requests": 1}
    return empty | {"telemetry": telemetry.drain(), "dead_since": None, "exhausted": False} | more


def test_reports_of_workers_add_up(run: Run) -> None:
    run.absorb("one", report(requests=2, observations=[["cursor", 1, ["a"]]]))
    run.absorb("one", report(requests=3, observations=[["cursor", 1, ["b"]]]))
    run.absorb("other", report(requests=4))
    assert (run.requests, run.tasks, run.first_round) == (7, 3, 6)
    assert run.observations.by_kind == {"cursor": (2, ["a", "b"])}
    assert [worker.share for worker in run.workers.values()] == [0, 1]


def test_numbers_that_repeat_are_noted_once(run: Run) -> None:
    for _ in range(2):
        run.absorb("one", report(exhausted=True))
    assert len(run.notes) == 1


def test_a_target_is_dead_when_it_takes_no_connections_for_a_while(run: Run) -> None:
    run.absorb("one", report(dead_since=time.time()))
    assert run.died is None
    run.absorb("one", report(dead_since=time.time() - DEAD_AFTER))
    assert run.died == pytest.approx(10.0 - DEAD_AFTER, abs=1.0)
    run.absorb("one", report())
    assert run.died is None
