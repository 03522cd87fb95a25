"""The master's side: it briefs workers, allocates keys, collects reports, and ends workers with the run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import gevent
from locust.event import EventHook
from locust.runners import MasterRunner

from conformance.target.keys import MARGIN
from loadtests.cluster.briefings import Briefings
from loadtests.cluster.key_allocation import KeyAllocation
from loadtests.cluster.messages import BRIEFING, FINISH, FINISHED, HELLO, LEASE, REPORT, WANTED
from loadtests.users.task import Task
from loadtests.users.worker_state import WorkerState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from locust.env import Environment
    from locust.runners import Runner

    from loadtests.accounting.run import Run
    from loadtests.cluster.environment import TargetEnvironment
    from loadtests.cluster.worker import Worker
    from loadtests.users.key_budget import Budget

FINISH_PATIENCE = 25.0
POLL = 0.05


class Master:
    """`run` is the one that goes on, or the last one. With Locust's local runner users are in this process: `local` is their
    worker.
    """

    def __init__(
        self, runner: Runner, environment: TargetEnvironment, given: argparse.Namespace, local: Worker
    ) -> None:
        self.runner, self._given, self._local = runner, given, local
        self.run: Run | None = None
        self._allocation = KeyAllocation(environment.keys, environment.target.target.window + MARGIN)
        self._briefings = Briefings(given, self._allocation)
        self._audit_budget: Budget | None = None

    @property
    def is_local(self) -> bool:
        return not isinstance(self.runner, MasterRunner)

    def listen(self) -> None:
        """Take messages of workers."""
        listeners = {
            HELLO: self._on_hello, REPORT: self._on_report, WANTED: self._on_wanted, FINISHED: self._on_finished
        }  # fmt: skip
        for kind, listener in listeners.items():
            self.runner.register_message(kind, listener)

    def _send(self, kind: str, data: dict[str, Any], worker: str) -> None:
        address = {} if self.is_local else {"client_id": worker}
        self.runner.send_message(kind, data, **address)

    def _on_hello(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        if self.run is None:
            return
        if isinstance(self.runner, MasterRunner):
            expected = max(self.runner.worker_count, self._given.expect_workers)
            briefing = self._briefings.worker(self.run, msg.node_id, expected)
        else:
            briefing = self._briefings.only_worker(self.run, msg.node_id)
        self._send(BRIEFING, briefing.as_message(), msg.node_id)

    def _on_report(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self.run is not None:
            self.run.absorb(msg.node_id, msg.data)

    def _on_wanted(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self.run is not None and (keys := self._allocation.allocate(msg.node_id, msg.data["count"])):
            self._send(LEASE, {"keys": keys}, msg.node_id)

    def _on_finished(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self.run is not None and msg.node_id in self.run.workers:
            self.run.workers[msg.node_id].finished = True

    def note_losses(self, run: Run) -> None:
        """Workers whose heartbeat Locust misses are lost; their keys are allocated again when they have rested."""
        if not isinstance(self.runner, MasterRunner):
            return
        alive = {client.id for client in self.runner.clients.all if client.state != "missing"}
        for name, worker in run.workers.items():
            if name not in alive and not worker.lost and not worker.finished:
                worker.lost = True
                self._allocation.release(name)

    def finish_workers(self, run: Run) -> None:
        """Users are gone: let workers end their tasks and send their last reports."""
        self.runner.send_message(FINISH, {})
        deadline = time.monotonic() + FINISH_PATIENCE
        while time.monotonic() < deadline:
            self.note_losses(run)
            if all(worker.finished or worker.lost for worker in run.workers.values()):
                return
            gevent.sleep(POLL)
        for name, worker in run.workers.items():
            if not worker.finished and not worker.lost:
                worker.lost = True
                run.notes.append(f"worker {name} did not finish")

    def auditor(self, run: Run) -> Callable[[], Task]:
        """Makes tasks for the read-side audit, which are in no statistics and not under the users' ceiling."""
        known = self._local.budget if self.is_local else self._audit_budget
        state = WorkerState(self._briefings.auditor(run), known)
        self._audit_budget = state.budget
        silent = EventHook()
        return lambda: Task(state, silent, "audit", time.monotonic())
