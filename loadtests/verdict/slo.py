"""Promises: what `slo.toml` says, and whether a run kept it. Nothing here knows Locust."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loadtests.measurement import histogram
from loadtests.measurement.telemetry import Tally, combined
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from loadtests.measurement.histogram import Histogram
    from loadtests.measurement.telemetry import Name

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p999": 0.999}
SHARES = ("errors", "throughput")
EVERY = "*"


class SloError(ValueError):
    """`slo.toml` cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Promise:
    """A bound on one figure. `scenario` and `operation` may be `*`; `most` is an upper bound, otherwise a lower one."""

    section: str
    scenario: str
    operation: str
    figure: str
    bound: float
    most: bool = True

    @property
    def name(self) -> str:
        place = "/".join(part for part in (self.scenario, self.operation) if part != EVERY)
        return f"{self.section}.{place}.{self.figure}" if place else f"{self.section}.{self.figure}"


@dataclass(frozen=True)
class Measured:
    """All that promises are about. Latencies in seconds; `troubles` counts by kind, `asked` are messages."""

    operations: Mapping[Name, Tally]
    delays: Mapping[str, Histogram] = field(default_factory=dict)
    troubles: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    scenarios: frozenset[str] = frozenset()
    closed: bool = True
    """Whether the books are closed: that nothing was found in open ones shows nothing."""
    unasked: Verdict = Verdict.FAIL
    """What is said of an operation that was never requested: nothing shows that its promise would have been kept.

    Skipped where tags left errands out; no verdict where the run ended before every errand had its turn.
    """


@dataclass(frozen=True)
class Judged:
    """A promise with what was measured. `actual` is None where nothing was."""

    promise: Promise
    verdict: Verdict
    actual: float | None
    reason: str = ""
    """Why it is not kept; empty otherwise."""


def load(path: Path) -> list[Promise]:
    """The promises of a file. Raises SloError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SloError(f"{path}: {error}") from None
    try:
        return list(_promises(raw))
    except SloError as error:
        raise SloError(f"{path}: {error}") from None


def _promises(raw: Mapping[str, Any]) -> Iterator[Promise]:
    unknown = set(raw) - {"operations", "delays", "books", "figures"}
    if unknown:
        raise SloError(f"unknown section {min(unknown)!r}; there are operations, delays, books, figures")
    for place, bounds in raw.get("operations", {}).items():
        scenario, _, operation = place.partition("/")
        yield from _bounds("operations", scenario, operation or EVERY, bounds, (*QUANTILES, *SHARES))
    for name, bounds in raw.get("delays", {}).items():
        yield from _bounds("delays", EVERY, name, bounds, tuple(QUANTILES))
    for name, bound in raw.get("books", {}).items():
        yield Promise("books", EVERY, EVERY, name, _number(name, bound))
    for name, bound in raw.get("figures", {}).items():
        side, _, figure = name.partition("_")
        if side not in {"least", "most"}:
            raise SloError(f"figures.{name}: begins with neither most_ nor least_")
        yield Promise("figures", EVERY, EVERY, figure, _number(name, bound), most=side == "most")


def _bounds(section: str, scenario: str, operation: str, bounds: Any, known: tuple[str, ...]) -> Iterator[Promise]:  # noqa: ANN401 - TOML
    if not isinstance(bounds, dict):
        raise SloError(f"{section}.{scenario}/{operation}: not a table")
    for figure, bound in bounds.items():
        if figure not in known:
            raise SloError(f"{section}.{scenario}/{operation}: unknown figure {figure!r}; there are {', '.join(known)}")
        yield Promise(section, scenario, operation, figure, _number(figure, bound), most=figure != "throughput")


def _number(name: str, bound: Any) -> float:  # noqa: ANN401 - TOML
    if isinstance(bound, bool) or not isinstance(bound, int | float) or bound < 0:
        raise SloError(f"{name}: {bound!r} is not a number from 0 on")
    return float(bound)


def judge(promises: Iterable[Promise], measured: Measured) -> list[Judged]:
    """Every promise about what was run; those about scenarios that were not selected are skipped."""
    return [_judge(promise, measured) for promise in promises]


def _judge(promise: Promise, measured: Measured) -> Judged:
    if promise.section == "operations":
        return _operation(promise, measured)
    if promise.section == "delays":
        found = measured.delays.get(promise.operation)
        return _compared(promise, histogram.quantile(found, QUANTILES[promise.figure]) if found else None, Verdict.SKIP)
    if promise.section == "books":
        count = measured.troubles.get(promise.figure, 0)
        if not count and not measured.closed:
            return Judged(promise, Verdict.NO_VERDICT, None, "the books could not be closed")
        return _compared(promise, float(count), Verdict.FAIL)
    return _compared(promise, measured.figures.get(promise.figure), Verdict.SKIP)


def _operation(promise: Promise, measured: Measured) -> Judged:
    if promise.scenario not in {EVERY, *measured.scenarios}:
        return Judged(promise, Verdict.SKIP, None, f"{promise.scenario} was not run")
    matching = {
        name: tally for name, tally in measured.operations.items()
        if promise.scenario in (EVERY, name[0]) and promise.operation in (EVERY, name[1])
    }  # fmt: skip
    total = combined(matching)
    if not total.asked:
        return Judged(promise, measured.unasked, None, "never requested")
    return _compared(promise, _figure(promise.figure, total), Verdict.FAIL)


def _figure(figure: str, tally: Tally) -> float | None:
    if figure == "errors":
        return tally.errors / tally.asked
    if figure == "throughput":
        return tally.answered / tally.asked
    return histogram.quantile(tally.latency, QUANTILES[figure])


def _compared(promise: Promise, actual: float | None, unmeasured: Verdict) -> Judged:
    if actual is None:
        return Judged(promise, unmeasured, None, "not measured")
    kept = actual <= promise.bound if promise.most else actual >= promise.bound
    sign = "at most" if promise.most else "at least"
    reason = "" if kept else f"{sign} {promise.bound:g} promised, {actual:.4g} measured"
    return Judged(promise, Verdict.PASS if kept else Verdict.FAIL, actual, reason)
