"""From a run that is over to its results: quiet, the records joined, the read side looked at, promises judged."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import httpx

from conformance.meta.mock_client import MockMetaError
from loadtests.accounting import measures, record_import
from loadtests.accounting.read_side_audit import Audit, Auditor
from loadtests.accounting.reconciliation import ARRIVED, Account, Trouble
from loadtests.measurement import histogram
from loadtests.verdict import comparison, evaluation
from loadtests.verdict.findings import findings
from loadtests.verdict.results import Finding, LoadResults, PromiseResult, exit_code, promise_result

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from loadtests.cluster.master import Run
    from loadtests.users.task import Visit
    from loadtests.verdict.slo import Measured, Promise


def close_books(
    run: Run, given: argparse.Namespace, promises: list[Promise], visit: Callable[[], Visit]
) -> LoadResults:
    """Everything that is known of the run, whatever has ended meanwhile. `visit` makes visits for the audit."""
    run.note_memory()
    try:
        accounts, unacknowledged = _read_all(run, given)
    except (MockMetaError, httpx.HTTPError) as error:
        accounts, unacknowledged, run.closed = [], 0, False
        run.notes.append(f"the books could not be closed: {error}")
        run.notes += [f"{module} has ended: {how}" for module, how in run.stage.stack.ended().items()]
    audit = (
        Audit()
        if run.died is not None or not run.closed
        else Auditor(run.books, visit, run.stage.target.target.patience).run(given.audit)
    )
    for kind, (count, examples) in audit.troubles.items():
        run.trouble(kind, count, examples)
    if run.died is not None:
        run.trouble("target died", 1, [f"in second {run.died:.1f} of the run"])
    measured = evaluation.measured(run, accounts)
    results = [promise_result(one) for one in evaluation.judge(run, promises, measured)]
    return _results(run, given, results, findings(run, accounts), measurements(run, measured, audit, unacknowledged))


def _read_all(run: Run, given: argparse.Namespace) -> tuple[list[Account], int]:
    provider = run.stage.provider
    assert provider is not None
    if run.died is None and not record_import.quiet(provider, given.quiet):
        run.notes.append(
            f"mock Meta was not quiet {given.quiet:.0f} s after the load: what came later is not in the books"
        )
    record_import.read_sends(run.books, provider, run.mark, run.name)
    unacknowledged = record_import.read_webhooks(run.books, provider, run.mark)
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
        record_import.read_events(run.books, run.stage.receiver, run.path)
        missing = run.books.number(f"SELECT COUNT(*) FROM ({ARRIVED[Trouble.LOST]})")  # noqa: S608 - our own text
        if not missing or time.monotonic() >= deadline:
            return
        time.sleep(0.3)


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
        "errors": run.errors,
        "delays": {name: histogram.shown(found) for name, found in measured.delays.items()},
        "schedule_lag": histogram.shown(run.telemetry.lag) | {"lagged": evaluation.lagged(run)},
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
    differences = comparison.compare(run.baseline, run.telemetry.timeline())
    return {"method": comparison.METHOD, "compared": len(differences),
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
    if not run.visits:
        notes.append("nobody came: no user was spawned, or the tags leave no errand")
    elif run.visits < run.first_round:
        notes.append(
            f"too short: {run.visits} visits, and it takes {run.first_round} until every errand has had its turn; raise -t or -u"
        )
    if evaluation.lagged(run):
        late = histogram.quantile(run.telemetry.lag, 0.99) or 0.0
        notes.append(
            f"the generator did not keep up: one visit in a hundred began {late:.2f} s late or later; latencies are marked"
        )
    notes += [
        f"{count:.0f} {what}"
        for what, count in run.telemetry.counters.items()
        if count and what.startswith(("visits", "answers"))
    ]
    if gone := sum(member.gone for member in run.members.values()):
        notes.append(
            f"{gone} of {len(run.members)} workers were lost: what they had asked last is undecided (unaccounted)"
        )
    return LoadResults(
        run=run.name, started=run.started.isoformat(), seconds=round(run.elapsed, 2), seed=run.seed,
        target={"url": target.api, "embedded": target.embedded, "limit": target.limit, "window": target.window,
                "keys": len(run.stage.keys)},
        scenario=given.scenario, shape=given.shape, requests=run.requests, waited=round(run.waited, 2),
        exit_code=int(exit_code(promises, interrupted=run.interrupted, visits=run.visits)), interrupted=run.interrupted,
        promises=promises, findings=findings, measurements=dict(measured), notes=notes,
    )  # fmt: skip
