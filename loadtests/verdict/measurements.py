"""The measurements of a run as `results.json` holds them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from loadtests.accounting import measures
from loadtests.measurement import histogram
from loadtests.verdict import comparison, evaluation

if TYPE_CHECKING:
    from loadtests.accounting.joining import Joined
    from loadtests.accounting.read_side_audit import Audit
    from loadtests.accounting.run import Run
    from loadtests.measurement.telemetry import Tally
    from loadtests.verdict.slo import Measured


def measurements(run: Run, measured: Measured, joined: Joined, audit: Audit) -> dict[str, Any]:
    """The data of the report and of plots; durations in seconds."""
    fan_outs = measures.fan_outs(run.records)
    return {
        "operations": {"/".join(name): _operation(tally) for name, tally in sorted(measured.operations.items())},
        "errors": run.errors,
        "delays": {name: histogram.shown(found) for name, found in measured.delays.items()},
        "schedule_lag": histogram.shown(run.telemetry.lag) | {"lagged": evaluation.lagged(run)},
        "figures": {name: round(value, 3) for name, value in measured.figures.items()},
        "messages": _messages(run),
        "audit": {"conversations": audit.conversations, "customers": audit.customers, "broadcasts": audit.broadcasts,
                  "messages": audit.messages},
        "webhooks_not_acknowledged": joined.unacknowledged,
        "workers": [{"share": one.share, "requests": one.requests, "waited": round(one.waited, 2), "lost": one.lost}
                    for one in run.workers.values()],
        "counters": dict(run.telemetry.counters),
        "fan_outs": fan_outs,
        "fan_out_curves": measures.curves(run.records, fan_outs),
        "capacity": _capacity(run),
        "baseline": _beside_baseline(run),
        "timeline": run.telemetry.timeline(),
    }  # fmt: skip


def _operation(tally: Tally) -> dict[str, Any]:
    return {"asked": tally.asked, "errors": tally.errors, "limited": tally.limited,
            "latency": histogram.shown(tally.latency), "service": histogram.shown(tally.service)}  # fmt: skip


def _capacity(run: Run) -> dict[str, Any] | None:
    """The highest rate that held, in tasks a second, and every step with what broke there."""
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
    number = run.records.number
    return {
        "asked": number("SELECT COUNT(*) FROM asked"),
        "accepted": number("SELECT COUNT(*) FROM asked WHERE outcome = 'accepted'"),
        "at_meta": number("SELECT COUNT(*) FROM meta WHERE accepted"),
        "written_by_customers": number("SELECT COUNT(*) FROM written"),
        "events_at_receiver": number("SELECT COUNT(*) FROM events"),
    }
