"""PAGE-02, PAGE-05: order, and rows that share a created_at."""

from collections.abc import Callable
from functools import partial

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, sql, together
from reference.wacrm.patching.steps import wrap
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window

_KEYSET = "(created_at, id) < (:before, :before_id)"


@patch
def _reorder(wacrm: Wacrm, listed: str, order: Callable[[list[Row]], list[Row]]) -> None:
    """The right rows in a page, in another order."""
    cut = wacrm.pages.cut

    def reordered(rows: list[Row], window: Window) -> tuple[list[Row], str | None]:
        page, cursor = cut(rows, window)
        return (order(page) if window.subject.startswith(listed) else page), cursor

    wrap(wacrm.pages, "cut", reordered)


ROWS = (
    Fault("PAGE-02", "contact-pages-are-sorted-by-name",
          _reorder("contacts", lambda rows: sorted(rows, key=lambda row: str(row["name"]))),
          "a page of contacts is sorted by name before it is shown"),
    Fault("PAGE-02", "webhook-pages-are-oldest-first", _reorder("webhooks", lambda rows: rows[::-1]),
          "a page of endpoints is shown oldest first"),
    Fault("PAGE-02", "messages-of-one-instant-are-oldest-first",
          together(sql("messages.page", _KEYSET, "(created_at < :before OR (created_at = :before AND id > :before_id))"),
                   sql("messages.page", "id DESC", "id ASC")),
          "messages of one instant are listed in the order of their ids, upwards, and paged so as well"),
    Fault("PAGE-05", "contacts-with-equal-times-are-lost", sql("contacts.page", _KEYSET, "created_at < :before"),
          "contacts continue after created_at alone: its ties are lost at a page boundary"),
    Fault("PAGE-05", "messages-with-equal-times-are-lost", sql("messages.page", _KEYSET, "created_at < :before"),
          "messages continue after created_at alone: its ties are lost at a page boundary"),
    Fault("PAGE-05", "messages-with-equal-times-are-repeated",
          sql("messages.page", _KEYSET, "created_at <= :before AND id <> :before_id"),
          "messages continue with created_at or older, without the last row itself: its ties come again"),
    Fault("PAGE-05", "conversations-with-equal-times-are-lost",
          sql("conversations.page", "(v.created_at, v.id) < (:before, :before_id)", "v.created_at < :before"),
          "conversations continue with both columns compared by themselves: ties go missing"),
    Fault("PAGE-05", "webhooks-with-equal-times-are-lost", sql("endpoints.page", _KEYSET, "created_at < :before"),
          "endpoints continue after created_at alone: its ties are lost at a page boundary"),
)  # fmt: skip


@fault(
    "PAGE-02",
    "a page of conversations is sorted by its latest message before it is shown",
    partial(_reorder, "conversations"),
)
def conversation_pages_are_sorted_by_activity(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row["last_message_at"]), reverse=True)
