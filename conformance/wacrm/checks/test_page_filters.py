"""PAGE-06: filters hold on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking, Mismatch
from conformance.wacrm.expectations.envelope import rows as listed
from conformance.wacrm.steps.lists import FILTERED, SIZES
from conformance.wacrm.steps.pagination import readable_page, rows_if_any

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.api import Api
    from conformance.wacrm.steps.lists import ContactSet
    from conformance.wacrm.steps.pagination import View


pytestmark = pytest.mark.xdist_group("page")  # one worker creates the rows


@requirement("PAGE-06")
@pytest.mark.parametrize("limit", [1, 7, 50, 100])
@pytest.mark.parametrize("name", FILTERED)
def test_a_filter_holds_on_every_page(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    view = view_of(name)
    pagination = view.paginate(api, limit)
    for number, page in enumerate(pagination.pages, 1):
        unexpected = [row.get("id") for row in page.rows if not view.matches(row)]
        that(not unexpected, f"only rows of {view.params} on page {number}", f"also {unexpected}", page.exchange)
    found = view.missed_rows(pagination)
    if found.lost and not found.tied:
        _complete_without_filter(api, view_of(name.split(" ", 1)[0]))
        raise Mismatch(f"all {len(view.timestamps)} rows of {view.params}", str(found), *pagination.exchanges)


def _complete_without_filter(api: Api, plain: View) -> None:
    """No verdict where rows are lost without the filter too, at any page size (PAGE-03)."""
    for limit in SIZES:
        precondition(
            not plain.missed_rows(plain.paginate(api, limit)).lost, "rows are lost without a filter too (PAGE-03)"
        )


@requirement("PAGE-06")
@pytest.mark.parametrize("other", ["open", "pending", "closed"])
def test_the_status_filter_holds_with_a_cursor(
    api: Api, view_of: Callable[[str], View], contact_set: ContactSet, other: str
) -> None:
    """No API call changes a status, so that the second page of another status is requested with a cursor of the plain
    list.
    """
    cursor = _cursor_of_all_conversations(api, view_of, contact_set)
    exchange = api.get("/conversations", status=other, cursor=cursor)
    unexpected = [row.get("id") for row in rows_if_any(exchange) if row.get("status") != other]
    that(not unexpected, f"only conversations whose status is {other}", f"also {unexpected}", exchange)


@requirement("PAGE-06")
def test_the_contact_filter_holds_with_a_cursor(
    api: Api, view_of: Callable[[str], View], contact_set: ContactSet
) -> None:
    cursor = _cursor_of_all_conversations(api, view_of, contact_set)
    contact = contact_set.all_contacts[3]["id"]
    exchange = api.get("/conversations", contact_id=contact, cursor=cursor)
    unexpected = [row.get("id") for row in rows_if_any(exchange) if row.get("contact_id") != contact]
    that(not unexpected, f"only conversations of the contact {contact}", f"also {unexpected}", exchange)


def _cursor_of_all_conversations(api: Api, view_of: Callable[[str], View], contact_set: ContactSet) -> str:
    """A cursor of the conversation list without filter.

    Only where cursors are positions: a cursor that contains its filter may override another filter.
    """
    found = readable_page(api, view_of("contacts by search"), limit=5)
    plain = api.get("/contacts", cursor=found.cursor)
    carried = plain.status == 200 and all(contact_set.is_named(row) for row in listed(plain))
    if carried:
        raise Lacking("the target's cursors contain their filter, so that a cursor of another list proves nothing")
    cursor = readable_page(api, view_of("conversations"), limit=2).cursor
    precondition(cursor, "the conversation list has no second page")
    return str(cursor)
