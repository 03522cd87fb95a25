"""PAGE: lists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Protocol

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import patch, rewrite
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Window

FIRST = "9999"
_MILLISECONDS = len("2026-07-01T12:00:00.000")
_KEYSET = "(created_at, id) < (:before, :before_id)"
Rows = list[Row]


class Lists(Protocol):
    """What the services that have a list share."""

    @property
    def page(self) -> Callable[..., Rows]: ...


def _limit(wacrm: Wacrm, listed: str, default: int, maximum: int) -> None:
    limit = wacrm.pages.limit

    def other(text: str | None, asked: str) -> int:
        if asked != listed:
            return limit(text, asked)
        if text is None:
            return default
        chosen = limit(text, asked)
        return min(int(text), maximum) if chosen == MAXIMUM_LIMIT else min(chosen, maximum)

    patch(wacrm.pages, "limit", other)


@fault("PAGE-01", "the message list kept the default of the inbox")
def message_page_is_25_by_default(wacrm: Wacrm) -> None:
    _limit(wacrm, "messages", 25, MAXIMUM_LIMIT)


@fault("PAGE-01", "the maximum is not applied to conversations")
def conversation_page_may_be_1000(wacrm: Wacrm) -> None:
    _limit(wacrm, "conversations", DEFAULT_LIMIT, 1000)


@fault("PAGE-01", "a page of contacts is cut at 99, by a comparison with <")
def contact_page_is_99_at_most(wacrm: Wacrm) -> None:
    _limit(wacrm, "contacts", DEFAULT_LIMIT, 99)


@fault("PAGE-01", "the LIMIT counts rows of the join: a contact with two tags is two of them")
def contact_page_counts_tags(wacrm: Wacrm) -> None:
    tags = "SELECT MAX(1, COUNT(*)) AS count FROM contact_tags WHERE contact_id = :id"
    cut = wacrm.pages.cut

    def joined(rows: Rows, window: Window) -> tuple[Rows, str | None]:
        if not window.subject.startswith("contacts"):
            return cut(rows, window)
        counts = [row["count"] for contact in rows for row in wacrm.db.rows(tags, {"id": contact["id"]})]
        fitting = max(1, sum(total <= window.limit for total in accumulate(counts)))
        return cut(rows, window) if fitting >= len(rows) else cut(rows, replace(window, limit=fitting))

    patch(wacrm.pages, "cut", joined)


def _reorder(wacrm: Wacrm, listed: str, order: Callable[[Rows], Rows]) -> None:
    """The right rows in a page, in another order."""
    cut = wacrm.pages.cut

    def reordered(rows: Rows, window: Window) -> tuple[Rows, str | None]:
        page, cursor = cut(rows, window)
        return (order(page) if window.subject.startswith(listed) else page), cursor

    patch(wacrm.pages, "cut", reordered)


@fault("PAGE-02", "a page of conversations is sorted by its latest message before it is shown")
def conversation_pages_are_sorted_by_activity(wacrm: Wacrm) -> None:
    def by_activity(rows: Rows) -> Rows:
        return sorted(rows, key=lambda row: str(row["last_message_at"]), reverse=True)

    _reorder(wacrm, "conversations", by_activity)


@fault("PAGE-02", "a page of contacts is sorted by name before it is shown")
def contact_pages_are_sorted_by_name(wacrm: Wacrm) -> None:
    _reorder(wacrm, "contacts", lambda rows: sorted(rows, key=lambda row: str(row["name"])))


@fault("PAGE-02", "a page of endpoints is shown oldest first")
def webhook_pages_are_oldest_first(wacrm: Wacrm) -> None:
    _reorder(wacrm, "webhooks", lambda rows: rows[::-1])


@fault("PAGE-02", "messages of one instant are listed in the order of their ids, upwards, and paged so as well")
def messages_of_one_instant_are_oldest_first(wacrm: Wacrm) -> None:
    upwards = "(created_at < :before OR (created_at = :before AND id > :before_id))"
    rewrite(wacrm.messages.sql, "page", _KEYSET, upwards)
    rewrite(wacrm.messages.sql, "page", "id DESC", "id ASC")


def _cut(wacrm: Wacrm, listed: str, cut_otherwise: Callable[[Rows, Window], tuple[Rows, str | None] | None]) -> None:
    cut = wacrm.pages.cut

    def altered(rows: Rows, window: Window) -> tuple[Rows, str | None]:
        other = cut_otherwise(rows, window) if window.subject.startswith(listed) else None
        return other or cut(rows, window)

    patch(wacrm.pages, "cut", altered)


@fault("PAGE-03", "the row that shows that there is more becomes the cursor, and is skipped, on pages of one")
def contacts_skip_a_row_on_pages_of_one(wacrm: Wacrm) -> None:
    def skipping(rows: Rows, window: Window) -> tuple[Rows, str | None] | None:
        if window.limit == 1 and len(rows) > 1:
            return rows[:1], wacrm.pages.encode(rows[1], window.subject)
        return None

    _cut(wacrm, "contacts", skipping)


@fault("PAGE-03", "a last page with a single row on it is not offered")
def messages_lose_a_last_page_of_one(wacrm: Wacrm) -> None:
    pages = wacrm.messages.page

    def looked_ahead(account: str, window: Window, conversation: str) -> Rows:
        rows = pages(account, replace(window, limit=window.limit + 1), conversation)
        return rows[: window.limit] if len(rows) == window.limit + 1 else rows[: window.limit + 1]

    patch(wacrm.messages, "page", looked_ahead)


@fault("PAGE-03", "the cursor is taken before the last row, which is shown again, on full pages of conversations")
def conversations_repeat_a_row_on_full_pages(wacrm: Wacrm) -> None:
    def repeating(rows: Rows, window: Window) -> tuple[Rows, str | None] | None:
        if window.limit == DEFAULT_LIMIT and len(rows) > window.limit:
            return rows[: window.limit], wacrm.pages.encode(rows[window.limit - 2], window.subject)
        return None

    _cut(wacrm, "conversations", repeating)


@fault("PAGE-03", "the time in the cursor is cut to the milliseconds of a JavaScript date, the rows' have microseconds")
def cursor_cuts_the_time_to_milliseconds(wacrm: Wacrm) -> None:
    encode, decode, clock = wacrm.pages.encode, wacrm.pages.decode, wacrm.clock
    last = [""]

    def now() -> str:
        moment = datetime.fromtimestamp(clock.seconds(), UTC).isoformat(timespec="microseconds")
        last[:] = [max(last[0], moment.replace("+00:00", "Z"))]
        return last[0]

    def cut(row: Row, subject: str) -> str:
        return encode({**dict(row), "created_at": f"{row['created_at'][:_MILLISECONDS]}Z"}, subject)  # type: ignore[arg-type]

    def read(cursor: str, subject: str) -> tuple[str, str]:
        created_at, identity = decode(cursor, subject)
        return f"{created_at[:_MILLISECONDS]}000Z", identity

    patch(clock, "now", now)
    patch(wacrm.pages, "encode", cut)
    patch(wacrm.pages, "decode", read)


def _offsets(wacrm: Wacrm, listed: str, service: Lists) -> None:
    """A list that counts rows where it should compare them."""
    offsets: dict[tuple[str, str], int] = {}
    page, cut = service.page, wacrm.pages.cut

    def counted(account: str, window: Window, *filters: str | None) -> Rows:
        offset = offsets.get((window.created_at, window.id), 0)
        whole = replace(window, created_at=FIRST, id="g", limit=window.limit + offset)
        return page(account, whole, *filters)[offset:]

    def remembered(rows: Rows, window: Window) -> tuple[Rows, str | None]:
        shown, cursor = cut(rows, window)
        if cursor is not None and window.subject.startswith(listed):
            offset = offsets.get((window.created_at, window.id), 0)
            offsets[shown[-1]["created_at"], shown[-1]["id"]] = offset + len(shown)
        return shown, cursor

    patch(service, "page", counted)
    patch(wacrm.pages, "cut", remembered)


@fault("PAGE-04", "the cursor of contacts is an offset: what is inserted shifts what comes")
def contacts_are_paged_by_offset(wacrm: Wacrm) -> None:
    _offsets(wacrm, "contacts", wacrm.contacts)


@fault("PAGE-04", "the cursor of messages is an offset: what is inserted shifts what comes")
def messages_are_paged_by_offset(wacrm: Wacrm) -> None:
    _offsets(wacrm, "messages", wacrm.messages)


@fault("PAGE-04", "the cursor of conversations is an offset: what is inserted shifts what comes")
def conversations_are_paged_by_offset(wacrm: Wacrm) -> None:
    _offsets(wacrm, "conversations", wacrm.conversations)


@fault("PAGE-04", "the cursor of webhook endpoints is an offset: what is inserted shifts what comes")
def webhooks_are_paged_by_offset(wacrm: Wacrm) -> None:
    _offsets(wacrm, "webhooks", wacrm.endpoints)


@fault("PAGE-05", "contacts continue after created_at alone: its ties are lost at a page boundary")
def contacts_with_equal_times_are_lost(wacrm: Wacrm) -> None:
    rewrite(wacrm.contacts.sql, "page", _KEYSET, "created_at < :before")


@fault("PAGE-05", "messages continue after created_at alone: its ties are lost at a page boundary")
def messages_with_equal_times_are_lost(wacrm: Wacrm) -> None:
    rewrite(wacrm.messages.sql, "page", _KEYSET, "created_at < :before")


@fault("PAGE-05", "messages continue with created_at or older, without the last row itself: its ties come again")
def messages_with_equal_times_are_repeated(wacrm: Wacrm) -> None:
    rewrite(wacrm.messages.sql, "page", _KEYSET, "created_at <= :before AND id <> :before_id")


@fault("PAGE-05", "conversations continue with both columns compared by themselves: ties go missing")
def conversations_with_equal_times_are_lost(wacrm: Wacrm) -> None:
    rewrite(wacrm.conversations.sql, "page", "(v.created_at, v.id) < (:before, :before_id)", "v.created_at < :before")


@fault("PAGE-05", "endpoints continue after created_at alone: its ties are lost at a page boundary")
def webhooks_with_equal_times_are_lost(wacrm: Wacrm) -> None:
    rewrite(wacrm.endpoints.sql, "page", _KEYSET, "created_at < :before")


def _forget(service: Lists, position: int) -> None:
    """A filter that holds on the first page only."""
    page = service.page

    def forgetful(account: str, window: Window, *filters: str | None) -> Rows:
        if window.created_at != FIRST:
            filters = tuple(None if n == position else value for n, value in enumerate(filters))
        return page(account, window, *filters)

    patch(service, "page", forgetful)


@fault("PAGE-06", "the search is not part of the query of later pages")
def later_pages_forget_the_search(wacrm: Wacrm) -> None:
    _forget(wacrm.contacts, 0)


@fault("PAGE-06", "the tag is not part of the query of later pages")
def later_pages_forget_the_tag(wacrm: Wacrm) -> None:
    _forget(wacrm.contacts, 1)


@fault("PAGE-06", "the status is not part of the query of later pages")
def later_pages_forget_the_status(wacrm: Wacrm) -> None:
    _forget(wacrm.conversations, 0)


@fault("PAGE-06", "the contact is not part of the query of later pages")
def later_pages_forget_the_contact(wacrm: Wacrm) -> None:
    _forget(wacrm.conversations, 1)


@fault("PAGE-07", "a cursor that is no base64 is decoded without a net")
def garbage_cursor_is_a_500_on_conversations(wacrm: Wacrm) -> None:
    window = wacrm.pages.window

    def unguarded(query: QueryParams, *subject: str) -> Window:
        cursor = query.get("cursor")
        if subject[0] == "conversations" and cursor is not None and not cursor.isalnum():
            raise ValueError("invalid cursor")
        return window(query, *subject)

    patch(wacrm.pages, "window", unguarded)


@fault("PAGE-07", "a limit of zero divides by zero")
def zero_limit_is_a_500_on_messages(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit

    def unguarded(text: str | None, listed: str) -> int:
        if listed == "messages" and text == "0":
            raise ZeroDivisionError
        return limit(text, listed)

    patch(wacrm.pages, "limit", unguarded)


@fault("PAGE-07", "a huge limit overflows the database's integer")
def huge_limit_is_a_500_on_contacts(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit

    def unguarded(text: str | None, listed: str) -> int:
        if listed == "contacts" and text is not None and len(text) > len(str(2**63)):
            raise OverflowError
        return limit(text, listed)

    patch(wacrm.pages, "limit", unguarded)
