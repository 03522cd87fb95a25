"""What the master tells a worker before its first request."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Briefing:
    """That a worker is told at all means that the interlock held.

    `run` is six hexadecimal digits, `zero` the unix time from which slices of `step` seconds are counted, `share` of `shares`
    the worker's part of the telephone numbers, `ceiling` the requests that it may make at most, `recipients` the size of the
    largest broadcast, `fresh` whether nobody can have used the keys before.
    """

    run: str
    seed: int
    share: int
    shares: int
    origin: str
    verify: bool | str
    timeout: float
    limit: int
    window: float
    zero: float
    step: float
    ceiling: int
    arrivals: str
    pace: float
    recipients: int
    patience: float
    fresh: bool = True
    control: str = ""
    phone_number_id: str = ""
    keys: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def as_message(self) -> dict[str, Any]:
        return asdict(self)
