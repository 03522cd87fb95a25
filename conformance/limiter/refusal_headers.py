"""What the headers of a refusal state: whether they agree with each other and with the window (RATE-04)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.limiter.observation import exchanges
from conformance.limiter.reopening import PUNCTUAL
from conformance.target.expect import precondition
from conformance.target.verdicts import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.limiter.observation import Observation
    from conformance.limiter.timekeeping import ClockOffset

UNIX_SECONDS = range(1_000_000_000, 10_000_000_000)
"""2001 to 2286. Less is a number of seconds to wait, more are milliseconds."""
AGREE = 1.0
"""Seconds by which `Reset` - now and `Retry-After` may differ (RATE-04)."""


def _plausible(reset: float | None) -> bool:
    return reset is not None and UNIX_SECONDS.start <= reset < UNIX_SECONDS.stop


def consistent(refused: Sequence[Observation], clock: ClockOffset | None) -> int:
    """`Reset` - now = `Retry-After` within a second, on the target's own clock (RATE-04); how many refusals said so."""
    told = [seen for seen in refused if seen.retry_after is not None and _plausible(seen.reset)]
    precondition(told, "no refusal had Retry-After and X-RateLimit-Reset as numbers: another clause is about that")
    precondition(clock is not None, "the target's answers have no Date, or its clock was set: its time is not known")
    assert clock is not None
    for seen in told:
        assert seen.reset is not None
        assert seen.retry_after is not None
        earliest, latest = clock.between(seen)
        low, high = seen.reset - latest - seen.retry_after, seen.reset - earliest - seen.retry_after
        if low > AGREE + PUNCTUAL or high < -AGREE - PUNCTUAL:
            off = low if low > 0 else high
            raise Mismatch(
                f"X-RateLimit-Reset {seen.retry_after:g} s (Retry-After) from the target's now, within a second",
                f"{seen.reset:.0f}, which is {'more' if off > 0 else 'less'} by at least {abs(off):.1f} s",
                *exchanges([seen]),
            )
    return len(told)


def within_one_window(refused: Iterable[Observation], clock: ClockOffset | None, window: float) -> None:
    """Neither header points past one window from now (RATE-04), with a second for rounding. Raises `Mismatch`."""
    most = math.ceil(window) + AGREE
    for seen in refused:
        if seen.retry_after is not None and seen.retry_after > most:
            raise Mismatch(
                f"Retry-After of at most one window, {window:g} s", f"{seen.retry_after:g} s", *exchanges([seen])
            )
        if clock is None or not _plausible(seen.reset):
            continue
        assert seen.reset is not None
        ahead = seen.reset - clock.between(seen)[1]
        if ahead > most + PUNCTUAL:
            raise Mismatch(
                f"X-RateLimit-Reset at most one window, {window:g} s, ahead", f"{ahead:.1f} s", *exchanges([seen])
            )
