"""From a run that is over to its results: quiet, the records joined, the read side looked at, promises judged."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from conformance.provider import ProviderError
from loadtests import baseline, histogram, measures, reading, slo
from loadtests.accounting import ARRIVED, MEANING, Account, Trouble
from loadtests.audit import OUT_OF_REACH, Audit, Auditor
from loadtests.results import Finding, LoadResults, PromiseResult, exit_code, promise_result
from loadtests.slo import Judged, Measured, Promise
from reports.results import Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from loadtests.conductor import Run
    from loadtests.histogram import Histogram
    from loadtests.telemetry import Name, Tally
    from loadtests.visit import Visit

LATE = 0.1
"""Seconds: when one visit in a hundred begins later than this, the generator did not keep up."""
FEWEST_REQUESTS = 300
"""Below which growth says nothing."""
WARM = 0.25
"""The part of the requests during which a process grows because it is new."""
KINDS = {
    "harness": "a visit that broke: a defect of the load test itself",
    "schema": "an answer that is not as documented",
    "unexpected-429": "429 for a key that has budget left by our account",
    "limiter": "the limiter admits another number than its limit, or refuses who waited as told",
    "cursor": "a walk along cursors met a row twice, or went back in time",
    "contact": "another contact than the one asked for",
    "counts": "a broadcast's counts contradict themselves",
    "hidden": "answered with 201, and not in its conversation",
    "shown twice": "once at Meta, and twice in its conversation",
    "altered in the API": "another text in the conversation than was sent",
    "stale status": "the API shows less than Meta reported and the deployment acknowledged",
    "lost inbound": "acknowledged to Meta, and not in the API",
    "inbound twice": "written once, and more than once in the API",
    "altered inbound": "another text in the API than the customer wrote",
    "unread count": "unread_count is not the number of unread messages",
    "broadcast counts": "counts that are not what the ledger says",
    "broadcast unfinished": "a broadcast that never became sent",
    "target died": "nobody takes connections any more",
    OUT_OF_REACH: "the read side could not be asked",
}


def close_books(
    run: Run, given: argparse.Namespace, promises: list[Promise], visit: Callable[[], Visit]
) -> LoadResults:
    """Everything that is known of the run. `visit` makes visits for the audit."""
    run.note_memory()
    accounts, unacknowledged = _read_all(run, given)
    audit = (
        Audit()
        if run.died is not None
        else Auditor(run.books, visit, run.stage.target.target.patience).run(given.audit)
    )
    for kind, (count, examples) in audit.troubles.items():
        run.trouble(kind, count, examples)
    if run.died is not None:
        run.trouble("target died", 1, [f"in second {run.died:.1f} of the run"])
    measured = _measured(run, accounts)
    judged = _marked(run, slo.judge([*promises, *_implied(promises, measured)], measured))
    results = [promise_result(one) for one in judged]
    findings = [*_findings(accounts), *_watched(run)]
    return _results(run, given, results, findings, measurements(run, measured, audit, unacknowledged))


def _read_all(run: Run, given: argparse.Namespace) -> tuple[list[Account], int]:
    provider = run.stage.provider
    assert provider is not None
    if run.died is None and not reading.quiet(provider, given.quiet):
        run.notes.append(
            f"mock Meta was not quiet {given.quiet:.0f} s after the load: what came later is not in the books"
        )
    reading.read_sends(run.books, provider, run.mark, run.name)
    unacknowledged = reading.read_webhooks(run.books, provider, run.mark)
    accounts = run.books.sends(_overloads(run))
    if run.stage.receiver is not None and run.endpoint is not None:
        _events_settled(run)
        accounts += run.books.arrivals()
    return accounts, unacknowledged


def _overloads(run: Run) -> list[tuple[float, float]]:
    """Unix times during which a search asked for more than the target can do."""
    zero = run.telemetry.zero
    return [(zero + since, zero + until) for since, until in run.search.overloads] if run.search is not None else []


def _events_settled(run: Run) -> None:
    """Deliveries follow Meta's webhooks after a while: wait until none is missing, or for as long as patience allows."""
    assert run.stage.receiver is not None
    deadline = time.monotonic() + run.stage.target.target.patience
    while True:
        reading.read_events(run.books, run.stage.receiver, run.path)
        missing = run.books.number(f"SELECT COUNT(*) FROM ({ARRIVED[Trouble.LOST]})")  # noqa: S608 - our own text
        if not missing or time.monotonic() >= deadline:
            return
        time.sleep(0.3)


