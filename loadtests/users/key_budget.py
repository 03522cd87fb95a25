"""A worker's keys: every request has one with budget, and what waiting for one costs is told apart from latency."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import gevent

from conformance.target.keys import MARGIN, Key, KeyPool, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADROOM = 1.15
"""Keys beyond the average: arrivals at random come in bursts."""


class OutOfKeysError(Exception):
    """A worker that was given no key has a request to make."""


def keys_needed(requests_per_second: float, limit: int, window: float) -> int:
    """How many keys of `limit` requests in `window` seconds carry such a load."""
    return math.ceil(requests_per_second * HEADROOM * (window + MARGIN) / limit)


class Budget:
    """Lends keys in turn, each until it is spent, from a pool whose account no window of the target can find too much."""

    def __init__(self, limit: int, window: float) -> None:
        self.limit, self.window = limit, window
        self._pool = KeyPool([], limit, window)
        self._keys: list[Key] = []
        self._turn = 0
        self._rested: dict[Key, float] = {}
        self.waited = 0.0

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Iterable[tuple[str, str]]) -> None:
        """Keys as (label, secret), which nobody else uses; those that are here already stay as they are."""
        known = {key.label for key in (*self._keys, *self._rested)}
        self._keys += [Key(label, Role.FULL, secret) for label, secret in keys if label not in known]

    def key(self) -> tuple[Key, float]:
        """A key with one request booked, and the seconds that were waited for it. Raises OutOfKeysError."""
        started = time.monotonic()
        while True:
            found = self._free()
            if found is not None:
                waited = time.monotonic() - started
                self.waited += waited
                return found, waited
            gevent.sleep(0.05)

    def _free(self) -> Key | None:
        if not self._keys:
            raise OutOfKeysError("no keys were given to this worker")
        for _ in range(len(self._keys)):
            key = self._keys[self._turn % len(self._keys)]
            if self._pool.book_now(key):
                return key
            self._turn += 1
        return None

    def whole(self) -> Key | None:
        """A key whose window is untouched, taken out of the pool for a user who spends it; None when none is to spare.

        `rest` puts it back.
        """
        now = time.monotonic()
        for key in [key for key, until in self._rested.items() if until <= now]:
            del self._rested[key]
            self._keys.append(key)
        fresh = next((key for key in reversed(self._keys) if not self._pool.spent(key)), None)
        if fresh is None or len(self._keys) < 2:  # noqa: PLR2004 - the last key stays
            return None
        self._keys.remove(fresh)
        return fresh

    def rest(self, key: Key) -> None:
        """The key is spent; it comes back when its window is over for certain."""
        self._rested[key] = time.monotonic() + self.window + MARGIN

    def refused(self, key: Key, retry_after: float) -> None:
        """The target answered 429 although the key had budget."""
        self._pool.refused(key, retry_after)

    @property
    def left(self) -> int:
        """Requests that the keys can still carry at this moment."""
        return sum(self.limit - self._pool.spent(key) for key in self._keys)
