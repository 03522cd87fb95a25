"""PAGE-01: the default and the largest page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import requirement, that
from conformance.wacrm.expectations.envelope import rows as listed
from conformance.wacrm.steps.lists import LONG
from conformance.wacrm.steps.pagination import readable_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.wacrm.steps.pagination import Page, View


pytestmark = pytest.mark.xdist_group("page")  # one worker creates the rows


@requirement("PAGE-01")
@pytest.mark.parametrize("name", LONG)
def test_the_default_page_has_50_rows(api: Api, view_of: Callable[[str], View], name: str) -> None:
    view = view_of(name)
    first = readable_page(api, view)
    _has_rows(first, 50, "a page without limit")
    that(first.cursor, "a next_cursor, since there are more rows", "none", first.exchange)
    _has_rows(readable_page(api, view, cursor=first.cursor), 50, "the second page without limit")


@requirement("PAGE-01")
@pytest.mark.parametrize("limit", [1, 2, 7, 49, 51, 99, 100])
@pytest.mark.parametrize("name", LONG)
def test_a_page_has_limit_rows(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    _has_rows(readable_page(api, view_of(name), limit=limit), limit, f"a page with limit={limit}")


@requirement("PAGE-01")
@pytest.mark.parametrize("limit", [101, 105, 1000])
@pytest.mark.parametrize("name", LONG)
def test_no_page_has_more_than_100_rows(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    view = view_of(name)
    exchange = api.get(view.path, **view.params, limit=limit)
    if exchange.status != 400:
        count = len(listed(exchange))
        that(count <= 100, f"at most 100 rows for limit={limit}, or 400", f"{count} rows", exchange)


@requirement("PAGE-01")
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_page_of_webhooks_has_limit_rows(api: Api, view_of: Callable[[str], View], limit: int) -> None:
    page = readable_page(api, view_of("webhooks"), limit=limit)
    if page.cursor is not None:  # a deployment may give all endpoints at once
        _has_rows(page, limit, f"a page with limit={limit}")


def _has_rows(page: Page, count: int, what: str) -> None:
    that(len(page.rows) == count, f"{what} to have {count} rows", f"{len(page.rows)}", page.exchange)
