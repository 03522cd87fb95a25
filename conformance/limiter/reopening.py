"""When a spent key is admitted again: as its refusals said, and no later for having asked on (RATE-05, -06, -09)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.limiter.observation import exchanges, refusals
from conformance.target.expect import precondition
from conformance.target.verdicts import Mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.observation import Observation

EARLY = 2.0
"""Seconds by which the window may open before `Retry-After` says so (RATE-05: "a second or two")."""
PUNCTUAL = 0.05
"""Seconds that a target may be late to open, for clocks of milliseconds and timers."""
PROLONGED = 2.0
"""Seconds after the promise at which a refused key counts as prolonged (RATE-09)."""


def waiting_is_enough(series: Sequence[Observation], *, last_word: bool) -> int:
    """Who waits for `Retry-After` is admitted (RATE-05); how many requests put a promise to the test.

    `last_word`: only the promise directly before a request counts, for a target whose refusals prolong the wait (that is
    RATE-09's). Raises `Mismatch`.
    """
    tested, due, word = 0, math.inf, None
    for seen in series:
        if seen.sent >= due + PUNCTUAL:
            tested += 1
            if seen.refused and word is not None:
                raise Mismatch(
                    f"admission after waiting for Retry-After: {word.retry_after:g} s",
                    f"429 to a request {seen.sent - word.received:.2f} s later",
                    *exchanges([word, seen]),
                )
        if not seen.refused:
            due, word = math.inf, None
        elif seen.retry_after is not None and (last_word or seen.received + seen.retry_after < due):
            due, word = seen.received + seen.retry_after, seen
    return tested


def opens_no_earlier(series: Sequence[Observation]) -> float | None:
    """The window opens no more than two seconds before a `Retry-After` said so (RATE-05); by how much it did, at most.

    None when a spent key was not admitted again. Raises `Mismatch`.
    """
    latest, word, ahead = -math.inf, None, None
    for seen in series:
        if seen.refused:
            promised = seen.sent + seen.retry_after if seen.retry_after is not None else -math.inf
            latest, word = (promised, seen) if promised > latest else (latest, word)
            continue
        if word is not None:
            ahead = max(ahead or 0.0, latest - seen.received)
            if latest - seen.received > EARLY:
                raise Mismatch(
                    f"the window closed until Retry-After has passed: {word.retry_after:g} s, or two seconds less",
                    f"a request admitted after {seen.received - word.sent:.1f} s",
                    *exchanges([word, seen]),
                )
        latest, word = -math.inf, None
    return ahead


def not_prolonged(series: Sequence[Observation], window: float) -> tuple[int, float]:
    """A key that goes on asking is admitted when the first refusal said, or a window after its first request (RATE-09).

    How many refusals there were, and the seconds after the first request at which it was admitted again. Raises
    `Mismatch`, and `NoVerdict` when the experiment ended too soon to know.
    """
    refused = refusals(series)
    precondition(refused, "the key was never refused, so nothing could prolong the wait")
    promised = refused[0].received + (refused[0].retry_after or 0)
    due = max(promised, series[0].received + window)
    late = [seen for seen in refused if seen.sent > due + min(PROLONGED, window / 4)]
    if late:
        raise Mismatch(
            f"a key that asks on while it is refused to be admitted after {due - series[0].received:.0f} s",
            f"429 still {late[0].sent - series[0].received:.1f} s after its first request, after {len(refused)} refusals",
            *exchanges([refused[0], late[0]]),
        )
    admitted = [seen for seen in series if not seen.refused and seen.sent > refused[0].sent]
    precondition(admitted, "the key was not admitted again before the experiment ended, which was too soon to tell")
    return len(refused), round(admitted[0].received - series[0].sent, 3)


def back_in_time(series: Sequence[Observation], limit: int, window: float) -> None:
    """A key that spent one budget is admitted again a window after its first request, whenever it spent it (RATE-06).

    A window that begins anew with every admission keeps a steady caller out who never exceeds the limit. Not for a target
    whose refusals prolong the wait (RATE-09): the series is full of them. Raises `Mismatch`, `NoVerdict`.
    """
    due = series[0].received + window + min(PROLONGED, window / 8)
    early = [seen for seen in series if not seen.refused and seen.received < due]
    late = [seen for seen in series if seen.refused and seen.sent > due]
    precondition(early or not late, "the key was never admitted: it was in use before us, or shares a budget (RATE-07)")
    if late and len(early) <= limit:
        raise Mismatch(
            f"admissions again {window:g} s after the key's first request",
            f"429 still {late[0].sent - series[0].received:.1f} s after it",
            *exchanges([series[0], early[-1], late[0]]),
        )
