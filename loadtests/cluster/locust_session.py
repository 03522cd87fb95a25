"""How Locust's events and this project's parts meet: one session per process; the master's part is in one of them."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import gevent
from locust.runners import STATE_INIT, WorkerRunner

from loadtests.cluster import live_checks, load_shape, run_end, run_start
from loadtests.cluster.master import Master
from loadtests.cluster.worker import Worker
from loadtests.scenarios import SCENARIOS
from loadtests.schedule.locust_shapes import CapacityShape
from loadtests.users.user import mean_requests
from reports.results import ExitCode

if TYPE_CHECKING:
    import argparse

    from locust.env import Environment
    from locust.runners import Runner

    from loadtests.accounting.run import Run
    from loadtests.cluster.run_start import Setup
    from loadtests.users.worker_state import WorkerState

DEFAULT_USERS = 10
DEFAULT_SECONDS = 60.0


def attach(environment: Environment) -> Session:
    """A new session, which `session_of` finds."""
    session = environment.wacrm = Session(environment)  # type: ignore[attr-defined]  # there is no better place
    return session


def is_attached(environment: Environment) -> bool:
    return hasattr(environment, "wacrm")


def session_of(environment: Environment) -> Session:
    found: Session = environment.wacrm  # type: ignore[attr-defined]  # as above
    return found


class Session:
    """`worker` runs users' tasks, on workers and where there is one process; `setup` and `master` are the master's."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.worker = Worker(environment)
        self.setup: Setup | None = None
        self.master: Master | None = None

    @property
    def given(self) -> argparse.Namespace:
        found: argparse.Namespace = self.environment.parsed_options  # type: ignore[assignment]  # it was parsed
        return found

    @property
    def runner(self) -> Runner:
        assert self.environment.runner is not None
        return self.environment.runner

    @property
    def worker_state(self) -> WorkerState:
        return self.worker.state

    def prepare(self) -> None:
        """Listen; the master also chooses scenario and load shape, and sets the target up."""
        self.worker.listen()
        if not isinstance(self.runner, WorkerRunner):
            self._prepare_master()
        elif self.runner.state != STATE_INIT or self.runner.spawning_greenlet is not None:
            self.begin()  # a worker that joins late is told to start before its session is there

    def _prepare_master(self) -> None:
        """Ends the process where nothing can be loaded."""
        chosen = SCENARIOS[self.given.scenario]
        if not self.given.user_classes:
            self.environment.user_classes = [chosen]
        asked = self.given.num_users or DEFAULT_USERS
        try:
            self.setup = run_start.set_up(self.given, asked * self.given.pace * mean_requests(chosen))
        except run_start.REFUSALS as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(ExitCode.SETUP) from None
        except KeyboardInterrupt:
            raise SystemExit(ExitCode.INTERRUPTED) from None
        self.environment.host = self.setup.environment.target.target.origin
        self.master = Master(self.runner, self.setup.environment, self.given, self.worker)
        self.master.listen()
        self._choose_shape(asked, self.master, self.setup)

    def _choose_shape(self, asked: int, master: Master, setup: Setup) -> None:
        duration = float(self.given.run_time or DEFAULT_SECONDS)
        shape = load_shape.choose(self.given.shape, asked, duration, master, setup.slos)
        if shape is not None:
            shape.runner = self.runner
            self.environment.shape_class = shape

    def begin(self) -> None:
        """A run begins."""
        if self.master is not None and self.setup is not None:
            shape = self.environment.shape_class
            search = shape.search if isinstance(shape, CapacityShape) else None
            self.master.run = run_start.begin(self.setup, self.given, self.environment.user_classes, search)
            gevent.spawn(self._watch, self.master.run, self.master, self.setup)
        if self.master is None or self.master.is_local:
            self.worker.ready()

    def _watch(self, run: Run, master: Master, setup: Setup) -> None:
        if live_checks.watch(run, master, setup.environment, self.given, setup.slos):
            if self.given.headless:
                gevent.spawn(self.runner.quit)
            else:
                self.runner.stop()

    def end(self) -> None:
        """Users are gone: come to the verdict. Only the first call does anything."""
        if self.master is None or self.setup is None:
            self.worker.finish()
        elif self.master.run is not None and self.master.run.stopped is None:
            self._end_run(self.master.run, self.master, self.setup)

    def _end_run(self, run: Run, master: Master, setup: Setup) -> None:
        self.environment.process_exit_code = int(ExitCode.INTERNAL)  # until there is a verdict
        try:
            results = run_end.end(run, master, setup, self.given, self.environment)
            self.environment.process_exit_code = results.exit_code
        finally:
            run.records.close()
            if run.endpoint is not None and run.died is None:
                setup.environment.unsubscribe(run.endpoint)

    def close(self) -> None:
        """The process ends."""
        if self.given.verdict_only:
            logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)
        if self.setup is not None:
            self.setup.environment.close()
            self.setup = self.master = None
