"""Time and identity: timestamps that never step back, and ids that sort in the order of their making."""

import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_MILLISECOND = timedelta(milliseconds=1)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`: such strings sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    """The one source of time of an application."""

    def __init__(self) -> None:
        self._last = ""

    def seconds(self) -> float:
        """Unix time."""
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> str:
        """The current time as `iso`; never before an earlier answer, for lists are ordered by it."""
        self._last = max(self._last, iso(datetime.fromtimestamp(self.seconds(), UTC)))
        return self._last

    def ago(self, seconds: float) -> str:
        return iso(datetime.fromtimestamp(self.seconds() - seconds, UTC))

    def after(self, earlier: str) -> str:
        """The current time, and in any case later than `earlier`: a change within one millisecond is a change."""
        return max(self.now(), iso(datetime.fromisoformat(earlier) + _MILLISECOND))


class Ids:
    """UUIDs of version 7 whose order within one process is the order in which they were made (RFC 9562, 6.2)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def new(self) -> str:
        # 48 bits of milliseconds and 12 bits of counter: rows that share a created_at keep their order of insertion
        self._last = max(self._last + 1, int(self._clock.seconds() * 1000) << 12)
        high = (self._last >> 12) << 16 | 0x7000 | self._last & 0xFFF
        low = 0x8 << 60 | secrets.randbits(62)
        return str(UUID(int=high << 64 | low))

    @staticmethod
    def parse(text: str) -> str | None:
        """The id in canonical form; None for what cannot be one."""
        return text.lower() if _UUID.fullmatch(text) else None
