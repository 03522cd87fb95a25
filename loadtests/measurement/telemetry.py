"""What was measured: by scenario and operation, by slice of time; kept by each worker, added up by the master."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loadtests.measurement import histogram

if TYPE_CHECKING:
    from loadtests.measurement.histogram import Histogram

Name = tuple[str, str]
"""Scenario and operation."""
Slice = tuple[str, str, int]
"""Scenario, operation, number of the slice of time."""


@dataclass
class Tally:
    """Requests of one operation. `latency` counts from the intended start, `service` from the moment the request left."""

    answered: int = 0
    errors: int = 0
    limited: int = 0
    latency: Histogram = field(default_factory=dict)
    service: Histogram = field(default_factory=dict)

    @property
    def asked(self) -> int:
        return self.answered + self.errors

    def add(self, more: Tally) -> None:
        self.answered += more.answered
        self.errors += more.errors
        self.limited += more.limited
        histogram.merge(self.latency, more.latency)
        histogram.merge(self.service, more.service)


@dataclass
class Telemetry:
    """`step` is the length of a slice in seconds, counted from `zero` (unix time).

    `lag` is how late tasks began, `delays` are durations by name, `counters` whatever is counted by name.
    """

    zero: float
    step: float = 1.0
    slices: dict[Slice, Tally] = field(default_factory=dict)
    lag: Histogram = field(default_factory=dict)
    delays: dict[str, Histogram] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)

    def request(  # what a request is measured by
        self, name: Name, at: float, *, latency: float, service: float, failed: bool, limited: bool
    ) -> None:
        """Note one request that ended at `at` (unix time); durations in seconds."""
        place = (*name, int((at - self.zero) / self.step))
        tally = self.slices.get(place)
        if tally is None:
            tally = self.slices[place] = Tally()
        if failed:
            tally.errors += 1
        else:
            tally.answered += 1
        tally.limited += limited
        number = histogram.bucket(latency)
        tally.latency[number] = tally.latency.get(number, 0) + 1
        number = histogram.bucket(service)
        tally.service[number] = tally.service.get(number, 0) + 1

    def began(self, lag: float) -> None:
        number = histogram.bucket(lag)
        self.lag[number] = self.lag.get(number, 0) + 1

    def delay(self, name: str, seconds: float) -> None:
        found = self.delays.setdefault(name, {})
        number = histogram.bucket(seconds)
        found[number] = found.get(number, 0) + 1

    def count(self, name: str, by: float = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + by

    def drain(self) -> dict[str, Any]:
        """All of it in the form that `absorb` takes and that Locust's messages carry; nothing is left."""
        slices = [[*place, t.answered, t.errors, t.limited, list(t.latency.items()), list(t.service.items())]
                  for place, t in self.slices.items()]  # fmt: skip
        delays = [[name, list(found.items())] for name, found in self.delays.items()]
        drained = {"slices": slices, "lag": list(self.lag.items()), "delays": delays, "counters": self.counters}
        self.slices, self.lag, self.delays, self.counters = {}, {}, {}, {}
        return drained

    def absorb(self, drained: dict[str, Any]) -> None:
        for scenario, operation, number, answered, errors, limited, latency, service in drained["slices"]:
            more = Tally(answered, errors, limited, dict(latency), dict(service))
            self.slices.setdefault((scenario, operation, number), Tally()).add(more)
        histogram.merge(self.lag, dict(drained["lag"]))
        for name, found in drained["delays"]:
            histogram.merge(self.delays.setdefault(name, {}), dict(found))
        for name, by in drained["counters"].items():
            self.count(name, by)

    def totals(self, since: float = 0.0, until: float = float("inf")) -> dict[Name, Tally]:
        """By scenario and operation, of the slices that lie within these seconds from `zero`."""
        found: dict[Name, Tally] = {}
        for (scenario, operation, number), tally in self.slices.items():
            if since <= number * self.step < until:
                found.setdefault((scenario, operation), Tally()).add(tally)
        return found

    def timeline(self) -> list[dict[str, Any]]:
        """The data of plots: a row per operation and slice, in order of time."""
        rows = []
        for (scenario, operation, number), tally in sorted(self.slices.items(), key=lambda item: (item[0][2], item[0])):
            quantiles = {
                name: histogram.quantile(tally.latency, q) for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            }
            rows.append({
                "at": number * self.step, "scenario": scenario, "operation": operation, "answered": tally.answered,
                "errors": tally.errors, "limited": tally.limited,
                **{name: None if value is None else round(value, 5) for name, value in quantiles.items()},
            })  # fmt: skip
        return rows


def combined(tallies: dict[Name, Tally]) -> Tally:
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    return total
