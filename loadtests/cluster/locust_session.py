"""How Locust's events and this project's parts meet: one session per process, the master's with a conductor's work."""

from __future__ import annotations

import logging
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
from locust.event import EventHook
from locust.runners import STATE_INIT, MasterRunner, WorkerRunner

from conformance.meta.mock_client import MockMetaError
from conformance.runner.preflight import SetupError
from conformance.runner.process import StackError
from conformance.target.keys import MARGIN
from conformance.target.target import SettingsError
from loadtests.cluster import environment as stage
from loadtests.cluster import live_checks, master
from loadtests.cluster.key_allocation import Deck
from loadtests.cluster.worker import BRIEFING, FINISH, FINISHED, HELLO, LEASE, REPORT, WANTED, Crew
from loadtests.measurement import histogram
from loadtests.reporting import console, locust_reports
from loadtests.scenarios import SCENARIOS
from loadtests.schedule.capacity import Search
from loadtests.schedule.locust_shapes import CapacityCourse, Course
from loadtests.users.task import Visit
from loadtests.users.user import Stream, errands, mean_requests
from loadtests.users.worker_state import World
from loadtests.verdict import comparison, evaluation, run_end, slo
from loadtests.verdict.results import write_json
from reports.results import ExitCode

if TYPE_CHECKING:
    import argparse

    from locust import LoadTestShape
    from locust.env import Environment
    from locust.runners import Runner

    from loadtests.measurement.histogram import Histogram
    from loadtests.users.key_budget import Budget
    from loadtests.verdict.results import LoadResults