def kind_of(account: Account) -> str:
    """What promises call it: the trouble, or for the receiver's side `events lost`."""
    return str(account.trouble) if account.where == "at Meta" else f"events {account.trouble}"


def excused(run: Run, account: Account) -> bool:
    """What a lost worker had asked last, nobody reports: that is said, and is no defect of the target."""
    return account.trouble is Trouble.UNACCOUNTED and any(member.gone for member in run.members.values())


def broken_between(
    run: Run, promises: Sequence[Promise], lag: Histogram, since: float, until: float
) -> tuple[str, ...]:
    """Which promises about operations broke in these seconds, and whether the generator was to blame; for a capacity search."""
    measured = Measured(run.telemetry.totals(since, until), scenarios=run.scenarios, whole=False)
    about = [promise for promise in promises if promise.section == "operations"]
    broken = [f"{one.promise.name}: {one.reason}" for one in slo.judge(about, measured) if one.verdict is Verdict.FAIL]
    if late(lag):
        broken.append("the generator did not keep up: not the target's limit")
    return tuple(broken)


def _memory_per_request(run: Run) -> float | None:
    """Bytes by which the embedded reference grew per request and message, after it had warmed up; None for a run too short."""
    if run.requests < FEWEST_REQUESTS or not run.memory:
        return None
    before = next((sample for sample in run.memory if sample[0] >= WARM * run.requests), run.memory[-1])
    messages = run.books.number("SELECT COUNT(*) FROM meta") + run.books.number("SELECT COUNT(*) FROM written")
    rest = 1 - before[0] / run.requests
    grown = run.memory[-1][1] - before[1]
    return max(0.0, grown / ((run.requests + messages) * rest)) if rest > 0 else None


def _operations(run: Run) -> dict[Name, Tally]:
    """What latencies and errors are judged by: the whole run, or the best step of a search."""
    if run.search is None:
        return run.telemetry.totals()
    best = run.search.best
    return run.telemetry.totals(best.since, best.until) if best is not None else run.telemetry.totals()


def _measured(run: Run, accounts: Sequence[Account]) -> Measured:
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
        _operations(run), {n: d for n, d in delays.items() if d}, troubles, figures, run.scenarios, run.whole
    )


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


def _marked(run: Run, judged: list[Judged]) -> list[Judged]:
    """Of a generator that lags, a latency that is too high is no verdict about the target."""
    if not lagged(run) or run.search is not None:
        return judged
    return [
        Judged(one.promise, Verdict.NO_VERDICT, one.actual, f"{one.reason}; the generator lagged")
        if one.verdict is Verdict.FAIL and one.promise.figure in slo.QUANTILES and one.actual is not None else one
        for one in judged
    ]  # fmt: skip


def _findings(accounts: Sequence[Account]) -> list[Finding]:
    return [
        Finding(kind_of(account), account.where, account.count, _meaning(account), account.by_scenario, account.examples)
        for account in accounts if account.count
    ]  # fmt: skip


def _meaning(account: Account) -> str:
    if account.where == "at Meta":
        return MEANING[account.trouble]
    return {Trouble.LOST: "acknowledged to Meta, and no event came to the receiver",
            Trouble.DUPLICATED: "several events for one message",
            Trouble.ALTERED: "an event with other text than the customer wrote"}[account.trouble]  # fmt: skip


def _watched(run: Run) -> list[Finding]:
    return [
        Finding(kind, "in the API", count, KINDS.get(kind, ""), {}, examples)
        for kind, (count, examples) in run.troubles.items()
    ]


