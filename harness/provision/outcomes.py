"""What a call did to each thing, and how that is told."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    MADE = "made"
    REPAIRED = "repaired"
    KEPT = "kept"
    RENEWED = "renewed"
    RETIRED = "retired"


def outcome(*, made: bool, changed: int) -> Outcome:
    """Of a thing that was made, or found with so many rows to correct."""
    return Outcome.MADE if made else Outcome.REPAIRED if changed else Outcome.KEPT


def told(outcomes: Iterable[Outcome]) -> str:
    """`60 made, 2 retired`."""
    counts = Counter(outcomes)
    return ", ".join(f"{counts[kind]} {kind}" for kind in Outcome if counts[kind]) or "none"
