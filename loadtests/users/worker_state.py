"""All that the users of one worker share: connections, keys, known recipients, measurements and records of messages."""

from __future__ import annotations

import gc
import itertools
import random
import time
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.pool import Group

from loadtests.measurement.telemetry import Telemetry
from loadtests.users.first_round import FirstRound
from loadtests.users.http_client import Client
from loadtests.users.key_budget import Budget
from loadtests.users.outbox import Outbox
from loadtests.users.recipients import Recipients

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.users.briefing import Briefing

POOL_OF_ROWS = 4000
"""Ids that a worker remembers of contacts and conversations."""


def settle_memory() -> None:
    """Modules that are loaded by now stay: the collector need not look through them again, which would hold up every user
    for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()


class WorkerState:
    def __init__(self, briefing: Briefing, budget: Budget | None = None) -> None:
        """`budget` is one whose keys were spent in part by a run before, where there is one."""
        self.briefing = briefing
        self.rng = random.Random(f"{briefing.seed}/{briefing.share}")
        self.recipients = Recipients(self.rng, briefing.seed, briefing.share, briefing.shares)
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
        self.user_numbers = itertools.count()
        """For users' arrival processes, which take their phases from them."""
        self.first_round = FirstRound()
        self._nonces = 0

    def begin(self, task: Callable[[], None]) -> None:
        """Let a task run beside all others."""
        if not self.stopping.is_set():
            self.under_way.add(gevent.spawn(task))

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
        """Keep an id for later tasks. With too many, a random one is replaced."""
        if len(rows) < POOL_OF_ROWS:
            rows.append(identity)
        else:
            rows[self.rng.randrange(POOL_OF_ROWS)] = identity

    def finish(self, patience: float) -> int:
        """Let tasks under way come to their end, `patience` seconds at most; how many had to be cut off."""
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
            "exhausted": self.recipients.exhausted,
            "under_way": len(self.under_way),
            "dead_since": self.dead_since,
        }

    def close(self) -> None:
        self.client.close()
        if self.provider is not None:
            self.provider.close()