def measurements(run: Run, measured: Measured, audit: Audit, unacknowledged: int) -> dict[str, Any]:
    """The data of the report and of pictures; durations in seconds."""
    fan_outs = measures.fan_outs(run.books)
    operations = {
        "/".join(name): {"asked": t.asked, "errors": t.errors, "limited": t.limited, "latency": histogram.shown(t.latency),
                         "service": histogram.shown(t.service)}
        for name, t in sorted(measured.operations.items())
    }  # fmt: skip
    return {
        "operations": operations,
        "delays": {name: histogram.shown(found) for name, found in measured.delays.items()},
        "schedule_lag": histogram.shown(run.telemetry.lag) | {"lagged": lagged(run)},
        "figures": {name: round(value, 3) for name, value in measured.figures.items()},
        "messages": _messages(run),
        "audit": {"conversations": audit.conversations, "customers": audit.customers, "broadcasts": audit.broadcasts,
                  "messages": audit.messages},
        "webhooks_not_acknowledged": unacknowledged,
        "workers": [{"share": m.share, "requests": m.requests, "waited": round(m.waited, 2), "lost": m.gone}
                    for m in run.members.values()],
        "counters": dict(run.telemetry.counters),
        "fan_outs": fan_outs,
        "fan_out_curves": measures.curves(run.books, fan_outs),
        "capacity": _capacity(run),
        "baseline": _beside_baseline(run),
        "timeline": run.telemetry.timeline(),
    }  # fmt: skip


def _capacity(run: Run) -> dict[str, Any] | None:
    """The highest rate that held, in visits a second, and every step with what broke there."""
    if run.search is None:
        return None
    best = run.search.best
    return {
        "highest": best.rate if best else 0,
        "steps": [asdict(step) | {"held": step.held} for step in run.search.steps],
    }


def _beside_baseline(run: Run) -> dict[str, Any] | None:
    if run.baseline is None:
        return None
    differences = baseline.compare(run.baseline, run.telemetry.timeline())
    return {"method": baseline.METHOD, "compared": len(differences),
            "differences": [one.as_json() | {"told": str(one)} for one in differences if one.exceeds_noise]}  # fmt: skip


def _messages(run: Run) -> dict[str, int]:
    number = run.books.number
    return {
        "asked": number("SELECT COUNT(*) FROM asked"),
        "accepted": number("SELECT COUNT(*) FROM asked WHERE outcome = 'accepted'"),
        "at_meta": number("SELECT COUNT(*) FROM meta WHERE accepted"),
        "written_by_customers": number("SELECT COUNT(*) FROM written"),
        "events_at_receiver": number("SELECT COUNT(*) FROM events"),
    }


def _results(
    run: Run,
    given: argparse.Namespace,
    promises: list[PromiseResult],
    findings: list[Finding],
    measured: Mapping[str, Any],
) -> LoadResults:
    target = run.stage.target.target
    notes = list(run.notes)
    if lagged(run):
        late = histogram.quantile(run.telemetry.lag, 0.99) or 0.0
        notes.append(
            f"the generator did not keep up: one visit in a hundred began {late:.2f} s late or later; latencies are marked"
        )
    notes += [f"{count:.0f} {what}" for what, count in run.telemetry.counters.items() if count and "cut" in what]
    if gone := sum(member.gone for member in run.members.values()):
        notes.append(
            f"{gone} of {len(run.members)} workers were lost: what they had asked last is undecided (unaccounted)"
        )
    return LoadResults(
        run=run.name, started=run.started.isoformat(), seconds=round(run.elapsed, 2), seed=run.seed,
        target={"url": target.api, "embedded": target.embedded, "limit": target.limit, "window": target.window,
                "keys": len(run.stage.keys)},
        scenario=given.scenario, shape=given.shape, requests=run.requests, waited=round(run.waited, 2),
        exit_code=int(exit_code(promises, interrupted=run.interrupted)), interrupted=run.interrupted, promises=promises,
        findings=findings, measurements=dict(measured), notes=notes,
    )  # fmt: skip


def reachable(error: Exception) -> str:
    """Why the books could not be closed."""
    return str(error) if isinstance(error, ProviderError) else f"{type(error).__name__}: {error}"
