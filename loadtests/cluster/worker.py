"""A worker's side: it asks for a briefing, lets its users' tasks run, and reports. In one process, or in many."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import gevent

from loadtests.cluster.messages import BRIEFING, FINISH, FINISHED, HELLO, LEASE, REPORT, WANTED
from loadtests.users.briefing import Briefing
from loadtests.users.key_budget import keys_needed
from loadtests.users.user import OpenModelUser, mean_requests
from loadtests.users.worker_state import WorkerState, settle_memory

if TYPE_CHECKING:
    from locust.env import Environment
    from locust.runners import Runner

    from loadtests.users.key_budget import Budget

REPORT_EVERY = 1.0
BRIEFING_PATIENCE = 60.0
UNDER_WAY_PATIENCE = 10.0


class Worker:
    """One worker. `state` is there from the briefing on; users that start before wait for it."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._state: WorkerState | None = None
        self._budget: Budget | None = None
        self._briefed = gevent.event.Event()
        self._finished = gevent.event.Event()
        self._reporter: gevent.Greenlet[..., None] | None = None

    @property
    def runner(self) -> Runner:
        assert self.environment.runner is not None
        return self.environment.runner

    def listen(self) -> None:
        """Take messages of the master."""
        self.runner.register_message(BRIEFING, self._on_briefing)
        self.runner.register_message(LEASE, self._on_lease)
        self.runner.register_message(FINISH, self._on_finish, concurrent=True)

    def ready(self) -> None:
        """A run begins: ask for a briefing."""
        self._briefed.clear()
        self._finished.clear()
        self._state = None
        self._send(HELLO)

    @property
    def state(self) -> WorkerState:
        """Waits for the briefing."""
        if not self._briefed.wait(BRIEFING_PATIENCE) or self._state is None:
            raise RuntimeError("the master sent no briefing")
        return self._state

    @property
    def budget(self) -> Budget | None:
        """The worker's keys, with the account of what it spent; None before the first briefing."""
        return self._budget

    def _send(self, kind: str, data: dict[str, Any] | None = None) -> None:
        self.runner.send_message(kind, data or {})

    def _on_briefing(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        briefing = Briefing(**msg.data)
        random.seed(f"{briefing.seed}/{briefing.share}")  # Locust chooses tasks with the module's own generator
        self._state = WorkerState(briefing, self._budget)
        self._budget = self._state.budget
        settle_memory()
        self._briefed.set()
        self._reporter = gevent.spawn(self._report_for_ever, self._state)

    def _on_lease(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self._state is not None:
            self._state.budget.add([tuple(pair) for pair in msg.data["keys"]])

    def _report_for_ever(self, state: WorkerState) -> None:
        while not self._finished.wait(REPORT_EVERY) and self._state is state:
            self._send(REPORT, state.report())
            self._ask_for_keys(state)

    def _ask_for_keys(self, state: WorkerState) -> None:
        """Users came over from a worker that is gone, or the rate went up: the load needs more keys."""
        briefing = state.briefing
        classes = [cls for cls in self.environment.user_classes if issubclass(cls, OpenModelUser)]
        rate = self.runner.user_count * briefing.pace * max((mean_requests(cls) for cls in classes), default=1.0)
        wanted = keys_needed(rate, briefing.limit, briefing.window) + 1
        if wanted > len(state.budget):
            self._send(WANTED, {"count": wanted - len(state.budget)})

    def _on_finish(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        self.finish()

    def stopping(self) -> None:
        """Users are about to be ended, which takes a while: no task begins any more."""
        if self._state is not None:
            self._state.stopping.set()

    def finish(self) -> None:
        """Users are gone or going: let tasks end, report the rest, say so. Only the first call does anything."""
        state = self._state
        if state is None or self._finished.is_set():
            return
        self._finished.set()
        cut = state.finish(UNDER_WAY_PATIENCE)
        state.telemetry.count("tasks cut off at the end", cut)
        self._send(REPORT, state.report())
        self._send(FINISHED)
