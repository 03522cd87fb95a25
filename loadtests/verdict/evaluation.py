"""From what was measured to verdicts: what is excused, what is promised without a word, what a lagging generator cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.accounting import measures
from loadtests.accounting.reconciliation import Account, Trouble
from loadtests.measurement import histogram
from loadtests.verdict import slo
from loadtests.verdict.slo import Judged, Measured, Promise
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.cluster.master import Run
    from loadtests.measurement.histogram import Histogram
    from loadtests.measurement.telemetry import Name, Tally

LATE = 0.1
"""Seconds: when one visit in a hundred begins later than this, the generator did not keep up."""
FEWEST_REQUESTS = 300
"""Below which growth says nothing."""
WARM = 0.25
"""The part of the requests during which a process grows because it is new."""


def judge(run: Run, promises: Sequence[Promise], measured: Measured) -> list[Judged]:
    """Every promise, those that are implied among them."""
    judged = slo.judge([*promises, *_implied(promises, measured)], measured)
    return [_lagging(run, _without_meta(run, one)) for one in judged]


def broken_between(
    run: Run, promises: Sequence[Promise], lag: Histogram, since: float, until: float
) -> tuple[str, ...]:
    """Which promises about operations broke in these seconds, and whether the generator was to blame; for a capacity search."""
    measured = Measured(run.telemetry.totals(since, until), scenarios=run.scenarios, unasked=Verdict.SKIP)
    about = [promise for promise in promises if promise.section == "operations"]
    broken = [f"{one.promise.name}: {one.reason}" for one in slo.judge(about, measured) if one.verdict is Verdict.FAIL]
    if late(lag):
        broken.append("the generator did not keep up: not the target's limit")
    return tuple(broken)


def measured(run: Run, accounts: Sequence[Account]) -> Measured:
    fan_outs = measures.fan_outs(run.books)
    delays = {**run.telemetry.delays, **measures.delays(run.books)}
    troubles = {kind_of(account): account.count for account in accounts if not excused(run, account)}
    troubles |= {kind: count for kind, (count, _) in run.troubles.items()}
    figures = {"visits per second": histogram.count(run.telemetry.lag) / max(run.elapsed, 1e-9)}
    if (speed := measures.slowest(fan_outs)) is not None:
        figures["fan-out per second"] = speed
    if (grown := _memory_per_request(run)) is not None:
        figures["memory per request"] = grown
    return Measured(
        _operations(run),
        {n: d for n, d in delays.items() if d},
        troubles,
        figures,
        run.scenarios,
        run.closed,
        _unasked(run),
    )


def _unasked(run: Run) -> Verdict:
    if not run.whole:
        return Verdict.SKIP
    return Verdict.NO_VERDICT if run.visits < run.first_round else Verdict.FAIL


def _operations(run: Run) -> dict[Name, Tally]:
    """What latencies and errors are judged by: the whole run, or the best step of a search."""
    if run.search is None:
        return run.telemetry.totals()
    best = run.search.best
    return run.telemetry.totals(best.since, best.until) if best is not None else run.telemetry.totals()


def _memory_per_request(run: Run) -> float | None:
    """Bytes by which the embedded reference grew per request and message, after it had warmed up; None for a run too short."""
    if run.requests < FEWEST_REQUESTS or not run.memory:
        return None
    before = next((sample for sample in run.memory if sample[0] >= WARM * run.requests), run.memory[-1])
    messages = run.books.number("SELECT COUNT(*) FROM meta") + run.books.number("SELECT COUNT(*) FROM written")
    rest = 1 - before[0] / run.requests
    grown = run.memory[-1][1] - before[1]
    return max(0.0, grown / ((run.requests + messages) * rest)) if rest > 0 else None


def kind_of(account: Account) -> str:
    """What promises call it: the trouble, or for the receiver's side `events lost`."""
    return str(account.trouble) if account.where == "at Meta" else f"events {account.trouble}"


def excused(run: Run, account: Account) -> bool:
    """What a lost worker had asked last, nobody reports: that is said, and is no defect of the target."""
    return account.trouble is Trouble.UNACCOUNTED and any(member.gone for member in run.members.values())


def _implied(promises: Sequence[Promise], measured: Measured) -> list[Promise]:
    """Whatever was found and no promise names is promised not to be there."""
    named = {promise.figure for promise in promises if promise.section == "books"}
    return [
        Promise("books", "*", "*", kind, 0.0)
        for kind, count in measured.troubles.items()
        if count and kind not in named
    ]


def late(lag: Histogram) -> bool:
    """Whether the generator did not keep up, so that its latencies say more about it than about the target."""
    worst = histogram.quantile(lag, 0.99)
    return worst is not None and worst > LATE


def lagged(run: Run) -> bool:
    return late(run.telemetry.lag)


def _without_meta(run: Run, one: Judged) -> Judged:
    """A deployment whose Meta has ended fails for reasons that are not its own."""
    if run.closed or run.died is not None or one.verdict is not Verdict.FAIL:
        return one
    return Judged(one.promise, Verdict.NO_VERDICT, one.actual, f"{one.reason}; mock Meta had ended")


def _lagging(run: Run, one: Judged) -> Judged:
    """Of a generator that lags, a latency that is too high is no verdict about the target."""
    about_latency = one.promise.figure in slo.QUANTILES and one.actual is not None
    if not lagged(run) or run.search is not None or one.verdict is not Verdict.FAIL or not about_latency:
        return one
    return Judged(one.promise, Verdict.NO_VERDICT, one.actual, f"{one.reason}; the generator lagged")
