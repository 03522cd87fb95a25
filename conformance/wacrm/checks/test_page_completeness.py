"""PAGE-03, -05: following `next_cursor` shows every row once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations.envelope import rows as listed
from conformance.wacrm.expectations.pagination import complete
from conformance.wacrm.steps.lists import SIZES, UNFILTERED
from conformance.wacrm.steps.pagination import page_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.pagination import Page, Pagination, View


pytestmark = pytest.mark.xdist_group("page")  # one worker creates the rows


@requirement("PAGE-03")
@pytest.mark.parametrize("limit", SIZES)
@pytest.mark.parametrize("name", UNFILTERED)
def test_following_next_cursor_shows_every_row_once(
    api: Api, view_of: Callable[[str], View], name: str, limit: int
) -> None:
    view = view_of(name)
    pagination = view.paginate(api, limit)
    found = view.missed_rows(pagination)
    if found.untied:
        raise Mismatch(
            f"each of {len(view.timestamps)} rows once at page size {limit}", str(found), *pagination.exchanges
        )
    if not found.tied:  # PAGE-05 reports ties
        complete(pagination)


@requirement("PAGE-03")
@pytest.mark.parametrize("limit", [50, 100])
def test_following_next_cursor_shows_every_contact_once(api: Api, view_of: Callable[[str], View], limit: int) -> None:
    test_following_next_cursor_shows_every_row_once(api, view_of, "contacts", limit)


@requirement("PAGE-03")
@pytest.mark.parametrize("limit", [1, 2, None])
def test_a_list_of_one_row_has_one_page(account: Account, limit: int | None) -> None:
    marker = account.marker()
    made = account.contact(name=marker)
    size = {} if limit is None else {"limit": limit}
    page = _single(account.api.get("/contacts", search=marker, **size), made["id"])
    if page.cursor is not None:  # an empty page may follow
        after = _single(account.api.get("/contacts", search=marker, cursor=page.cursor, **size), None)
        that(after.cursor is None, "no next_cursor after the last row", f"{after.cursor!r}", after.exchange)


def _single(exchange: Any, id_: str | None) -> Page:  # noqa: ANN401 - an Exchange
    shown = [row.get("id") for row in listed(exchange)]
    wanted = [] if id_ is None else [id_]
    that(shown == wanted, f"exactly the rows {wanted}", f"{shown}", exchange)
    page = page_of(exchange)
    assert page is not None
    return page


@requirement("PAGE-05")
@pytest.mark.parametrize("name", [*UNFILTERED, "contacts by tag", "conversations by status"])
def test_rows_with_the_same_created_at_are_shown_once(
    api: Api, view_of: Callable[[str], View], measure: Callable[[str, Any], None], name: str
) -> None:
    view = view_of(name)
    measure(f"rows that share a created_at: {name}", view.ties)
    if not view.ties:  # with timestamps in microseconds there are no ties to lose
        known = view.sub_millisecond or any(view_of(plain).ties for plain in UNFILTERED)
        precondition(known, "no two rows of any list share a created_at, so that nothing is known about such rows")
        return
    paginations = {limit: view.paginate(api, limit) for limit in (SIZES if name in UNFILTERED else (1, 7))}
    checked = [_ties_survive(view, limit, pagination) for limit, pagination in paginations.items()]
    precondition(any(checked), "rows with different created_at are lost or repeated too, at every page size (PAGE-03)")


def _ties_survive(view: View, limit: int, pagination: Pagination) -> bool:
    """Whether ties could be checked: not where other rows are lost too (PAGE-03)."""
    found = view.missed_rows(pagination)
    if found.tied and not found.untied:
        what = f"each row with a shared created_at once at page size {limit}"
        raise Mismatch(what, str(found), *pagination.exchanges)
    return not found.untied
