"""SLOs (service-level objectives): what `slo.toml` says, and whether a run kept it. Nothing here knows Locust."""

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
SECTIONS = ("operations", "delays", "reconciliation", "figures")
FORMER = {"books": "reconciliation", "visits per second": "tasks per second"}
"""Names of earlier versions, which files may still use."""


class SloError(ValueError):
    """`slo.toml` cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Slo:
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
    """All that SLOs are about. Latencies in seconds; `findings` counts by kind."""

    operations: Mapping[Name, Tally]
    delays: Mapping[str, Histogram] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    scenarios: frozenset[str] = frozenset()
    joined: bool = True
    """Whether the records were joined: that nothing was found without shows nothing."""
    unasked: Verdict = Verdict.FAIL
    """What is said of an operation that was never requested: nothing shows that its SLO would have been kept.

    Skipped where tags left tasks out; no verdict where the run ended before every task had its turn.
    """


@dataclass(frozen=True)
class SloOutcome:
    """An SLO with what was measured. `actual` is None where nothing was."""

    slo: Slo
    verdict: Verdict
    actual: float | None
    reason: str = ""
    """Why it is not kept; empty otherwise."""


def load(path: Path) -> list[Slo]:
    """The SLOs of a file. Raises SloError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SloError(f"{path}: {error}") from None
    try:
        return parsed(raw)
    except SloError as error:
        raise SloError(f"{path}: {error}") from None


def parsed(raw: Mapping[str, Any]) -> list[Slo]:
    """The SLOs of a file's tables. Raises SloError."""
    tables = {FORMER.get(section, section): table for section, table in raw.items()}
    if len(tables) < len(raw):
        raise SloError("[books] is the earlier name of [reconciliation]: use one of them")
    unknown = set(tables) - set(SECTIONS)
    if unknown:
        raise SloError(f"unknown section {min(unknown)!r}; there are {', '.join(SECTIONS)}")
    operations, delays, reconciliation, figures = (tables.get(section, {}) for section in SECTIONS)
    return [
        *(slo for place, bounds in operations.items() for slo in _of_operation(place, bounds)),
        *(slo for name, bounds in delays.items() for slo in _bounds("delays", EVERY, name, bounds, tuple(QUANTILES))),
        *(Slo("reconciliation", EVERY, EVERY, name, _number(name, bound)) for name, bound in reconciliation.items()),
        *(_of_figure(name, bound) for name, bound in figures.items()),
    ]


def _of_operation(place: str, bounds: Any) -> Iterator[Slo]:  # noqa: ANN401 - TOML
    scenario, _, operation = place.partition("/")
    return _bounds("operations", scenario, operation or EVERY, bounds, (*QUANTILES, *SHARES))


def _of_figure(name: str, bound: Any) -> Slo:  # noqa: ANN401 - TOML
    side, _, figure = name.partition("_")
    if side not in {"least", "most"}:
        raise SloError(f"figures.{name}: begins with neither most_ nor least_")
    return Slo("figures", EVERY, EVERY, FORMER.get(figure, figure), _number(name, bound), most=side == "most")


def _bounds(section: str, scenario: str, operation: str, bounds: Any, known: tuple[str, ...]) -> Iterator[Slo]:  # noqa: ANN401 - TOML
    if not isinstance(bounds, dict):
        raise SloError(f"{section}.{scenario}/{operation}: not a table")
    for figure, bound in bounds.items():
        if figure not in known:
            raise SloError(f"{section}.{scenario}/{operation}: unknown figure {figure!r}; there are {', '.join(known)}")
        yield Slo(section, scenario, operation, figure, _number(figure, bound), most=figure != "throughput")


def _number(name: str, bound: Any) -> float:  # noqa: ANN401 - TOML
    if isinstance(bound, bool) or not isinstance(bound, int | float) or bound < 0:
        raise SloError(f"{name}: {bound!r} is not a number from 0 on")
    return float(bound)


def check(slos: Iterable[Slo], measured: Measured) -> list[SloOutcome]:
    """Each SLO against what was measured; those about scenarios that were not selected are skipped."""
    return [_check(slo, measured) for slo in slos]


def _check(slo: Slo, measured: Measured) -> SloOutcome:
    if slo.section == "operations":
        return _operation(slo, measured)
    if slo.section == "delays":
        found = measured.delays.get(slo.operation)
        return _compared(slo, histogram.quantile(found, QUANTILES[slo.figure]) if found else None, Verdict.SKIP)
    if slo.section == "reconciliation":
        count = measured.findings.get(slo.figure, 0)
        if not count and not measured.joined:
            return SloOutcome(slo, Verdict.NO_VERDICT, None, "no reconciliation: mock Meta had ended")
        return _compared(slo, float(count), Verdict.FAIL)
    return _compared(slo, measured.figures.get(slo.figure), Verdict.SKIP)


def _operation(slo: Slo, measured: Measured) -> SloOutcome:
    if slo.scenario not in {EVERY, *measured.scenarios}:
        return SloOutcome(slo, Verdict.SKIP, None, f"{slo.scenario} was not run")
    matching = {
        name: tally for name, tally in measured.operations.items()
        if slo.scenario in (EVERY, name[0]) and slo.operation in (EVERY, name[1])
    }  # fmt: skip
    total = combined(matching)
    if not total.asked:
        return SloOutcome(slo, measured.unasked, None, "never requested")
    return _compared(slo, _figure(slo.figure, total), Verdict.FAIL)


def _figure(figure: str, tally: Tally) -> float | None:
    if figure == "errors":
        return tally.errors / tally.asked
    if figure == "throughput":
        return tally.answered / tally.asked
    return histogram.quantile(tally.latency, QUANTILES[figure])


def _compared(slo: Slo, actual: float | None, unmeasured: Verdict) -> SloOutcome:
    if actual is None:
        return SloOutcome(slo, unmeasured, None, "not measured")
    kept = actual <= slo.bound if slo.most else actual >= slo.bound
    sign = "at most" if slo.most else "at least"
    reason = "" if kept else f"{sign} {slo.bound:g} required, {actual:.4g} measured"
    return SloOutcome(slo, Verdict.PASS if kept else Verdict.FAIL, actual, reason)
