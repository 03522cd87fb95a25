"""PAGE-01, PAGE-07: page sizes, unusable limits and cursors."""

from dataclasses import replace
from itertools import accumulate

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Window


@patch
def _limit(wacrm: Wacrm, listed: str, default: int, maximum: int) -> None:
    limit = wacrm.pages.limit

    def other(text: str | None, asked: str) -> int:
        if asked != listed:
            return limit(text, asked)
        if text is None:
            return default
        chosen = limit(text, asked)
        return min(int(text), maximum) if chosen == MAXIMUM_LIMIT else min(chosen, maximum)

    wrap(wacrm.pages, "limit", other)


ROWS = (
    Fault("PAGE-01", "message-page-is-25-by-default", _limit("messages", 25, MAXIMUM_LIMIT),
          "the message list kept the default of the inbox"),
    Fault("PAGE-01", "conversation-page-may-be-1000", _limit("conversations", DEFAULT_LIMIT, 1000),
          "the maximum is not applied to conversations"),
    Fault("PAGE-01", "contact-page-is-99-at-most", _limit("contacts", DEFAULT_LIMIT, 99),
          "a page of contacts is cut at 99, by a comparison with <"),
)  # fmt: skip


@fault("PAGE-01", "the LIMIT counts rows of the join: a contact with two tags is two of them")
def contact_page_counts_tags(wacrm: Wacrm) -> None:
    tags = "SELECT MAX(1, COUNT(*)) AS count FROM contact_tags WHERE contact_id = :id"
    cut = wacrm.pages.cut

    def joined(rows: list[Row], window: Window) -> tuple[list[Row], str | None]:
        if not window.subject.startswith("contacts"):
            return cut(rows, window)
        counts = [row["count"] for contact in rows for row in wacrm.db.rows(tags, {"id": contact["id"]})]
        fitting = max(1, sum(total <= window.limit for total in accumulate(counts)))
        return cut(rows, window) if fitting >= len(rows) else cut(rows, replace(window, limit=fitting))

    wrap(wacrm.pages, "cut", joined)


@fault("PAGE-07", "an error while decoding the cursor is not caught")
def garbage_cursor_is_a_500_on_conversations(wacrm: Wacrm) -> None:
    window = wacrm.pages.window

    def unguarded(query: QueryParams, *subject: str) -> Window:
        cursor = query.get("cursor")
        if subject[0] == "conversations" and cursor is not None and not cursor.isalnum():
            raise ValueError("invalid cursor")
        return window(query, *subject)

    wrap(wacrm.pages, "window", unguarded)


@fault("PAGE-07", "a limit of zero divides by zero")
def zero_limit_is_a_500_on_messages(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit

    def unguarded(text: str | None, listed: str) -> int:
        if listed == "messages" and text == "0":
            raise ZeroDivisionError
        return limit(text, listed)

    wrap(wacrm.pages, "limit", unguarded)


@fault("PAGE-07", "a huge limit overflows the database's integer")
def huge_limit_is_a_500_on_contacts(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit

    def unguarded(text: str | None, listed: str) -> int:
        if listed == "contacts" and text is not None and len(text) > len(str(2**63)):
            raise OverflowError
        return limit(text, listed)

    wrap(wacrm.pages, "limit", unguarded)
