"""How the mock's reviewers work."""

from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """How long a review takes (seconds, drawn evenly) and how it ends. MANUAL leaves templates pending."""

    low: float = 0.5
    high: float = 0.5
    decision: Decision = Decision.APPROVE
    reason: str = "INVALID_FORMAT"
