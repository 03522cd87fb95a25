"""What the master looks at once a second while a run goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import gevent

from loadtests.measurement import histogram
from loadtests.measurement.telemetry import combined
from loadtests.reporting import console
from loadtests.verdict.slo import Measured, check
from reports.results import Verdict

if TYPE_CHECKING:
    import argparse

    from loadtests.accounting.run import Run
    from loadtests.cluster.environment import TargetEnvironment
    from loadtests.cluster.master import Master
    from loadtests.verdict.slo import Slo

TICK = 1.0
PLAIN_EVERY = 10
"""Seconds between progress lines where there is no terminal."""
LATELY = 5.0
"""Seconds that rate and p95 of the line are about."""


def watch(run: Run, master: Master, environment: TargetEnvironment, given: argparse.Namespace, slos: list[Slo]) -> bool:
    """Until the run stops, or has to: lost workers, memory, ceilings, a dead target, the line of progress. Whether it has to
    be stopped; its notes say why.
    """
    while run.stopped is None:
        gevent.sleep(TICK)
        master.note_losses(run)
        run.note_memory(environment.memory())
        reason = reason_to_stop(run, given)
        if reason and run.stopped is None:
            run.notes.append(reason)
            run.stopped_for_a_reason = True
            return True
        if given.headless:
            show_progress(run, slos)
    return False


def reason_to_stop(run: Run, given: argparse.Namespace) -> str | None:
    """Why the run cannot go on, as a note for its report."""
    if run.died is not None:
        return f"the target died in second {run.died:.1f}"
    if run.requests >= given.max_requests:
        return f"stopped at the ceiling of {given.max_requests} requests"
    if run.elapsed >= given.max_seconds:
        return f"stopped at the ceiling of {given.max_seconds:.0f} s"
    return None


def show_progress(run: Run, slos: list[Slo]) -> None:
    """The line, over and over on a terminal, every ten seconds elsewhere."""
    terminal = sys.stderr.isatty()
    if not terminal and int(run.elapsed) % PLAIN_EVERY:
        return
    lately, whole = combined(run.telemetry.totals(since=run.elapsed - LATELY)), run.telemetry.totals()
    outcomes = check(slos, Measured(whole, scenarios=run.scenarios, unasked=Verdict.SKIP))
    line = console.progress(
        run.elapsed, lately.asked / min(LATELY, max(run.elapsed, 1.0)), histogram.quantile(lately.latency, 0.95),
        combined(whole).errors, sum(worker.left for worker in run.workers.values()),
        sum(one.verdict is Verdict.FAIL for one in outcomes), len(slos),
    )  # fmt: skip
    sys.stderr.write(f"\r\033[K{line}" if terminal else f"{line}\n")
    sys.stderr.flush()
