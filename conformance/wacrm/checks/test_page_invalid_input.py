"""PAGE-07: invalid limits and cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import requirement, that
from conformance.wacrm.steps.altered_cursors import NEVER_ISSUED, altered
from conformance.wacrm.steps.pagination import page_of, readable_page, rows_if_any

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.wacrm.steps.pagination import View


pytestmark = pytest.mark.xdist_group("page")  # one worker creates the rows
UNUSUAL_LIMITS = (
    "0", "-1", "-100", "101", "1000000", "99999999999999999999999", "abc", "", " ", "1.5", "1e3", "0x10", "NaN", "Infinity",
    "-Infinity", "null", "true", "[]", "5;", "5 OR 1=1", "%", "\u0661\u0660", "+5", "1,000", "\u0000", "9" * 400,
)  # fmt: skip


@requirement("PAGE-07")
@pytest.mark.parametrize("name", ["contacts", "conversations", "messages", "webhooks"])
def test_an_invalid_limit_gives_no_5xx_and_at_most_100_rows(
    api: Api, view_of: Callable[[str], View], name: str
) -> None:
    path = view_of(name).path
    for limit in UNUSUAL_LIMITS:
        _within_bounds(api.get(path, limit=limit))
    _within_bounds(api.get(path, limit=["500", "1000"]))
    _within_bounds(api.get(path, **{"limit[]": "500"}))


@requirement("PAGE-07")
@pytest.mark.parametrize("name", ["contacts", "conversations", "messages", "webhooks"])
def test_a_cursor_that_was_not_issued_gives_no_5xx_and_at_most_100_rows(
    api: Api, view_of: Callable[[str], View], name: str
) -> None:
    path = view_of(name).path
    real = page_of(api.get(path, limit=1))
    forms = altered(real.cursor) if real is not None and real.cursor else []
    for cursor in (*NEVER_ISSUED, *forms):
        _within_bounds(api.get(path, cursor=cursor))
        if cursor in forms[:3]:
            _within_bounds(api.get(path, cursor=cursor, limit="1000"))


@requirement("PAGE-07")
def test_a_cursor_of_another_list_gives_no_5xx_and_at_most_100_rows(api: Api, view_of: Callable[[str], View]) -> None:
    names = ["contacts", "conversations", "messages", "webhooks"]
    cursors = {name: readable_page(api, view_of(name), limit=1).cursor for name in names}
    for path, cursor in ((view_of(n).path, cursors[m]) for n in names for m in names if n != m and cursors[m]):
        _within_bounds(api.get(path, cursor=cursor, limit="1000"))


def _within_bounds(exchange: Any) -> None:  # noqa: ANN401 - an Exchange
    that(exchange.status < 500, "no 5xx", exchange.summary, exchange)
    count = len(rows_if_any(exchange))
    that(count <= 100, "at most 100 rows", f"{count} rows", exchange)
