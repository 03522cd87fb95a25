"""What experiments work with: a clock, requests of one key at a time or many at once, and a turn to send in."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Event
from typing import TYPE_CHECKING, Protocol

from conformance.limiter.observation import Observation
from conformance.target.burst import burst
from conformance.target.concurrency import at_once
from conformance.target.verdicts import NoVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from conformance.limiter.requests import Request
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key
    from conformance.target.probe import Probe


class Instrument(Protocol):
    """The target's limiter as an experiment sees it. Tests put a simulated one, on a clock of its own, in its place."""

    limit: int
    window: float
    spending: Request
    """What budgets are spent with."""

    def now(self) -> float:
        """Monotonic seconds, the clock of `Observation.sent`."""

    def wait_until(self, moment: float) -> None:
        """Return at `moment`, or at once when it is past."""

    def ask(self, key: Key, request: Request) -> Observation:
        """One request."""

    def ask_together(self, key: Key, requests: Sequence[Request]) -> list[Observation]:
        """These requests under way at the same time, in their order."""

    def burst(self, key: Key, request: Request, count: int) -> list[Observation]:
        """The same request `count` times at the same moment, each on a connection of its own; in order of sending."""

    def turn(self) -> AbstractContextManager[None]:
        """While it lasts, few other experiments send much: budgets are spent one after the other, and so quickly."""


class Turns:
    """First come, first served, `places` at a time."""

    def __init__(self, places: int = 1) -> None:
        self.places = places
        self._queue: deque[object] = deque()
        self._inside = 0
        self._changed = Condition()

    @contextmanager
    def take(self) -> Iterator[None]:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            self._changed.wait_for(lambda: self._queue[0] is ticket and self._inside < self.places)
            self._queue.popleft()
            self._inside += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()


@dataclass
class Live:
    """The target itself. `stop` ends every wait when the run ends."""

    probe: Probe
    limit: int
    window: float
    spending: Request
    turns: Turns
    stop: Event = field(default_factory=Event)

    def now(self) -> float:
        return time.monotonic()

    def wait_until(self, moment: float) -> None:
        remaining = moment - time.monotonic()
        if self.stop.wait(max(0.0, remaining)):
            raise NoVerdict("the run ended before the experiment")

    def ask(self, key: Key, request: Request) -> Observation:
        if self.stop.is_set():
            raise NoVerdict("the run ended before the experiment")
        return observed(
            self.probe.send(
                request.method,
                request.path,
                key=key,
                json=request.json,
                content=request.content,
                headers=request.headers,
            )
        )

    def ask_together(self, key: Key, requests: Sequence[Request]) -> list[Observation]:
        return at_once([partial(self.ask, key, request) for request in requests])

    def burst(self, key: Key, request: Request, count: int) -> list[Observation]:
        return [observed(exchange) for exchange in burst(self.probe, request.path, key, count)]

    def turn(self) -> AbstractContextManager[None]:
        return self.turns.take()


def observed(exchange: Exchange) -> Observation:
    headers = {name.lower(): value for name, value in exchange.answer_headers.items()}
    assert exchange.status is not None
    return Observation(exchange.at, exchange.at + exchange.seconds, exchange.status, headers, exchange)
