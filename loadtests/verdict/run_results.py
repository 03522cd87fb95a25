"""From a run that is over to its results: measurements, verdicts, findings, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.measurement import histogram
from loadtests.verdict import evaluation
from loadtests.verdict.findings import findings
from loadtests.verdict.measurements import measurements
from loadtests.verdict.results import LoadResults, exit_code, slo_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loadtests.accounting.joining import Joined
    from loadtests.accounting.read_side_audit import Audit
    from loadtests.accounting.run import Run
    from loadtests.verdict.slo import Slo


def verdict(run: Run, slos: Sequence[Slo], joined: Joined, audit: Audit) -> LoadResults:
    """The verdict of each SLO and of the run, and all that shows it."""
    if run.died is not None:
        run.observations.add("target died", f"in second {run.died:.1f} of the run")
    measured = evaluation.measured(run, joined.discrepancies)
    outcomes = [slo_result(one) for one in evaluation.evaluate(run, slos, measured)]
    target = run.target.target
    return LoadResults(
        run=run.name, started=run.started.isoformat(), seconds=round(run.elapsed, 2), seed=run.seed,
        target={"url": target.api, "embedded": target.embedded, "limit": target.limit, "window": target.window,
                "keys": run.keys},
        scenario=run.scenario, shape=run.shape, requests=run.requests, waited=round(run.waited, 2),
        exit_code=int(exit_code(outcomes, interrupted=run.interrupted, tasks=run.tasks)), interrupted=run.interrupted,
        slos=outcomes, findings=findings(run, joined.discrepancies),
        measurements=measurements(run, measured, joined, audit), notes=[*run.notes, *_notes(run)],
    )  # fmt: skip


def _notes(run: Run) -> Iterator[str]:
    """What limits the verdict, beside what the steps noted on the way."""
    if not run.tasks:
        yield "no task began: no user was spawned, or the tags leave no task"
    elif run.tasks < run.first_round:
        yield f"too short: {run.tasks} tasks, and it takes {run.first_round} until every task has had its turn; raise -t or -u"
    if evaluation.lagged(run):
        late = histogram.quantile(run.telemetry.lag, 0.99) or 0.0
        yield f"the generator did not keep up: one task in a hundred began {late:.2f} s late or later; latencies are marked"
    for what, count in run.telemetry.counters.items():
        if count and what.startswith(("tasks", "answers")):
            yield f"{count:.0f} {what}"
    if run.lost_workers:
        told = f"{run.lost_workers} of {len(run.workers)} workers were lost"
        yield f"{told}: what they had asked last is undecided (unaccounted)"
