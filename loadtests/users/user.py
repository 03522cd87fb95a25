"""A Locust user of the open model: a process of arrivals that waits for no answer.

`-u 40` is 40 tasks a second (with `--pace 1`), whatever the target does. Locust shares users out among workers, and again
when one joins or dies; so it does with the rate.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import gevent
import locust

from loadtests.schedule.arrivals import ArrivalProcess, Arrivals
from loadtests.users.scenario import Scenario, TaskDefinition
from loadtests.users.task import CutShortError, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment

    from loadtests.users.worker_state import WorkerState

U = TypeVar("U", bound="OpenModelUser")
ATTACHED_PATIENCE = 10.0


def worker_state(environment: Environment) -> WorkerState:
    """The state of this worker. It is there once the briefing came; a user that starts before waits for it."""
    deadline = time.monotonic() + ATTACHED_PATIENCE
    while not hasattr(environment, "wacrm") and time.monotonic() < deadline:
        gevent.sleep(0.05)
    found: WorkerState = environment.wacrm.worker_state  # type: ignore[attr-defined]
    return found


def task(
    scenario: Scenario, weight: int, *tags: str, requests: float = 1.0
) -> Callable[[Callable[[U, Task], None]], Any]:
    """Declare a method as one of Locust's weighted and tagged tasks; `requests` as in `TaskDefinition`."""

    def declare(body: Callable[[U, Task], None]) -> Any:  # noqa: ANN401 - Locust's own decorators are as vague
        definition = TaskDefinition(scenario.name, body, requests)

        @functools.wraps(body)
        def arrive(user: U) -> None:
            user.arrive(definition)

        arrive.definition = definition  # type: ignore[attr-defined]
        return locust.tag(scenario.name, *tags)(locust.task(weight)(arrive))

    return declare


class OpenModelUser(locust.User):
    """Tasks begin at intended moments, each in a greenlet of its own."""

    abstract = True
    scenario: ClassVar[Scenario]

    def on_start(self) -> None:
        self.worker = worker_state(self.environment)
        self.worker.first_round.plan(definitions(type(self)))
        briefing, number = self.worker.briefing, next(self.worker.user_numbers)
        kind = Arrivals(briefing.arrivals)
        self._arrivals = ArrivalProcess(kind, briefing.pace, number, self.worker.rng, time.monotonic())
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Seconds until the next intended start; Locust asks after every arrival."""
        return max(0.0, self._arrivals.due - time.monotonic())

    def arrive(self, definition: TaskDefinition) -> None:
        """Begin a task: one of the first round, or else the one that Locust drew."""
        if self.worker.stopping.is_set():
            return
        definition = self.worker.first_round.next() or definition
        due = self._arrivals.next()
        self.worker.telemetry.began(time.monotonic() - due)
        begun = Task(self.worker, self.environment.events.request, definition.scenario, due)
        self.worker.begin(functools.partial(self._carry_out, begun, definition))

    def _carry_out(self, begun: Task, definition: TaskDefinition) -> None:
        try:
            definition.body(self, begun)
        except CutShortError as reason:
            self.worker.telemetry.count(f"tasks cut short: {reason}")
        except Exception as error:  # noqa: BLE001 - one task's defect ends with it, and is seen in the verdict
            self.worker.outbox.observe("harness", f"{definition.body.__qualname__}: {type(error).__name__}: {error}")


def definitions(user_class: type[OpenModelUser]) -> list[TaskDefinition]:
    """A user class's tasks, each as often as its weight says."""
    return [one.definition for one in user_class.tasks]  # type: ignore[union-attr]


def mean_requests(user_class: type[OpenModelUser]) -> float:
    """Requests of an average task of this class."""
    costs = [one.requests for one in definitions(user_class)]
    return sum(costs) / len(costs) if costs else 0.0
