"""What the master looks at once a second while a run goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from locust.runners import MasterRunner

from loadtests.measurement import histogram
from loadtests.measurement.telemetry import combined
from loadtests.reporting import console
from loadtests.verdict import slo
from reports.results import Verdict

if TYPE_CHECKING:
    import argparse

    from locust.runners import Runner

    from loadtests.cluster.master import Run

PLAIN_EVERY = 10
"""Seconds between progress lines where there is no terminal."""
LATELY = 5.0
"""Seconds that rate and p95 of the line are about."""


def note_losses(runner: Runner, run: Run) -> None:
    """Workers whose heartbeat Locust misses are gone; their keys are dealt again when they have rested."""
    if not isinstance(runner, MasterRunner):
        return
    alive = {client.id for client in runner.clients.all if client.state != "missing"}
    for worker, member in run.members.items():
        if worker not in alive and not member.gone and not member.finished:
            member.gone = True
            run.deck.back(worker)


def reason_to_stop(run: Run, given: argparse.Namespace) -> str | None:
    """Why the run cannot go on, as a note for its report."""
    if run.died is not None:
        return f"the target died in second {run.died:.1f}"
    if run.requests >= given.max_requests:
        return f"stopped at the ceiling of {given.max_requests} requests"
    if run.elapsed >= given.max_seconds:
        return f"stopped at the ceiling of {given.max_seconds:.0f} s"
    return None


def show_progress(run: Run, promises: list[slo.Promise]) -> None:
    """The line, over and over on a terminal, every ten seconds elsewhere."""
    terminal = sys.stderr.isatty()
    if not terminal and int(run.elapsed) % PLAIN_EVERY:
        return
    lately, whole = combined(run.telemetry.totals(since=run.elapsed - LATELY)), run.telemetry.totals()
    judged = slo.judge(promises, slo.Measured(whole, scenarios=run.scenarios, unasked=Verdict.SKIP))
    line = console.progress(
        run.elapsed, lately.asked / min(LATELY, max(run.elapsed, 1.0)), histogram.quantile(lately.latency, 0.95),
        combined(whole).errors, sum(member.left for member in run.members.values()),
        sum(one.verdict is Verdict.FAIL for one in judged), len(promises),
    )  # fmt: skip
    sys.stderr.write(f"\r\033[K{line}" if terminal else f"{line}\n")
    sys.stderr.flush()
