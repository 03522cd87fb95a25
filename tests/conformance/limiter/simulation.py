"""Limiters of every kind and defect, on a clock that only moves when an experiment waits or asks."""

from __future__ import annotations

import math
import random
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Protocol

from conformance.limiter.observation import Observation
from conformance.limiter.requests import Request
from conformance.target.keys import Key, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

LIMIT, WINDOW = 120, 60.0
SPEND, PLAIN = Request("GET", "/read"), Request("GET", "/plain")
EPOCH = 1_750_000_000.4


class Limiter(Protocol):
    def ask(self, key: str, now: float) -> float | None:
        """None for an admission, else the seconds until the wait is over."""


@dataclass
class Fixed:
    """A fixed window that starts with the key's first request; the right one. Subclasses have one defect each."""

    limit: int = LIMIT
    window: float = WINDOW
    ends: dict[str, float] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def start(self, key: str, now: float) -> None:
        self.ends[key], self.used[key] = now + self.window, 0

    def ask(self, key: str, now: float) -> float | None:
        if now >= self.ends.get(key, -math.inf):
            self.start(key, now)
        if self.used[key] >= self.limit:
            return self.refuse(key, now)
        self.used[key] += 1
        return None

    def refuse(self, key: str, now: float) -> float:
        return self.ends[key] - now


class Aligned(Fixed):
    def start(self, key: str, now: float) -> None:
        self.ends[key], self.used[key] = (math.floor(now / self.window) + 1) * self.window, 0


class Prolonging(Fixed):
    def refuse(self, key: str, now: float) -> float:
        self.ends[key] = now + self.window
        return self.window


class Renewing(Fixed):
    """The window begins anew with every admission: an expiry that is set whenever the counter is increased."""

    def ask(self, key: str, now: float) -> float | None:
        wait = super().ask(key, now)
        if wait is None:
            self.ends[key] = now + self.window
        return wait


class CarryingOver(Fixed):
    """A tenth of what was used weighs on the next window."""

    def start(self, key: str, now: float) -> None:
        carried = self.used[key] // 10
        super().start(key, now)
        self.used[key] = carried


class ByAccount(Fixed):
    def ask(self, key: str, now: float) -> float | None:  # noqa: ARG002 - that is the defect
        return super().ask("account", now)


@dataclass
class SlidingLog:
    limit: int = LIMIT
    window: float = WINDOW
    logs: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def ask(self, key: str, now: float) -> float | None:
        log = self.logs[key]
        while log and log[0] <= now - self.window:
            log.popleft()
        if len(log) >= self.limit:
            return log[0] + self.window - now
        log.append(now)
        return None


@dataclass
class SlidingCounter:
    limit: int = LIMIT
    window: float = WINDOW
    counts: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def ask(self, key: str, now: float) -> float | None:
        number, part = divmod(now / self.window, 1.0)
        if self.counts[key, int(number) - 1] * (1 - part) + self.counts[key, int(number)] >= self.limit:
            return (1 - part) * self.window
        self.counts[key, int(number)] += 1
        return None


@dataclass
class TokenBucket:
    limit: int = LIMIT
    window: float = WINDOW
    buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def ask(self, key: str, now: float) -> float | None:
        level, at = self.buckets.get(key, (float(self.limit), now))
        level = min(self.limit, level + (now - at) * self.limit / self.window)
        self.buckets[key] = (level - 1 if level >= 1 else level, now)
        return None if level >= 1 else (1 - level) * self.window / self.limit


@dataclass
class Instances:
    """`count` limiters; `balance` says which one a request is led to."""

    count: int
    balance: Callable[[int], int]
    made: list[Fixed] = field(default_factory=list)
    turn: int = 0

    def ask(self, key: str, now: float) -> float | None:
        self.made = self.made or [Fixed() for _ in range(self.count)]
        self.turn += 1
        return self.made[self.balance(self.turn) % self.count].ask(key, now)


@dataclass
class Deployment:
    """An instrument over a simulated target: round trips take time, and the target's clock is not ours."""

    limiter: Limiter
    limit: int = LIMIT
    window: float = WINDOW
    spending: Request = SPEND
    trip: Callable[[], float] = lambda: 0.003
    skew: float = 0.0
    tell: Callable[[float], int] = math.ceil
    per_operation: bool = False
    free: frozenset[str] = frozenset()
    prices: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    racy: int = 0
    clock: float = 1000.25

    def now(self) -> float:
        return self.clock

    def wait_until(self, moment: float) -> None:
        self.clock = max(self.clock, moment)

    @contextmanager
    def turn(self) -> Iterator[None]:
        yield

    def ask(self, key: Key, request: Request) -> Observation:
        sent, trip = self.clock, self.trip()
        self.clock = sent + trip / 2
        status, headers = self._decide(key, request)
        self.clock = sent + trip
        return Observation(sent, self.clock, status, headers)

    def ask_together(self, key: Key, requests: Sequence[Request]) -> list[Observation]:
        """Decided in their order in the middle of one round trip."""
        sent, trip, seen = self.clock, self.trip(), []
        self.clock = sent + trip / 2
        for request in requests:
            status, headers = self._decide(key, request)
            seen.append(Observation(sent, sent + trip, status, headers))
        self.clock = sent + trip
        return seen

    def burst(self, key: Key, request: Request, count: int) -> list[Observation]:
        """All are decided within a millisecond; a racy limiter forgets to count some of them."""
        sent, seen = self.clock, []
        for n in range(count):
            self.clock = sent + 0.02 + n * 0.00005
            if self.racy and n % self.racy == 0:
                seen.append(Observation(sent, sent + 0.05, 200, self._dated()))
                continue
            status, headers = self._decide(key, request)
            seen.append(Observation(sent, sent + 0.05, status, headers))
        self.clock = sent + 0.05
        return seen

    def _decide(self, key: Key, request: Request) -> tuple[int, dict[str, str]]:
        name = f"{request.method} {request.path}"
        if name in self.free:
            return 200, self._dated()
        wait = None
        for _ in range(self.prices.get(name, 1)):
            wait = self.limiter.ask(f"{key.label} {name}" if self.per_operation else key.label, self.clock)
        if wait is None:
            return self.statuses.get(name, 200), self._dated()
        told = self.tell(wait)
        reset = math.ceil(EPOCH + self.skew + self.clock + wait)
        return 429, self._dated() | {
            "retry-after": str(told), "x-ratelimit-limit": str(self.limit), "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(reset),
        }  # fmt: skip

    def _dated(self) -> dict[str, str]:
        return {"date": formatdate(EPOCH + self.skew + self.clock, usegmt=True)}


def key(n: int = 0) -> Key:
    return Key(f"full[{n}]", Role.FULL, f"secret{n}")


def slow(seed: int, usual: float, worst: float) -> Callable[[], float]:
    """Round trips of a loaded machine: mostly `usual`, every tenth up to `worst` seconds."""
    rng = random.Random(seed)
    return lambda: rng.uniform(usual, 2 * usual) if rng.random() > 0.1 else rng.uniform(usual, worst)
