"""Models of one limiter of one key: of any moment they say whether they would admit."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol


class Model(Protocol):
    """One limiter of one key. A decision fell somewhere between `early` and `late`."""

    def allows(self, early: float, late: float, *, admitted: bool) -> bool:
        """Whether the limiter could have decided so; changes nothing."""

    def record(self, early: float, late: float, *, admitted: bool) -> None:
        """The target's real decision."""


@dataclass
class FirstRequest:
    """The window ends between `ends_early` and `ends_late`: its first request took its time."""

    limit: int
    window: float
    ends_early: float = -math.inf
    ends_late: float = -math.inf
    used: int = 0

    def allows(self, early: float, late: float, *, admitted: bool) -> bool:
        if admitted:
            return self.used < self.limit or late >= self.ends_early
        return self.used >= self.limit and early < self.ends_late

    def record(self, early: float, late: float, *, admitted: bool) -> None:
        begins = early >= self.ends_late or (self.used >= self.limit and late >= self.ends_early)
        if admitted and begins:
            self.ends_early, self.ends_late, self.used = early + self.window, late + self.window, 0
        self.used += admitted


@dataclass
class Prolonged(FirstRequest):
    """A fixed window that begins anew with every refusal; or, the same from outside, a log that keeps the refused."""

    def record(self, early: float, late: float, *, admitted: bool) -> None:
        super().record(early, late, admitted=admitted)
        if not admitted:
            self.ends_early, self.ends_late = early + self.window, late + self.window


@dataclass
class Renewed(FirstRequest):
    """A counter whose expiry is set whenever it is increased."""

    def record(self, early: float, late: float, *, admitted: bool) -> None:
        super().record(early, late, admitted=admitted)
        if admitted:
            self.ends_early, self.ends_late = early + self.window, late + self.window


@dataclass
class SlidingLog:
    limit: int
    window: float
    log: deque[tuple[float, float]] = field(default_factory=deque)

    def allows(self, early: float, late: float, *, admitted: bool) -> bool:
        if len(self.log) < self.limit:
            return admitted
        oldest_early, oldest_late = self.log[-self.limit]
        return oldest_early <= late - self.window if admitted else oldest_late > early - self.window

    def record(self, early: float, late: float, *, admitted: bool) -> None:
        if admitted:
            self.log.append((early, late))


class AtAMoment:
    """A model that knows moments only: a decision is possible if it is at either end of the time that it may have fallen in."""

    def admits(self, now: float) -> bool:
        raise NotImplementedError

    def note(self, now: float, *, admitted: bool) -> None:
        raise NotImplementedError

    def allows(self, early: float, late: float, *, admitted: bool) -> bool:
        return admitted in {self.admits(early), self.admits(late)}

    def record(self, early: float, late: float, *, admitted: bool) -> None:
        possible = [now for now in (early, late) if self.admits(now) is admitted]
        self.note(possible[0] if len(possible) == 1 else (early + late) / 2, admitted=admitted)


@dataclass
class Aligned(AtAMoment):
    """`phase` is the time of some window's beginning."""

    limit: int
    window: float
    phase: float
    number: int = -1
    used: int = 0

    def _number(self, now: float) -> int:
        return math.floor((now - self.phase) / self.window)

    def admits(self, now: float) -> bool:
        return self._number(now) != self.number or self.used < self.limit

    def note(self, now: float, *, admitted: bool) -> None:
        if self._number(now) != self.number:
            self.number, self.used = self._number(now), 0
        self.used += admitted


@dataclass
class SlidingCounter(AtAMoment):
    """The last window's count, weighted by how much of it the sliding window still covers, and this window's."""

    limit: int
    window: float
    phase: float
    counts: dict[int, int] = field(default_factory=dict)

    def admits(self, now: float) -> bool:
        number, part = divmod((now - self.phase) / self.window, 1.0)
        return self.counts.get(int(number) - 1, 0) * (1 - part) + self.counts.get(int(number), 0) < self.limit

    def note(self, now: float, *, admitted: bool) -> None:
        number = math.floor((now - self.phase) / self.window)
        self.counts[number] = self.counts.get(number, 0) + admitted


@dataclass
class TokenBucket(AtAMoment):
    limit: int
    window: float
    level: float = math.inf
    at: float = 0.0

    def _level(self, now: float) -> float:
        return min(float(self.limit), self.level + (now - self.at) * self.limit / self.window)

    def admits(self, now: float) -> bool:
        return self._level(now) >= 1

    def note(self, now: float, *, admitted: bool) -> None:
        self.level, self.at = max(0.0, self._level(now) - admitted), now
