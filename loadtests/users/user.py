"""A Locust user as this project means it: not a person in a loop, but a stream of arrivals.

`-u 40` is 40 visits a second (with `--pace 1`), whatever the target does: streams never wait for answers. Locust shares
users out among workers, and again when one joins or dies; so it does with the rate.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import gevent
from locust import User, tag, task

from loadtests.schedule.arrivals import Arrivals
from loadtests.schedule.arrivals import Stream as Schedule
from loadtests.users.task import CutShortError, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment

    from loadtests.users.worker_state import World

S = TypeVar("S", bound="Stream")
ATTACHED_PATIENCE = 10.0


def world_of(environment: Environment) -> World:
    """The world of this process. It is there once the briefing came; who asks before waits for it."""
    deadline = time.monotonic() + ATTACHED_PATIENCE
    while not hasattr(environment, "wacrm") and time.monotonic() < deadline:
        gevent.sleep(0.05)
    found: World = environment.wacrm.world  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True)
class Errand:
    """What a user comes for. `requests`: how many an average visit makes, for the number of keys that are needed."""

    scenario: str
    body: Callable[[Any, Visit], None]
    requests: float


def visit(scenario: str, weight: int, *tags: str, requests: float = 1.0) -> Callable[[Callable[[S, Visit], None]], Any]:
    """Declare an errand as one of Locust's weighted and tagged tasks."""

    def declare(body: Callable[[S, Visit], None]) -> Any:  # noqa: ANN401 - Locust's own decorators are as vague
        errand = Errand(scenario, body, requests)

        @functools.wraps(body)
        def arrive(user: S) -> None:
            user.arrive(errand)

        arrive.errand = errand  # type: ignore[attr-defined]
        return tag(scenario, *tags)(task(weight)(arrive))

    return declare


def errands(user_class: type[Stream]) -> list[Errand]:
    """As often as their weights say."""
    return [one.errand for one in user_class.tasks]  # type: ignore[union-attr]


class Stream(User):
    """Arrivals at intended moments, each a visit in a greenlet of its own."""

    abstract = True

    def on_start(self) -> None:
        self.world = world_of(self.environment)
        self.world.plan_first_round(list(dict.fromkeys(errands(type(self)))))
        briefing = self.world.briefing
        kind = Arrivals(briefing.arrivals)
        self._schedule = Schedule(kind, briefing.pace, next(self.world.streams), self.world.rng, time.monotonic())
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Seconds until the next intended start; Locust asks after every arrival."""
        return max(0.0, self._schedule.due - time.monotonic())

    def arrive(self, errand: Errand) -> None:
        """Begin a visit. Before chance chooses errands, each is run once, so that a short run leaves none out."""
        if self.world.stopping.is_set():
            return
        errand = self.world.next_of_first_round() or errand
        due = self._schedule.next()
        self.world.telemetry.began(time.monotonic() - due)
        arrived = Visit(self.world, self.environment.events.request, errand.scenario, due)
        self.world.begin(functools.partial(self._spend, arrived, errand))

    def _spend(self, arrived: Visit, errand: Errand) -> None:
        try:
            errand.body(self, arrived)
        except CutShortError as reason:
            self.world.telemetry.count(f"visits cut short: {reason}")
        except Exception as error:  # noqa: BLE001 - one visit's trouble ends with it, and is seen in the verdict
            self.world.outbox.trouble("harness", f"{errand.body.__qualname__}: {type(error).__name__}: {error}")


def mean_requests(user_class: type[Stream]) -> float:
    """Requests of an average visit of this class."""
    costs = [one.requests for one in errands(user_class)]
    return sum(costs) / len(costs) if costs else 0.0
