"""Which worker spends which keys: the master allocates them, so that no two workers spend one budget."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Pair = tuple[str, str]
"""A key's label and its secret."""


class KeyAllocation:
    """Keys that are free, and those that a worker holds. `rest` seconds pass before a released key is allocated again: it
    may be spent.
    """

    def __init__(self, keys: Iterable[Pair], rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = deque(keys)
        self._held: dict[str, list[Pair]] = {}
        self._resting: deque[tuple[float, list[Pair]]] = deque()
        self._rest, self._clock = rest, clock

    def allocate(self, worker: str, count: int) -> list[Pair]:
        """Up to `count` keys, which are the worker's from now on."""
        while self._resting and self._resting[0][0] <= self._clock():
            self._free.extend(self._resting.popleft()[1])
        allocated = [self._free.popleft() for _ in range(min(count, len(self._free)))]
        self._held.setdefault(worker, []).extend(allocated)
        return allocated

    def release(self, worker: str) -> None:
        """The worker is gone; its keys rest, for it may have spent them in its last moment."""
        keys = self._held.pop(worker, [])
        if keys:
            self._resting.append((self._clock() + self._rest, keys))

    def held(self, worker: str) -> list[Pair]:
        """The keys that the worker holds."""
        return list(self._held.get(worker, []))
