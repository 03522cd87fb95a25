"""Keys for limiter experiments: enough at once on most targets, one after the other where there are few."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING

from conformance.target.keys import MARGIN
from conformance.target.verdicts import NoVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.keys import Key, KeyPool

ROUNDS = 4
"""Windows that an experiment waits for a key; a target with a third of the keys then still gets every verdict."""


@dataclass
class KeySchedule:
    """Hands out keys, first come, first served. A key that comes back rests for a window before it is fresh again."""

    keys: list[Key]
    role: str
    window: float
    clock: Callable[[], float] = time.monotonic
    _fresh_from: dict[Key, float] = field(default_factory=dict)
    _queue: deque[object] = field(default_factory=deque)
    _closed: bool = False
    _changed: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        self.stock = len(self.keys)
        self._until = self.clock() + ROUNDS * (self.window + 2 * MARGIN)

    @contextmanager
    def keys_for(self, count: int) -> Iterator[list[Key]]:
        """`count` fresh keys. Raises `NoVerdict` when the target has too few, or they come too late."""
        taken = self._take(count)
        try:
            yield taken
        finally:
            with self._changed:
                self._fresh_from |= dict.fromkeys(taken, self.clock() + self.window + MARGIN)
                self.keys += taken
                self._changed.notify_all()

    def close(self) -> None:
        """End every wait for a key."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, count: int) -> list[Key]:
        if count > self.stock:
            raise NoVerdict(
                f"the target file has too few keys: this needs {count} of keys.{self.role} that nothing else uses"
            )
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            while self._queue[0] is not ticket or len(self._fresh()) < count:
                self._wait(ticket)
            self._queue.popleft()
            taken = self._fresh()[:count]
            self.keys = [key for key in self.keys if key not in taken]
            self._changed.notify_all()
        return taken

    def _fresh(self) -> list[Key]:
        return [key for key in self.keys if self._fresh_from.get(key, 0.0) <= self.clock()]

    def _wait(self, ticket: object) -> None:
        if self._closed or self.clock() >= self._until:
            self._queue.remove(ticket)
            self._changed.notify_all()
            raise NoVerdict(
                f"no fresh key within {ROUNDS} windows: "
                f"{self.stock} of keys.{self.role} are kept for limiter checks, a third of them"
            )
        waking = min((self._fresh_from.get(key, 0.0) for key in self.keys), default=self._until)
        self._changed.wait(min(max(0.01, waking - self.clock()), 0.5))


def reserved(pool: KeyPool, role: str, wanted: int, window: float) -> KeySchedule:
    """A schedule of up to `wanted` keys of the role: at most a third of the pool's, one at least if it can spare it."""
    share = max(1, len(pool.keys(role)) // 3)
    keys = [key for _ in range(min(wanted, share)) if (key := pool.exclusive(role)) is not None]
    return KeySchedule(keys, role, window)
