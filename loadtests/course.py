"""The shapes as Locust runs them."""

from __future__ import annotations

from locust import LoadTestShape

from loadtests.shapes import SHAPES, users


class Course(LoadTestShape):
    """`asked` users at the most, for `duration` seconds, in the shape of that name."""

    abstract = True  # nothing that Locust should pick up by itself
    use_common_options = True

    def __init__(self, name: str, asked: int, duration: float) -> None:
        super().__init__()
        self._shape, self._asked, self._duration = SHAPES[name], asked, duration

    def tick(self) -> tuple[int, float] | None:
        elapsed = self.get_run_time()
        wanted = users(self._shape, self._asked, elapsed, self._duration)
        return (wanted, float(max(1, wanted))) if elapsed < self._duration else None
