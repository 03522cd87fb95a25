"""The end of a load test, step by step: stop, quiet, join, audit, verdict, reports."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import httpx

from conformance.meta.mock_client import MockMetaError
from loadtests.accounting import record_import
from loadtests.accounting.joining import Joined, join
from loadtests.accounting.read_side_audit import Audit, Auditor
from loadtests.reporting.locust_reports import errors
from loadtests.reporting.run_reports import write_reports
from loadtests.verdict.run_results import verdict

if TYPE_CHECKING:
    import argparse

    from locust.env import Environment

    from conformance.meta.mock_client import MockMeta
    from loadtests.accounting.run import Run
    from loadtests.cluster.environment import TargetEnvironment
    from loadtests.cluster.master import Master
    from loadtests.cluster.run_start import Setup
    from loadtests.verdict.results import LoadResults

EARLY = 1.5
"""Seconds before its planned end at which a run counts as interrupted."""


def end(run: Run, master: Master, setup: Setup, given: argparse.Namespace, locust: Environment) -> LoadResults:
    """Users are gone. From there to the verdict, whatever has ended meanwhile: every step notes in the run what it lacks."""
    stop(run, master, setup.environment, locust)
    try:
        quiet(run, setup.environment.provider, given.quiet)
        joined = join(run, setup.environment.provider, setup.environment.receiver)
    except (MockMetaError, httpx.HTTPError) as error:
        joined = not_joined(run, setup.environment, error)
    audited = audit(run, master, given.audit)
    results = verdict(run, setup.slos, joined, audited)
    write_reports(results, locust, given.out)
    return results


def stop(run: Run, master: Master, environment: TargetEnvironment, locust: Environment) -> None:
    """The load is over; tasks under way come to their end."""
    run.stopped = time.time()
    early = run.planned is not None and run.elapsed < run.planned - EARLY
    run.interrupted = early and not run.stopped_for_a_reason
    master.finish_workers(run)
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[Kreconciling …")
    run.errors = errors(locust)
    run.note_memory(environment.memory())


def quiet(run: Run, provider: MockMeta, patience: float) -> None:
    """Wait until mock Meta has nothing due. A dead target is not waited for. Raises MockMetaError and httpx.HTTPError."""
    if run.died is None and not record_import.quiet(provider, patience):
        run.notes.append(
            f"mock Meta was not quiet {patience:.0f} s after the load: what came later is not in the records"
        )


def not_joined(run: Run, environment: TargetEnvironment, error: Exception) -> Joined:
    """Mock Meta has ended, and with it one of the three records."""
    run.joined = False
    run.notes.append(f"no reconciliation: {error}")
    run.notes += [f"{module} has ended: {how}" for module, how in environment.stack.ended().items()]
    return Joined()


def audit(run: Run, master: Master, sample: int) -> Audit:
    """Read a sample back through the API, where there is one to ask and records to compare with."""
    if run.died is not None or not run.joined:
        return Audit()
    audited = Auditor(run.records, master.auditor(run), run.target.target.patience).run(sample)
    run.observations.absorb(audited.observations.rows())
    return audited
