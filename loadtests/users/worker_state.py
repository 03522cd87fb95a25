"""All that the users of one worker share: connections, keys, acquaintances, what is measured and what is written down."""

from __future__ import annotations

import gc
import itertools
import random
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.pool import Group

from loadtests.measurement.telemetry import Telemetry
from loadtests.users.http_client import Client
from loadtests.users.key_budget import Budget
from loadtests.users.recipients import People

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.users.message_records import Asked, Written
    from loadtests.users.user import Errand

EXAMPLES = 3
"""Examples of one kind of trouble that a worker reports at a time."""
POOL_OF_ROWS = 4000
"""Ids that a worker remembers of contacts and conversations."""


@dataclass(frozen=True)
class Briefing:
    """What a worker is told before its first request; that it is told at all means that the interlock held.

    `run` is six hexadecimal digits, `zero` the unix time from which slices of `step` seconds are counted, `share` of `shares`
    the worker's part of the telephone numbers, `ceiling` the requests that it may make at most, `fresh` whether nobody can have
    used the keys before.
    """

    run: str
    seed: int
    share: int
    shares: int
    origin: str
    verify: bool | str
    timeout: float
    limit: int
    window: float
    zero: float
    step: float
    ceiling: int
    arrivals: str
    pace: float
    recipients: int
    patience: float
    fresh: bool = True
    control: str = ""
    phone_number_id: str = ""
    keys: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def as_message(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Outbox:
    """What the master has not been told yet."""

    asked: list[Asked] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    troubles: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def trouble(self, kind: str, example: str) -> None:
        """Something that must not happen, by its kind, with what shows it."""
        count, examples = self.troubles.get(kind, (0, []))
        self.troubles[kind] = (count + 1, [*examples, example][:EXAMPLES])

    def drain(self) -> dict[str, Any]:
        drained = {
            "asked": [row.row() for row in self.asked],
            "written": [row.row() for row in self.written],
            "troubles": [[kind, count, examples] for kind, (count, examples) in self.troubles.items()],
        }
        self.asked, self.written, self.troubles = [], [], {}
        return drained


def settle_memory() -> None:
    """Modules that are loaded by now stay: the collector need not look through them again, which would hold up every user
    for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()


class World:
    def __init__(self, briefing: Briefing, budget: Budget | None = None) -> None:
        """`budget` is one whose keys were spent in part by a run before, where there is one."""
        self.briefing = briefing
        self.rng = random.Random(f"{briefing.seed}/{briefing.share}")
        self.people = People(self.rng, briefing.seed, briefing.share, briefing.shares)
        self.client = Client(f"{briefing.origin}/api/v1", verify=briefing.verify, timeout=briefing.timeout)
        self.provider = Client(briefing.control, timeout=40.0) if briefing.control else None
        self.budget = budget or Budget(briefing.limit, briefing.window)
        self.budget.add((label, secret) for label, secret in briefing.keys)
        self.telemetry = Telemetry(briefing.zero, briefing.step)
        self.outbox = Outbox()
        self.contacts: list[str] = []
        self.conversations: list[str] = []
        self.under_way = Group()
        self.stopping = Event()
        self.requests = 0
        self.dead_since: float | None = None
        self.streams = itertools.count()
        """Numbers for streams of arrivals, which take their phases from them."""
        self._nonces = 0
        self._first_round: deque[Errand] | None = None

    def plan_first_round(self, errands: list[Errand]) -> None:
        """The first user that starts brings the list."""
        if self._first_round is None:
            self._first_round = deque(errands)

    def next_of_first_round(self) -> Errand | None:
        return self._first_round.popleft() if self._first_round else None

    def begin(self, visit: Callable[[], None]) -> None:
        """Let a visit run beside all others."""
        if not self.stopping.is_set():
            self.under_way.add(gevent.spawn(visit))

    def nonce(self) -> str:
        """A word that exists nowhere else."""
        self._nonces += 1
        return f"lt{self.briefing.run}-{self.briefing.share}-{self._nonces}"

    def unanswered(self, *, refused: bool) -> None:
        """Nobody answered. Since nobody even took the connection, the target counts as dead until somebody answers."""
        if refused and self.dead_since is None:
            self.dead_since = time.time()

    def pause(self, seconds: float) -> bool:
        """Wait; False when the run ends meanwhile."""
        return not self.stopping.wait(seconds)

    def remember(self, rows: list[str], identity: str) -> None:
        """Keep an id for later visits; of too many, one is forgotten."""
        if len(rows) < POOL_OF_ROWS:
            rows.append(identity)
        else:
            rows[self.rng.randrange(POOL_OF_ROWS)] = identity

    def finish(self, patience: float) -> int:
        """Let visits under way come to their end, `patience` seconds at most; how many had to be cut off."""
        self.stopping.set()
        self.under_way.join(timeout=patience)
        left = len(self.under_way)
        self.under_way.kill(block=True, timeout=5.0)
        return left

    def report(self) -> dict[str, Any]:
        """What happened since the last report, as a message to the master."""
        found = {**self.outbox.drain(), "telemetry": self.telemetry.drain(), "at": time.time()}
        found |= {"requests": self.requests, "waited": self.budget.waited, "left": self.budget.left}
        return found | {
            "exhausted": self.people.exhausted,
            "under_way": len(self.under_way),
            "dead_since": self.dead_since,
        }

    def close(self) -> None:
        self.client.close()
        if self.provider is not None:
            self.provider.close()
