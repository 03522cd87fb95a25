"""The load shapes as Locust runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locust import LoadTestShape

from loadtests.schedule.capacity import SETTLING, STEPS, Search, Step
from loadtests.schedule.shapes import SHAPES, users

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE = 3
"""Tasks under way that are no backlog."""
Tick = tuple[int, float]
"""Users, and how many of them are added a second."""


class RateShape(LoadTestShape):
    """`asked` users at the most, for `duration` seconds, in the shape of that name."""

    abstract = True  # nothing that Locust should pick up by itself
    use_common_options = True

    def __init__(self, name: str, asked: int, duration: float) -> None:
        super().__init__()
        self._shape, self._asked, self._duration = SHAPES[name], asked, duration

    def tick(self) -> Tick | None:
        elapsed = self.get_run_time()
        wanted = users(self._shape, self._asked, elapsed, self._duration)
        return (wanted, float(max(1, wanted))) if elapsed < self._duration else None


class CapacityShape(LoadTestShape):
    """Steps of equal length, each at the rate that the search asks for. `broken` says what broke in a window of seconds,
    `under_way` how many tasks are unfinished: after a step that broke, the backlog is worked off before the next.
    """

    abstract = True
    use_common_options = True

    def __init__(
        self,
        search: Search,
        duration: float,
        broken: Callable[[float, float], tuple[str, ...]],
        under_way: Callable[[], int],
    ) -> None:
        super().__init__()
        self.search, self._length = search, duration / STEPS
        self._broken, self._under_way = broken, under_way
        self._rate: int | None = None
        self._since = self._broke = 0.0
        self._resting = False

    def tick(self) -> Tick | None:
        elapsed = self.get_run_time()
        if self._rate is not None and elapsed - self._since >= self._length:
            self._conclude(self._rate, elapsed)
        if self._resting and (self._under_way() <= IDLE or elapsed - self._broke >= self._length):
            self.search.overloads.append((self._since, elapsed))
            self._resting = False
        if self._resting:
            return 1, 1.0
        if self._rate is None:
            self._rate, self._since = self.search.next(), elapsed
        return None if self._rate is None else (self._rate, float(self._rate))

    def _conclude(self, rate: int, elapsed: float) -> None:
        since = self._since + self._length * SETTLING
        step = Step(rate, since, elapsed, self._broken(since, elapsed))
        self.search.steps.append(step)
        self._rate, self._broke, self._resting = None, elapsed, not step.held
