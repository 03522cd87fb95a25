"""The load shape that `--shape` names, and what a capacity search asks of the run that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.measurement import histogram
from loadtests.schedule.capacity import Search
from loadtests.schedule.locust_shapes import CapacityShape, RateShape
from loadtests.verdict import evaluation

if TYPE_CHECKING:
    from locust import LoadTestShape

    from loadtests.cluster.master import Master
    from loadtests.measurement.histogram import Histogram
    from loadtests.verdict.slo import Slo


def choose(name: str, asked: int, duration: float, master: Master, slos: list[Slo]) -> LoadTestShape | None:
    """`constant` is Locust's own way with users and spawn rate: None."""
    if name == "constant":
        return None
    if name == "capacity":
        steps = StepEvaluation(master, slos)
        return CapacityShape(Search(asked), duration, steps.broken_between, steps.under_way)
    return RateShape(name, asked, duration)


class StepEvaluation:
    def __init__(self, master: Master, slos: list[Slo]) -> None:
        self._master, self._slos = master, slos
        self._lag_before: Histogram = {}

    def broken_between(self, since: float, until: float) -> tuple[str, ...]:
        """What broke in these seconds of the run, in words."""
        run = self._master.run
        assert run is not None
        lag = histogram.less(run.telemetry.lag, self._lag_before)
        self._lag_before = dict(run.telemetry.lag)
        return evaluation.broken_between(run, self._slos, lag, since, until)

    def under_way(self) -> int:
        """Tasks that are unfinished, in all workers."""
        run = self._master.run
        return sum(worker.under_way for worker in run.workers.values()) if run is not None else 0
