"""The limiter: a fixed window per key that starts with the key's first request (seeds: rate limits).

In memory and per process, as documented: several processes admit as many times the limit.
"""

import math
from dataclasses import dataclass

from reference.wacrm.protocol.envelope import ApiError, Code
from reference.wacrm.storage.clock import Clock


@dataclass
class Window:
    """`ends` is monotonic time in seconds."""

    ends: float
    used: int = 0


class Limiter:
    """Charges requests. It never awaits, so that a concurrent burst is admitted exactly to the limit."""

    def __init__(self, clock: Clock, limit: int, window: float) -> None:
        self.limit = limit
        self.window = window
        self.windows: dict[str, Window] = {}
        self._clock = clock

    def charge(self, key_hash: str) -> None:
        """Take one request from the key's budget.

        Raises:
            ApiError: 429 with the four headers when the budget is spent; nothing is charged then.

        """
        window = self.current(key_hash)
        if window.used >= self.limit:
            raise self.refusal(window.ends - self._clock.monotonic())
        window.used += 1

    def current(self, key_hash: str) -> Window:
        """The key's running window; a new one when there is none or it is over."""
        now = self._clock.monotonic()
        window = self.windows.get(key_hash)
        if window is None or window.ends <= now:
            window = self.windows[key_hash] = Window(now + self.window)
        return window

    def refusal(self, remaining: float) -> ApiError:
        """429 for a window that ends in `remaining` seconds."""
        return ApiError(Code.RATE_LIMITED, "Too many requests for this API key.", self.headers(remaining))

    def headers(self, remaining: float) -> dict[str, str]:
        """Both times are rounded up: who waits for either finds the window open."""
        return {
            "Retry-After": str(max(1, math.ceil(remaining))),
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(self._clock.seconds() + remaining)),
        }
