"""From what was measured to verdicts: what is excused, which SLOs are implied, what a lagging generator cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.accounting import measures
from loadtests.accounting.reconciliation import Discrepancy, DiscrepancyCount
from loadtests.measurement import histogram
from loadtests.verdict.slo import QUANTILES, Measured, Slo, SloOutcome, check
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.accounting.run import Run
    from loadtests.measurement.histogram import Histogram
    from loadtests.measurement.telemetry import Name, Tally

LATE = 0.1
"""Seconds: when one task in a hundred begins later than this, the generator did not keep up."""
FEWEST_REQUESTS = 300
"""Below which growth says nothing."""
WARM = 0.25
"""The part of the requests during which a process grows because it is new."""


def evaluate(run: Run, slos: Sequence[Slo], measured: Measured) -> list[SloOutcome]:
    """Every SLO, those that are implied among them."""
    outcomes = check([*slos, *_implied(slos, measured)], measured)
    return [_lagging(run, _without_meta(run, one)) for one in outcomes]


def broken_between(run: Run, slos: Sequence[Slo], lag: Histogram, since: float, until: float) -> tuple[str, ...]:
    """Which SLOs about operations broke in these seconds, and whether the generator was to blame; for a capacity search."""
    measured = Measured(run.telemetry.totals(since, until), scenarios=run.scenarios, unasked=Verdict.SKIP)
    outcomes = check([slo for slo in slos if slo.section == "operations"], measured)
    broken = [f"{one.slo.name}: {one.reason}" for one in outcomes if one.verdict is Verdict.FAIL]
    if late(lag):
        broken.append("the generator did not keep up: not the target's limit")
    return tuple(broken)


def measured(run: Run, discrepancies: Sequence[DiscrepancyCount]) -> Measured:
    """All that SLOs are about, of a run whose records are joined."""
    delays = {**run.telemetry.delays, **measures.delays(run.records)}
    findings = {kind_of(one): one.count for one in discrepancies if not excused(run, one)}
    return Measured(
        _operations(run),
        {name: found for name, found in delays.items() if found},
        findings | run.observations.counts(),
        _figures(run),
        run.scenarios,
        run.joined,
        _unasked(run),
    )


def _figures(run: Run) -> dict[str, float]:
    figures = {"tasks per second": run.tasks / max(run.elapsed, 1e-9)}
    if (speed := measures.slowest(measures.fan_outs(run.records))) is not None:
        figures["fan-out per second"] = speed
    if (grown := _memory_per_request(run)) is not None:
        figures["memory per request"] = grown
    return figures


def _unasked(run: Run) -> Verdict:
    if not run.whole:
        return Verdict.SKIP
    return Verdict.NO_VERDICT if run.tasks < run.first_round else Verdict.FAIL


def _operations(run: Run) -> dict[Name, Tally]:
    """What latencies and errors are evaluated by: the whole run, or the best step of a search."""
    if run.search is None:
        return run.telemetry.totals()
    best = run.search.best
    return run.telemetry.totals(best.since, best.until) if best is not None else run.telemetry.totals()


def _memory_per_request(run: Run) -> float | None:
    """Bytes by which the embedded reference grew per request and message, after it had warmed up; None for a run too short."""
    if run.requests < FEWEST_REQUESTS or not run.memory:
        return None
    before = next((sample for sample in run.memory if sample[0] >= WARM * run.requests), run.memory[-1])
    messages = run.records.number("SELECT COUNT(*) FROM meta") + run.records.number("SELECT COUNT(*) FROM written")
    rest = 1 - before[0] / run.requests
    grown = run.memory[-1][1] - before[1]
    return max(0.0, grown / ((run.requests + messages) * rest)) if rest > 0 else None


def kind_of(discrepancy: DiscrepancyCount) -> str:
    """What SLOs and findings call it: the discrepancy, or for the receiver's side `events lost`."""
    return str(discrepancy.kind) if discrepancy.where == "at Meta" else f"events {discrepancy.kind}"


def excused(run: Run, discrepancy: DiscrepancyCount) -> bool:
    """What a lost worker had asked last, nobody reports: that is said, and is no defect of the target."""
    return discrepancy.kind is Discrepancy.UNACCOUNTED and run.lost_workers > 0


def _implied(slos: Sequence[Slo], measured: Measured) -> list[Slo]:
    """Whatever was found and no SLO names: its bound is 0."""
    named = {slo.figure for slo in slos if slo.section == "reconciliation"}
    return [
        Slo("reconciliation", "*", "*", kind, 0.0)
        for kind, count in measured.findings.items()
        if count and kind not in named
    ]


def late(lag: Histogram) -> bool:
    """Whether the generator did not keep up, so that its latencies say more about it than about the target."""
    worst = histogram.quantile(lag, 0.99)
    return worst is not None and worst > LATE


def lagged(run: Run) -> bool:
    return late(run.telemetry.lag)


def _without_meta(run: Run, one: SloOutcome) -> SloOutcome:
    """A deployment whose Meta has ended fails for reasons that are not its own."""
    if run.joined or run.died is not None or one.verdict is not Verdict.FAIL:
        return one
    return SloOutcome(one.slo, Verdict.NO_VERDICT, one.actual, f"{one.reason}; mock Meta had ended")


def _lagging(run: Run, one: SloOutcome) -> SloOutcome:
    """Of a generator that lags, a latency that is too high is no verdict about the target."""
    about_latency = one.slo.figure in QUANTILES and one.actual is not None
    if not lagged(run) or run.search is not None or one.verdict is not Verdict.FAIL or not about_latency:
        return one
    return SloOutcome(one.slo, Verdict.NO_VERDICT, one.actual, f"{one.reason}; the generator lagged")
