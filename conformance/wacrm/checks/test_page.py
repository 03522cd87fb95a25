"""PAGE: long lists, page after page (01, 02, 03, 05, 06, 07). Every clause is judged on every list, under every filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking, Mismatch
from conformance.wacrm.steps import lists
from conformance.wacrm.steps.altered_cursors import NEVER_ISSUED, distorted
from conformance.wacrm.steps.envelope import rows as listed
from conformance.wacrm.steps.pagination import misplaced, page_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.api import Api
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.lists import Crowd
    from conformance.wacrm.steps.pagination import Page, View, Walk

pytestmark = pytest.mark.xdist_group("page")  # the sets are big: one worker makes them

SIZES = (1, 2, 7, 50, 100)
LONG = ("contacts", "contacts by search", "contacts by tag", "conversations", "conversations by status", "messages")
"""Views of at least a hundred rows."""
PLAIN = ("contacts by search", "conversations", "messages", "webhooks")
"""Each list once; contacts under a filter that keeps other runs' leftovers out."""
FILTERED = ("contacts by search", "contacts by tag", "contacts by search and tag", "conversations by status")
ALL = (*LONG, "contacts by search and tag", "webhooks")


@pytest.fixture(scope="module")
def crowd(shared_account: Callable[[str], Account]) -> Crowd:
    return lists.make_crowd(shared_account("page: crowd"))


@pytest.fixture(scope="module")
def contacts(crowd: Crowd) -> dict[str, View]:
    return crowd.views()


@pytest.fixture(scope="module")
def talks(shared_account: Callable[[str], Account], crowd: Crowd, capabilities: Capabilities) -> dict[str, View]:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    account = shared_account("page: talks")
    plain = lists.make_talks(account, crowd)
    rows = [row for row in plain.walk(account.api, 100).rows if plain.key(row) in plain.stamps]
    return {"conversations": plain, "conversations by status": lists.by_status(plain, rows)}


@pytest.fixture(scope="module")
def thread(shared_account: Callable[[str], Account], capabilities: Capabilities) -> dict[str, View]:
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    return {"messages": lists.make_thread(shared_account("page: thread"))}


@pytest.fixture(scope="module")
def endpoints(
    shared_account: Callable[[str], Account], capabilities: Capabilities, hook_origin: Callable[[], str]
) -> Iterator[dict[str, View]]:
    if not capabilities.webhooks:
        raise Lacking("the target has no webhooks")
    account = shared_account("page: endpoints")
    view = lists.make_endpoints(account, hook_origin())
    yield {"webhooks": view}
    for id_ in view.stamps:
        account.api.delete(f"/webhooks/{id_}")


@pytest.fixture
def view_of(request: pytest.FixtureRequest) -> Callable[[str], View]:
    """`view_of("messages")`: the view of that name; what it needs is made when it is first asked for."""
    makers = {"contacts": "contacts", "conversations": "talks", "messages": "thread", "webhooks": "endpoints"}

    def named(name: str) -> View:
        views: dict[str, View] = request.getfixturevalue(makers[name.split(" ", 1)[0]])
        return views[name]

    return named


def _page(api: Api, view: View, **params: Any) -> Page:  # noqa: ANN401 - query values
    """One page of a view; no verdict where it cannot be read, for then there is nothing to judge."""
    exchange = api.get(view.path, **{**view.params, **params})
    page = page_of(exchange)
    precondition(page, f"GET {view.path} cannot be read: {exchange.summary}")
    assert page is not None
    return page


# -- PAGE-01 ----------------------------------------------------------------------------------------------------------


@requirement("PAGE-01")
@pytest.mark.parametrize("name", LONG)
def test_a_page_has_fifty_rows_unless_asked_otherwise(api: Api, view_of: Callable[[str], View], name: str) -> None:
    view = view_of(name)
    first = _page(api, view)
    _has_rows(first, 50, "a page without limit")
    that(first.cursor, "a next_cursor, since there are more rows", "none", first.exchange)
    _has_rows(_page(api, view, cursor=first.cursor), 50, "the second page without limit")


