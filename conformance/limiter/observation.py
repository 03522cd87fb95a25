"""What an experiment keeps of one request: when it went out, when its answer was there, and what the limiter said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from conformance.target.expect import precondition
from conformance.target.verdicts import NoVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.target.exchange import Exchange

REFUSED = 429
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?", re.ASCII)


@dataclass(frozen=True, eq=False)
class Observation:
    """One request and its answer. The target decided somewhere between `sent` and `received`, both on our monotonic clock.

    `headers` have lower-case names.
    """

    sent: float
    received: float
    status: int
    headers: Mapping[str, str]
    exchange: Exchange | None = field(default=None, repr=False)

    @property
    def refused(self) -> bool:
        return self.status == REFUSED

    @property
    def retry_after(self) -> float | None:
        """Seconds; None when the header is missing or no number. That it is a whole one is RATE-03's."""
        plain = self.headers.get("retry-after", "").strip()
        return float(plain) if _NUMBER.fullmatch(plain) else None

    @property
    def reset(self) -> float | None:
        """`X-RateLimit-Reset`; None when it is missing or no number."""
        plain = self.headers.get("x-ratelimit-reset", "").strip()
        return float(plain) if _NUMBER.fullmatch(plain) else None

    @property
    def date(self) -> float | None:
        """The target's `Date` in unix seconds: the beginning of the second, and some servers renew it late."""
        try:
            return parsedate_to_datetime(self.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return None


Series = list[Observation]
"""Observations of one key in the order of sending, nothing else having been sent with that key in between."""


def refusals(series: Iterable[Observation]) -> Series:
    return [seen for seen in series if seen.refused]


def admissions(series: Iterable[Observation]) -> Series:
    return [seen for seen in series if not seen.refused]


def exchanges(series: Iterable[Observation]) -> list[Exchange]:
    """What a finding shows of a series."""
    return [seen.exchange for seen in series if seen.exchange is not None]


def usable(series: Sequence[Observation], wanted: int = 200) -> Sequence[Observation]:
    """The series, when every answer was `wanted` or a refusal. Raises `NoVerdict`: what else was charged is not known."""
    precondition(series, "the experiment has sent nothing")
    odd = [seen for seen in series if seen.status not in {wanted, REFUSED}]
    if odd:
        shown = odd[0].exchange.summary[:200] if odd[0].exchange else f"HTTP {odd[0].status}"
        raise NoVerdict(f"{len(odd)} of {len(series)} requests got neither {wanted} nor 429: {shown}")
    return series


def span(series: Sequence[Observation]) -> float:
    """Seconds from the first request to the last answer."""
    return max(seen.received for seen in series) - series[0].sent
