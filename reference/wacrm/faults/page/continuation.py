"""PAGE-03, PAGE-04, PAGE-06: following next_cursor."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import DEFAULT_LIMIT, Window

FIRST = "9999"


_MILLISECONDS = len("2026-07-01T12:00:00.000")


class Lists(Protocol):
    """What the services that have a list share."""

    @property
    def page(self) -> Callable[..., list[Row]]: ...


@patch
def _cut(
    wacrm: Wacrm, listed: str, cut_otherwise: Callable[[list[Row], Window], tuple[list[Row], str | None] | None]
) -> None:
    cut = wacrm.pages.cut

    def altered(rows: list[Row], window: Window) -> tuple[list[Row], str | None]:
        other = cut_otherwise(rows, window) if window.subject.startswith(listed) else None
        return other or cut(rows, window)

    wrap(wacrm.pages, "cut", altered)


@patch
def _offsets(wacrm: Wacrm, listed: str, name: str) -> None:
    """The list of the service `name` counts rows where it should compare them."""
    service: Lists = getattr(wacrm, name)
    offsets: dict[tuple[str, str], int] = {}
    page, cut = service.page, wacrm.pages.cut

    def counted(account: str, window: Window, *filters: str | None) -> list[Row]:
        offset = offsets.get((window.created_at, window.id), 0)
        whole = replace(window, created_at=FIRST, id="g", limit=window.limit + offset)
        return page(account, whole, *filters)[offset:]

    def remembered(rows: list[Row], window: Window) -> tuple[list[Row], str | None]:
        shown, cursor = cut(rows, window)
        if cursor is not None and window.subject.startswith(listed):
            offset = offsets.get((window.created_at, window.id), 0)
            offsets[shown[-1]["created_at"], shown[-1]["id"]] = offset + len(shown)
        return shown, cursor

    wrap(service, "page", counted)
    wrap(wacrm.pages, "cut", remembered)


@patch
def _forget(wacrm: Wacrm, name: str, position: int) -> None:
    """A filter of the service `name` holds on the first page only."""
    service: Lists = getattr(wacrm, name)
    page = service.page

    def forgetful(account: str, window: Window, *filters: str | None) -> list[Row]:
        if window.created_at != FIRST:
            filters = tuple(None if n == position else value for n, value in enumerate(filters))
        return page(account, window, *filters)

    wrap(service, "page", forgetful)


ROWS = (
    Fault("PAGE-04", "contacts-are-paged-by-offset", _offsets("contacts", "contacts"),
          "the cursor of contacts is an offset: inserted rows shift the next page"),
    Fault("PAGE-04", "messages-are-paged-by-offset", _offsets("messages", "messages"),
          "the cursor of messages is an offset: inserted rows shift the next page"),
    Fault("PAGE-04", "conversations-are-paged-by-offset", _offsets("conversations", "conversations"),
          "the cursor of conversations is an offset: inserted rows shift the next page"),
    Fault("PAGE-04", "webhooks-are-paged-by-offset", _offsets("webhooks", "endpoints"),
          "the cursor of webhook endpoints is an offset: inserted rows shift the next page"),
    Fault("PAGE-06", "later-pages-forget-the-search", _forget("contacts", 0),
          "the search is not part of the query of later pages"),
    Fault("PAGE-06", "later-pages-forget-the-tag", _forget("contacts", 1),
          "the tag is not part of the query of later pages"),
    Fault("PAGE-06", "later-pages-forget-the-status", _forget("conversations", 0),
          "the status is not part of the query of later pages"),
    Fault("PAGE-06", "later-pages-forget-the-contact", _forget("conversations", 1),
          "the contact is not part of the query of later pages"),
)  # fmt: skip


@fault("PAGE-03", "the row that shows that there is more becomes the cursor, and is skipped, on pages of one")
def contacts_skip_a_row_on_pages_of_one(wacrm: Wacrm) -> None:
    def skipping(rows: list[Row], window: Window) -> tuple[list[Row], str | None] | None:
        if window.limit == 1 and len(rows) > 1:
            return rows[:1], wacrm.pages.encode(rows[1], window.subject)
        return None

    _cut("contacts", skipping)(wacrm)


@fault("PAGE-03", "a last page with a single row on it is not offered")
def messages_lose_a_last_page_of_one(wacrm: Wacrm) -> None:
    pages = wacrm.messages.page

    def looked_ahead(account: str, window: Window, conversation: str) -> list[Row]:
        rows = pages(account, replace(window, limit=window.limit + 1), conversation)
        return rows[: window.limit] if len(rows) == window.limit + 1 else rows[: window.limit + 1]

    wrap(wacrm.messages, "page", looked_ahead)


@fault("PAGE-03", "the cursor is taken before the last row, which is shown again, on full pages of conversations")
def conversations_repeat_a_row_on_full_pages(wacrm: Wacrm) -> None:
    def repeating(rows: list[Row], window: Window) -> tuple[list[Row], str | None] | None:
        if window.limit == DEFAULT_LIMIT and len(rows) > window.limit:
            return rows[: window.limit], wacrm.pages.encode(rows[window.limit - 2], window.subject)
        return None

    _cut("conversations", repeating)(wacrm)


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

    replace_step(clock, "now", now)
    wrap(wacrm.pages, "encode", cut)
    wrap(wacrm.pages, "decode", read)