@requirement("PAGE-01")
@pytest.mark.parametrize("limit", [1, 2, 7, 49, 51, 99, 100])
@pytest.mark.parametrize("name", LONG)
def test_a_page_has_as_many_rows_as_asked_for(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    _has_rows(_page(api, view_of(name), limit=limit), limit, f"a page with limit={limit}")


@requirement("PAGE-01")
@pytest.mark.parametrize("limit", [101, 105, 1000])
@pytest.mark.parametrize("name", LONG)
def test_no_page_has_more_than_a_hundred_rows(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    view = view_of(name)
    exchange = api.get(view.path, **view.params, limit=limit)
    if exchange.status != 400:
        count = len(listed(exchange))
        that(count <= 100, f"at most 100 rows for limit={limit}, or 400", f"{count} rows", exchange)


@requirement("PAGE-01")
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_page_of_webhooks_has_as_many_rows_as_asked_for(api: Api, view_of: Callable[[str], View], limit: int) -> None:
    page = _page(api, view_of("webhooks"), limit=limit)
    if page.cursor is not None:  # a deployment may give all endpoints at once
        _has_rows(page, limit, f"a page with limit={limit}")


def _has_rows(page: Page, count: int, what: str) -> None:
    that(len(page.rows) == count, f"{what} to have {count} rows", f"{len(page.rows)}", page.exchange)


# -- PAGE-02 ----------------------------------------------------------------------------------------------------------


@requirement("PAGE-02")
@pytest.mark.parametrize("limit", [7, 100])
@pytest.mark.parametrize("name", ALL)
def test_rows_come_newest_first(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    walked = view_of(name).walk(api, limit)
    wrong = misplaced(walked.rows)
    that(wrong is None, "every row before those that are older by (created_at, id)", str(wrong), *walked.exchanges)


@requirement("PAGE-02")
def test_a_changed_endpoint_keeps_its_place(api: Api, view_of: Callable[[str], View]) -> None:
    view = view_of("webhooks")
    oldest = min(view.stamps, key=lambda id_: view.stamps[id_])
    api.patch(f"/webhooks/{oldest}", {"events": ["conversation.created"]})
    page = _page(api, view, limit=100)
    wrong = misplaced(page.rows)
    that(wrong is None, "every endpoint before those that are older", str(wrong), page.exchange)


# -- PAGE-03, PAGE-05 -------------------------------------------------------------------------------------------------


@requirement("PAGE-03")
@pytest.mark.parametrize("limit", SIZES)
@pytest.mark.parametrize("name", PLAIN)
def test_a_walk_shows_every_row_once(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    view = view_of(name)
    walked = view.walk(api, limit)
    found = view.losses(walked)
    if found.untied:
        raise Mismatch(f"each of {len(view.stamps)} rows once at page size {limit}", str(found), *walked.exchanges)
    if not found.tied:  # else the walk goes wrong where PAGE-05 looks
        whole(walked)


@requirement("PAGE-03")
@pytest.mark.parametrize("limit", [50, 100])
def test_a_walk_through_all_contacts_shows_every_row_once(api: Api, view_of: Callable[[str], View], limit: int) -> None:
    test_a_walk_shows_every_row_once(api, view_of, "contacts", limit)


@requirement("PAGE-03")
@pytest.mark.parametrize("limit", [1, 2, None])
def test_a_list_of_one_row_has_one_page(account: Account, limit: int | None) -> None:
    word = account.word()
    made = account.contact(name=word)
    size = {} if limit is None else {"limit": limit}
    page = _single(account.api.get("/contacts", search=word, **size), made["id"])
    if page.cursor is not None:  # one more page is no harm while it is empty
        after = _single(account.api.get("/contacts", search=word, cursor=page.cursor, **size), None)
        that(after.cursor is None, "no next_cursor after the last row", f"{after.cursor!r}", after.exchange)


def _single(exchange: Any, id_: str | None) -> Page:  # noqa: ANN401 - an Exchange
    shown = [row.get("id") for row in listed(exchange)]
    wanted = [] if id_ is None else [id_]
    that(shown == wanted, f"exactly the rows {wanted}", f"{shown}", exchange)
    page = page_of(exchange)
    assert page is not None
    return page


@requirement("PAGE-05")
@pytest.mark.parametrize("name", [*PLAIN, "contacts by tag", "conversations by status"])
def test_rows_of_one_instant_survive_a_page_boundary(
    api: Api, view_of: Callable[[str], View], measure: Callable[[str, Any], None], name: str
) -> None:
    view = view_of(name)
    measure(f"rows that share an instant: {name}", view.ties)
    if not view.ties:  # a clock that tells microseconds makes no two rows of one instant, and then has none to lose
        known = view.fine or any(view_of(plain).ties for plain in PLAIN)
        precondition(known, "no two rows share an instant, in no list: what becomes of such rows is not known")
        return
    walks = {limit: view.walk(api, limit) for limit in (SIZES if name in PLAIN else (1, 7))}
    judged = [_keeps_ties(view, limit, walked) for limit, walked in walks.items()]
    precondition(any(judged), "rows that share no instant are lost or repeated at every page size (PAGE-03)")


def _keeps_ties(view: View, limit: int, walked: Walk) -> bool:
    """Whether ties could be judged in this walk: not where it loses other rows too, which is PAGE-03's."""
    found = view.losses(walked)
    if found.tied and not found.untied:
        what = f"each row of an instant that several share, once, at page size {limit}"
        raise Mismatch(what, str(found), *walked.exchanges)
    return not found.untied


# -- PAGE-06 ----------------------------------------------------------------------------------------------------------


@requirement("PAGE-06")
@pytest.mark.parametrize("limit", [1, 7, 50, 100])
@pytest.mark.parametrize("name", FILTERED)
def test_a_filter_holds_on_every_page(api: Api, view_of: Callable[[str], View], name: str, limit: int) -> None:
    view = view_of(name)
    walked = view.walk(api, limit)
    for number, page in enumerate(walked.pages, 1):
        strange = [row.get("id") for row in page.rows if not view.holds(row)]
        that(not strange, f"only rows of {view.params} on page {number}", f"also {strange}", page.exchange)
    found = view.losses(walked)
    if found.lost and not found.tied:
        _plain_is_whole(api, view_of(name.split(" ", 1)[0]))
        raise Mismatch(f"all {len(view.stamps)} rows of {view.params}", str(found), *walked.exchanges)


def _plain_is_whole(api: Api, plain: View) -> None:
    """What is lost without a filter too is not the filter's fault: at any page size, since its pages end elsewhere."""
    for limit in SIZES:
        precondition(not plain.losses(plain.walk(api, limit)).lost, "rows are lost without a filter too (PAGE-03)")


@requirement("PAGE-06")
@pytest.mark.parametrize("other", ["open", "pending", "closed"])
def test_the_status_filter_holds_after_a_cursor(
    api: Api, view_of: Callable[[str], View], crowd: Crowd, other: str
) -> None:
    """No API call changes a status, so a second page of another status must be asked for with a borrowed cursor."""
    cursor = _borrowed(api, view_of, crowd)
    exchange = api.get("/conversations", status=other, cursor=cursor)
    strange = [row.get("id") for row in _rows_if_any(exchange) if row.get("status") != other]
    that(not strange, f"only conversations whose status is {other}", f"also {strange}", exchange)


@requirement("PAGE-06")
def test_the_contact_filter_holds_after_a_cursor(api: Api, view_of: Callable[[str], View], crowd: Crowd) -> None:
    cursor = _borrowed(api, view_of, crowd)
    contact = crowd.everybody[3]["id"]
    exchange = api.get("/conversations", contact_id=contact, cursor=cursor)
    strange = [row.get("id") for row in _rows_if_any(exchange) if row.get("contact_id") != contact]
    that(not strange, f"only conversations of the contact {contact}", f"also {strange}", exchange)


def _borrowed(api: Api, view_of: Callable[[str], View], crowd: Crowd) -> str:
    """A cursor of the plain conversation list.

    Only where cursors are positions: one that carries its list's filter may rightly win over another filter.
    """
    found = _page(api, view_of("contacts by search"), limit=5)
    plain = api.get("/contacts", cursor=found.cursor)
    carried = plain.status == 200 and all(crowd.is_named(row) for row in listed(plain))
    if carried:
        raise Lacking("the target's cursors carry their filter, so that none can be borrowed")
    cursor = _page(api, view_of("conversations"), limit=2).cursor
    precondition(cursor, "a list of many conversations has one page")
    return str(cursor)


def _rows_if_any(exchange: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - an Exchange
    page = page_of(exchange)
    return [] if page is None else page.rows


# -- PAGE-07 ----------------------------------------------------------------------------------------------------------

STRANGE_LIMITS = (
    "0", "-1", "-100", "101", "1000000", "99999999999999999999999", "abc", "", " ", "1.5", "1e3", "0x10", "NaN", "Infinity",
    "-Infinity", "null", "true", "[]", "5;", "5 OR 1=1", "%", "\u0661\u0660", "+5", "1,000", "\u0000", "9" * 400,
)  # fmt: skip


@requirement("PAGE-07")
@pytest.mark.parametrize("name", ["contacts", "conversations", "messages", "webhooks"])
def test_a_strange_limit_does_no_harm(api: Api, view_of: Callable[[str], View], name: str) -> None:
    path = view_of(name).path
    for limit in STRANGE_LIMITS:
        _harmless(api.get(path, limit=limit))
    _harmless(api.get(path, limit=["500", "1000"]))
    _harmless(api.get(path, **{"limit[]": "500"}))


@requirement("PAGE-07")
@pytest.mark.parametrize("name", ["contacts", "conversations", "messages", "webhooks"])
def test_a_cursor_that_was_not_issued_does_no_harm(api: Api, view_of: Callable[[str], View], name: str) -> None:
    path = view_of(name).path
    real = page_of(api.get(path, limit=1))
    forms = distorted(real.cursor) if real is not None and real.cursor else []
    for cursor in (*NEVER_ISSUED, *forms):
        _harmless(api.get(path, cursor=cursor))
        if cursor in forms[:3]:
            _harmless(api.get(path, cursor=cursor, limit="1000"))


@requirement("PAGE-07")
def test_a_cursor_of_another_list_does_no_harm(api: Api, view_of: Callable[[str], View]) -> None:
    names = ["contacts", "conversations", "messages", "webhooks"]
    cursors = {name: _page(api, view_of(name), limit=1).cursor for name in names}
    for path, cursor in ((view_of(n).path, cursors[m]) for n in names for m in names if n != m and cursors[m]):
        _harmless(api.get(path, cursor=cursor, limit="1000"))


def _harmless(exchange: Any) -> None:  # noqa: ANN401 - an Exchange
    that(exchange.status < 500, "no 5xx", exchange.summary, exchange)
    count = len(_rows_if_any(exchange))
    that(count <= 100, "at most 100 rows", f"{count} rows", exchange)