DEFAULT_USERS = 10
DEFAULT_SECONDS = 60.0
FINISH_PATIENCE = 25.0
TICK = 1.0
EARLY = 1.5
"""Seconds before its planned end at which a run counts as interrupted."""
SETUP_TROUBLE = (SettingsError, StackError, SetupError, MockMetaError, stage.TooFewKeysError, slo.SloError,
                 comparison.BaselineError)  # fmt: skip


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
    """`crew` sends visits out, on workers and in a process of its own; the rest is the master's."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.crew = Crew(environment)
        self.results: LoadResults | None = None
        self.run: master.Run | None = None
        self.stage: stage.Stage | None = None
        self.promises: list[slo.Promise] = []
        self.search: Search | None = None
        self.baseline: list[dict[str, Any]] | None = None
        self._lag_before: Histogram = {}
        self._auditors_budget: Budget | None = None

    @property
    def given(self) -> argparse.Namespace:
        found: argparse.Namespace = self.environment.parsed_options  # type: ignore[assignment]  # it was parsed
        return found

    @property
    def runner(self) -> Runner:
        assert self.environment.runner is not None
        return self.environment.runner

    @property
    def world(self) -> World:
        return self.crew.world

    @property
    def is_worker(self) -> bool:
        return isinstance(self.environment.runner, WorkerRunner)

    @property
    def is_local(self) -> bool:
        return not isinstance(self.environment.runner, WorkerRunner | MasterRunner)

    # -- before the load ------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Choose the scenario and the shape, and listen; the master also sets the stage."""
        self.crew.enlist()
        if self.is_worker:
            if self.runner.state != STATE_INIT or self.runner.spawning_greenlet is not None:
                self.begin()  # a worker that joins late is told to start before its session is there
            return
        chosen = SCENARIOS[self.given.scenario]
        if not self.given.user_classes:
            self.environment.user_classes = [chosen]
        asked = self.given.num_users or DEFAULT_USERS
        self._set_the_stage(asked * self.given.pace * mean_requests(chosen))
        self._choose_shape(asked, float(self.given.run_time or DEFAULT_SECONDS))

    def _choose_shape(self, asked: int, duration: float) -> None:
        """`constant` is Locust's own way with users and spawn rate."""
        if self.given.shape == "constant":
            return
        if self.given.shape == "capacity":
            self.search = Search(asked)
            course: LoadTestShape = CapacityCourse(self.search, duration, self._broken_between, self._under_way)
        else:
            course = Course(self.given.shape, asked, duration)
        course.runner = self.environment.runner
        self.environment.shape_class = course

    def _broken_between(self, since: float, until: float) -> tuple[str, ...]:
        """What broke in these seconds of the run, in words."""
        assert self.run is not None
        lag = histogram.less(self.run.telemetry.lag, self._lag_before)
        self._lag_before = dict(self.run.telemetry.lag)
        return evaluation.broken_between(self.run, self.promises, lag, since, until)

    def _under_way(self) -> int:
        return sum(member.under_way for member in self.run.members.values()) if self.run is not None else 0

    def _set_the_stage(self, requests_per_second: float) -> None:
        """Bring up or look at the target, and listen to workers. Ends the process where nothing can be loaded."""
        self.seed = self.given.seed or secrets.randbelow(10**9)
        try:
            self.promises = slo.load(Path(self.given.slo))
            self.baseline = comparison.load(Path(self.given.baseline)) if self.given.baseline else None
            self.stage = stage.set_up(self.given, self.seed, requests_per_second)
        except SETUP_TROUBLE as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(ExitCode.SETUP) from None
        except KeyboardInterrupt:
            raise SystemExit(ExitCode.INTERRUPTED) from None
        target = self.stage.target.target
        self.deck = Deck(self.stage.keys, target.window + MARGIN)
        self.environment.host = target.origin
        listeners = {HELLO: self._hello, REPORT: self._report, WANTED: self._wanted, FINISHED: self._finished}
        for kind, listener in listeners.items():
            self.runner.register_message(kind, listener)

    def begin(self) -> None:
        """A run begins."""
        if not self.is_worker:
            assert self.stage is not None
            self._begin_run(self.stage)
        if self.is_worker or self.is_local:
            self.crew.ready()

    def _begin_run(self, stage_: stage.Stage) -> None:
        planned = None if self.search else self.given.run_time
        run = self.run = master.begin(stage_, self.deck, self.given, self.seed, planned)
        classes = [cls for cls in self.environment.user_classes if issubclass(cls, Stream)]
        all_errands = {errand for cls in classes for errand in errands(cls)}
        run.scenarios, run.errands = frozenset(errand.scenario for errand in all_errands), len(all_errands)
        run.whole = not (self.given.tags or self.given.exclude_tags)
        run.search, run.baseline = self.search, self.baseline
        told = f"{self.given.scenario}, seed {self.seed}, {len(stage_.keys)} keys"
        sys.stderr.write(f"loading {stage_.target.target.api}: {told}\n")
        sys.stderr.flush()
        gevent.spawn(self._watch, run)

    # -- messages from workers --------------------------------------------------------------------------------------------

    def _hello(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        runner = self.runner
        if self.run is None:
            return
        workers = runner.worker_count if isinstance(runner, MasterRunner) else 1
        expected = max(workers, getattr(self.given, "expect_workers", 1) if not self.is_local else 1)
        briefing = master.brief(self.run, self.given, msg.node_id, expected)
        runner.send_message(BRIEFING, briefing.as_message(), **self._to(msg.node_id))

    def _to(self, worker: str) -> dict[str, str]:
        return {} if self.is_local else {"client_id": worker}

    def _report(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self.run is not None:
            self.run.absorb(msg.node_id, msg.data)

    def _wanted(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self.run is not None and (keys := self.run.deck.deal(msg.node_id, msg.data["count"])):
            self.runner.send_message(LEASE, {"keys": keys}, **self._to(msg.node_id))

    def _finished(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self.run is not None and msg.node_id in self.run.members:
            self.run.members[msg.node_id].finished = True

    # -- during the load --------------------------------------------------------------------------------------------------

    def _watch(self, run: master.Run) -> None:
        """Once a second: lost workers, the ceilings, a dead target, and the line that says how it goes."""
        while run.stopped is None:
            gevent.sleep(TICK)
            live_checks.note_losses(self.runner, run)
            run.note_memory()
            reason = live_checks.reason_to_stop(run, self.given)
            if reason and run.stopped is None:
                run.notes.append(reason)
                run.stopped_for_a_reason = True
                self._stop()
                return
            if self.given.headless:
                live_checks.show_progress(run, self.promises)

    def _stop(self) -> None:
        if self.given.headless:
            gevent.spawn(self.runner.quit)
        else:
            self.runner.stop()

    # -- after the load ---------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """Users are gone: let workers finish, close the books, judge, write. Only the first call does anything."""
        if self.is_worker:
            self.crew.finish()
            return
        run = self.run
        if run is None or run.stopped is not None:
            return
        run.stopped = time.time()
        early = run.planned is not None and run.elapsed < run.planned - EARLY
        run.interrupted = early and not run.stopped_for_a_reason
        self._finish_workers(run)
        run.errors = locust_reports.errors(self.environment)
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[Kclosing the books …")
        try:
            self.results = run_end.close_books(run, self.given, self.promises, self._auditor(run))
            self._write(run, self.results)
            self.environment.process_exit_code = self.results.exit_code
        except BaseException:
            self.environment.process_exit_code = int(ExitCode.INTERNAL)
            raise
        finally:
            run.books.close()
            if run.endpoint is not None and run.died is None and self.stage is not None:
                self.stage.unsubscribe(run.endpoint)

    def _finish_workers(self, run: master.Run) -> None:
        runner = self.runner
        if self.is_local:
            self.crew.finish()
            return
        runner.send_message(FINISH, {})
        deadline = time.monotonic() + FINISH_PATIENCE
        while time.monotonic() < deadline:
            live_checks.note_losses(runner, run)
            if all(member.finished or member.gone for member in run.members.values()):
                return
            gevent.sleep(0.05)
        for worker, member in run.members.items():
            if not member.finished and not member.gone:
                member.gone = True
                run.notes.append(f"worker {worker} did not finish")

    def _auditor(self, run: master.Run) -> Any:  # noqa: ANN401 - a factory of visits
        """Visits that are neither part of Locust's statistics nor of ours, nor of what the ceiling is for."""
        known = self.crew.world.budget if self.is_local else self._auditors_budget
        world = World(master.brief_auditor(run, self.given), known)
        self._auditors_budget = world.budget
        silent = EventHook()
        return lambda: Visit(world, silent, "audit", time.monotonic())

    def _write(self, run: master.Run, results: LoadResults) -> None:
        folder = master.folder(run, self.given.out)
        write_json(results, folder / "results.json")
        locust_reports.write_locust_reports(self.environment, folder)
        sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
        sys.stdout.write("\n" + console.render(results, str(folder), colour=sys.stdout.isatty()))
        sys.stdout.flush()

    def close(self) -> None:
        """The process ends."""
        if self.given.verdict_only:
            logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)
        if self.stage is not None:
            self.stage.close()
            self.stage = None
