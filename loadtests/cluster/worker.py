"""A worker's side: it asks to be briefed, sends its users' visits out, and reports. In one process, or in many."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import gevent

from conformance.target.keys import MARGIN
from loadtests.users.key_budget import HEADROOM, Budget
from loadtests.users.user import Stream, mean_requests
from loadtests.users.worker_state import Briefing, World, settle_memory

if TYPE_CHECKING:
    from locust.env import Environment
    from locust.runners import Runner

HELLO, BRIEFING, REPORT, WANTED, LEASE, FINISH, FINISHED = (
    f"wacrm_{word}" for word in ("hello", "briefing", "report", "wanted", "lease", "finish", "finished")
)
"""The messages, in the order in which they are first sent; workers send hello, report, wanted and finished."""
REPORT_EVERY = 1.0
BRIEFING_PATIENCE = 60.0
UNDER_WAY_PATIENCE = 10.0


class Crew:
    """One worker. `world` is there from the briefing on; users that start before wait for it."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._world: World | None = None
        self._budget: Budget | None = None
        self._briefed = gevent.event.Event()
        self._finished = gevent.event.Event()
        self._reporter: gevent.Greenlet[..., None] | None = None

    @property
    def runner(self) -> Runner:
        assert self.environment.runner is not None
        return self.environment.runner

    def enlist(self) -> None:
        """Listen to the master."""
        self.runner.register_message(BRIEFING, self._on_briefing)
        self.runner.register_message(LEASE, self._on_lease)
        self.runner.register_message(FINISH, self._on_finish, concurrent=True)

    def ready(self) -> None:
        """A run begins: ask for a briefing."""
        self._briefed.clear()
        self._finished.clear()
        self._world = None
        self._send(HELLO)

    @property
    def world(self) -> World:
        """Waits for the briefing."""
        if not self._briefed.wait(BRIEFING_PATIENCE) or self._world is None:
            raise RuntimeError("the master sent no briefing")
        return self._world

    def _send(self, kind: str, data: dict[str, Any] | None = None) -> None:
        self.runner.send_message(kind, data or {})

    def _on_briefing(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - Locust's signature
        briefing = Briefing(**msg.data)
        random.seed(f"{briefing.seed}/{briefing.share}")  # Locust chooses tasks with the module's own generator
        self._world = World(briefing, self._budget)
        self._budget = self._world.budget
        settle_memory()
        self._briefed.set()
        self._reporter = gevent.spawn(self._report_for_ever, self._world)

    def _on_lease(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        if self._world is not None:
            self._world.budget.add([tuple(pair) for pair in msg.data["keys"]])

    def _report_for_ever(self, world: World) -> None:
        while not self._finished.wait(REPORT_EVERY) and self._world is world:
            self._send(REPORT, world.report())
            self._ask_for_keys(world)

    def _ask_for_keys(self, world: World) -> None:
        """Users came over from a worker that is gone, or the rate went up: the load needs more keys."""
        briefing = world.briefing
        classes = [cls for cls in self.environment.user_classes if issubclass(cls, Stream)]
        rate = self.runner.user_count * briefing.pace * max((mean_requests(cls) for cls in classes), default=1.0)
        wanted = math.ceil(rate * HEADROOM * (briefing.window + MARGIN) / briefing.limit) + 1
        if wanted > len(world.budget):
            self._send(WANTED, {"count": wanted - len(world.budget)})

    def _on_finish(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - as above
        self.finish()

    def stopping(self) -> None:
        """Users are about to be ended, which takes a while: nobody arrives any more."""
        if self._world is not None:
            self._world.stopping.set()

    def finish(self) -> None:
        """Users are gone or going: let visits end, report the rest, say so. Only the first call does anything."""
        world = self._world
        if world is None or self._finished.is_set():
            return
        self._finished.set()
        cut = world.finish(UNDER_WAY_PATIENCE)
        world.telemetry.count("visits cut off at the end", cut)
        self._send(REPORT, world.report())
        self._send(FINISHED)
