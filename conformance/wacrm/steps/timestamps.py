"""Timestamps as a deployment prints them: the moment, and how finely it is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from conformance.target import waiting
from conformance.target.verdicts import NoVerdict

_FRACTION = re.compile(r"[.,](\d+)")
_MILLISECONDS = 3


def instant(text: object) -> datetime:
    """The moment of an ISO 8601 timestamp, UTC where no offset is given. `NoVerdict` for anything else: ENV-01 judges it."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise NoVerdict(f"{text!r} is no ISO 8601 timestamp") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def digits(text: str) -> int:
    """How many digits the fraction of a second has that say something: 0 for `12:00:05Z` and `12:00:05.000Z`."""
    found = _FRACTION.search(text)
    return len(found[1]) if found and found[1].strip("0") else 0


def is_fine(text: str) -> bool:
    """Whether the timestamp is told finer than in milliseconds, so that hardly two rows share one by rounding."""
    return digits(text) > _MILLISECONDS


def tick(text: str) -> None:
    """Let the clock that printed `text` move on by more than it shows: a second where it tells none of its parts."""
    waiting.pause(0.01 if digits(text) else 1.1)
