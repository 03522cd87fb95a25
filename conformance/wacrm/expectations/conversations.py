"""What an answer about conversations must look like (CONV)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.expect import that
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange


def is_documented(operation: str, exchange: Exchange) -> None:
    """The 200 answer has the operation's documented shape."""
    problems = OPENAPI.validate(operation, 200, exchange.json())
    that(not problems, f"the documented shape of {operation}", "; ".join(problems[:3]), exchange)
