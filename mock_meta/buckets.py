"""The two ways Meta counts: buckets that refill, and calls within a rolling time."""

from collections import deque
from collections.abc import Hashable


class TokenBuckets:
    """One bucket per key: ``capacity`` at once, then ``rate`` per second."""

    def __init__(self) -> None:
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable, capacity: float, rate: float, now: float) -> bool:
        """Take one token; False, and nothing taken, when the bucket is empty."""
        level, since = self._levels.get(key, (capacity, now))
        level = min(capacity, level + max(0.0, now - since) * rate)
        allowed = level >= 1.0
        self._levels[key] = (level - 1.0 if allowed else level, now)
        return allowed

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

    def take(self, key: Hashable, most: int, now: float) -> bool:
        """Count an event; False, and not counted, when there were ``most`` already."""
        if self.count(key, now) >= most:
            return False
        self._times.setdefault(key, deque()).append(now)
        return True

    def clear(self) -> None:
        self._times.clear()
