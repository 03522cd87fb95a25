"""The start of a load test: the set-up of the process, once, and each run's own data."""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.meta.mock_client import MockMetaError
from conformance.runner.preflight import SetupError
from conformance.runner.process import StackError
from conformance.target.target import SettingsError
from loadtests.accounting.records import Records
from loadtests.accounting.run import Run
from loadtests.cluster import environment as target_environment
from loadtests.cluster import options
from loadtests.measurement.telemetry import Telemetry
from loadtests.scenarios import SCENARIOS
from loadtests.users.user import OpenModelUser, definitions
from loadtests.verdict import comparison, slo

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from loadtests.cluster.environment import TargetEnvironment
    from loadtests.schedule.capacity import Search
    from loadtests.verdict.slo import Slo

SLICES = 600
"""Slices of time at most, so that a soak's data stay small."""
REFUSALS = (SettingsError, StackError, SetupError, MockMetaError, target_environment.TooFewKeysError, slo.SloError,
            comparison.BaselineError)  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """What all runs of this process share. `baseline` is the timeline of an earlier run, to compare with."""

    seed: int
    slos: list[Slo]
    baseline: list[dict[str, Any]] | None
    environment: TargetEnvironment


def set_up(given: argparse.Namespace, requests_per_second: float) -> Setup:
    """Read the SLOs, and start or look at the target. Raises any of REFUSALS."""
    seed = given.seed or secrets.randbelow(10**9)
    slos = slo.load(Path(given.slo)) if given.slo else default_slos()
    baseline = comparison.load(Path(given.baseline)) if given.baseline else None
    return Setup(seed, slos, baseline, target_environment.set_up(given, seed, requests_per_second))


def default_slos() -> list[Slo]:
    """Those of `loadtests/slo.toml` and of every scenario."""
    own = [one for user in SCENARIOS.values() for one in slo.parsed(user.scenario.slos)]
    return [*slo.load(options.DEFAULT_SLOS), *own]


def begin(setup: Setup, given: argparse.Namespace, users: Sequence[type], search: Search | None) -> Run:
    """A run that is about to start: records open, the ledger marked, the receiver subscribed."""
    environment = setup.environment
    name, planned = secrets.token_hex(3), None if search else given.run_time
    step = max(1.0, planned / SLICES) if planned else 1.0
    tasks = {one for user in users if issubclass(user, OpenModelUser) for one in definitions(user)}
    run = Run(
        name=name, seed=setup.seed, scenario=given.scenario, shape=given.shape, target=environment.target,
        keys=len(environment.keys), records=Records(environment.directory / f"records-{name}.sqlite"),
        telemetry=Telemetry(time.time(), step), mark=environment.provider.mark(), started=datetime.now(UTC),
        planned=planned, search=search, baseline=setup.baseline,
        scenarios=frozenset(task.scenario for task in tasks), definitions=len(tasks),
        whole=not (given.tags or given.exclude_tags),
    )  # fmt: skip
    run.endpoint = environment.subscribe(run.path)
    if run.endpoint is None:
        run.notes.append("no receiver: customers' messages are not followed to the deployment's outbound webhooks")
    told = f"{given.scenario}, seed {setup.seed}, {run.keys} keys"
    sys.stderr.write(f"loading {run.target.target.api}: {told}\n")
    sys.stderr.flush()
    return run
