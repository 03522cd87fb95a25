"""What following `next_cursor` must come to (PAGE)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.verdicts import Mismatch

if TYPE_CHECKING:
    from conformance.wacrm.steps.pagination import Pagination


def complete(pagination: Pagination) -> Pagination:
    """The pagination, when every page could be read and there was a last one; a Mismatch otherwise."""
    if pagination.problem is not None:
        raise Mismatch("every page along next_cursor, to a last one", pagination.problem, *pagination.exchanges)
    return pagination
