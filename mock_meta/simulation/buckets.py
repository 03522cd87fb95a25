"""The two ways Meta counts: buckets that refill, and calls within a rolling time."""

from collections import deque
from collections.abc import Hashable

_FEW = 10_000
_INSTANT = 1e-6  # Unix times as floats are no finer: a token that is due by the clock must not fail by a rounding.


class TokenBuckets:
    """One bucket per key: ``capacity`` at once, then ``rate`` per second. Buckets that are full again are forgotten."""

    def __init__(self) -> None:
        self._levels: dict[Hashable, tuple[float, float]] = {}
        self._many = _FEW

    def take(self, key: Hashable, capacity: float, rate: float, now: float) -> bool:
        """Take one token; False, and nothing taken, when the bucket is empty."""
        level, since = self._levels.get(key, (capacity, now))
        level = min(capacity, level + max(0.0, now - since) * rate)
        allowed = level >= 1.0 - _INSTANT * rate
        self._levels[key] = (level - 1.0 if allowed else level, now)
        if len(self._levels) > self._many:
            self._sweep(capacity, rate, now)
        return allowed

    def _sweep(self, capacity: float, rate: float, now: float) -> None:
        """Forget full buckets; wait for twice as many as are left before the next time."""
        levels = self._levels.items()
        self._levels = {key: (level, at) for key, (level, at) in levels if level + (now - at) * rate < capacity}
        self._many = max(_FEW, 2 * len(self._levels))

    def clear(self) -> None:
        self._levels.clear()


class RollingCounts:
    """Times of events per key within the last ``span`` seconds."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._times: dict[Hashable, deque[float]] = {}

    def count(self, key: Hashable, now: float) -> int:
        times = self._times.get(key)
        if times is None:
            return 0
        while times and times[0] <= now - self._span:
            times.popleft()
        return len(times)

    def wait(self, key: Hashable, most: int, now: float) -> float:
        """Seconds until one of ``most`` places is free; 0 while there are some."""
        excess = self.count(key, now) - most
        return self._times[key][excess] + self._span - now if excess >= 0 else 0.0

    def take(self, key: Hashable, most: int, now: float) -> bool:
        """Count an event; False, and not counted, when there were ``most`` already."""
        if self.count(key, now) >= most:
            return False
        self._times.setdefault(key, deque()).append(now)
        return True

    def clear(self) -> None:
        self._times.clear()
