"""How the mock's reviewers work."""

from enum import StrEnum

from mock_meta.simulation.setting_types import Setting, Span


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    MANUAL = "manual"


class ReviewSettings(Setting):
    """How long a review takes (seconds, drawn evenly) and how it ends. MANUAL leaves templates pending."""

    after: Span = (0.5, 0.5)
    decision: Decision = Decision.APPROVE
    reason: str = "INVALID_FORMAT"
