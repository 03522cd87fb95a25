"""Timestamps in answers: their moment and their resolution."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from conformance.target import waiting
from conformance.target.verdicts import NoVerdict

_FRACTION = re.compile(r"[.,](\d+)")
_MILLISECONDS = 3


def parse_timestamp(text: object) -> datetime:
    """The moment of an ISO 8601 timestamp, UTC without an offset. `NoVerdict` for anything else: ENV-01 checks the
    format.
    """
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise NoVerdict(f"{text!r} is not an ISO 8601 timestamp") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def fraction_digits(text: str) -> int:
    """The number of fraction digits; 0 for `12:00:05Z` and for zeros only, as in `12:00:05.000Z`."""
    found = _FRACTION.search(text)
    return len(found[1]) if found and found[1].strip("0") else 0


def is_sub_millisecond(text: str) -> bool:
    """Whether the timestamp is finer than milliseconds, so that hardly two rows share one."""
    return fraction_digits(text) > _MILLISECONDS


def wait_past(text: str) -> None:
    """Wait until the target's clock must print a later timestamp: longer for timestamps without a fraction."""
    waiting.pause(0.01 if fraction_digits(text) else 1.1)
