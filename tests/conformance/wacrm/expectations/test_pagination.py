from __future__ import annotations

import pytest

from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations.pagination import complete
from conformance.wacrm.steps.pagination import Pagination


def test_a_pagination_to_the_last_page_is_complete() -> None:
    pagination = Pagination([], ended=True)
    assert complete(pagination) is pagination


def test_a_pagination_with_a_problem_is_a_mismatch() -> None:
    with pytest.raises(Mismatch, match="every page"):
        complete(Pagination([], ended=False, problem="a page of the list is HTTP 500"))
