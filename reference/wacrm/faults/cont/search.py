"""CONT-08, CONT-09: searching and filtering contacts."""

from contextvars import ContextVar

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import sql
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window

ROWS = (
    Fault("CONT-08", "percent-in-search-is-a-wildcard",
          sql("contacts.page", "instr(name_folded, :search)", "name_folded LIKE '%' || :search || '%'"),
          "the search is a LIKE pattern, and the client's % is a wildcard"),
    Fault("CONT-08", "search-matches-email",
          sql("contacts.page", "OR instr(phone, :search)", "OR instr(phone, :search) OR instr(lower(email), :search)"),
          "the search looks at e-mail addresses too"),
    Fault("CONT-08", "search-matches-the-start-of-the-phone-only",
          sql("contacts.page", "OR instr(phone, :search)", "OR instr(phone, :search) = 1"),
          "the number is matched from its beginning only"),
    Fault("CONT-08", "search-does-not-follow-a-change-of-name", sql("contacts.change", "name_folded = :name_folded, ", ""),
          "the column that is searched is written on creation only"),
    Fault("CONT-09", "tag-filter-sees-the-first-tag-only",
          sql("contacts.page", "id IN (SELECT contact_id FROM contact_tags WHERE tag_id = :tag)",
              ":tag = (SELECT tag_id FROM contact_tags WHERE contact_id = contacts.id ORDER BY tag_id LIMIT 1)"),
          "the filter sees a contact's first tag only"),
)  # fmt: skip


@fault("CONT-08", "case is folded for ASCII letters only")
def search_folds_ascii_only(wacrm: Wacrm) -> None:
    def ascii_only(text: str | None) -> str | None:
        return "".join(c.lower() if c.isascii() else c for c in text) if text else None

    replace_step(wacrm.contacts, "fold", ascii_only)


@fault("CONT-09", "the filter's join is the embedding's join: the other tags are not shown")
def tag_filter_hides_the_other_tags(wacrm: Wacrm) -> None:
    asked: ContextVar[str | None] = ContextVar("tag", default=None)
    page, present_all = wacrm.contacts.page, wacrm.contacts.present_all

    def noted(account: str, window: Window, search: str | None, tag: str | None) -> list[Row]:
        asked.set(tag)
        return page(account, window, search, tag)

    def filtered(rows: list[Row]) -> list[Json]:
        tag, shown = asked.get(), present_all(rows)
        for contact in shown if tag else []:
            contact["tags"] = [t for t in contact["tags"] if t["id"] == tag]
        return shown

    wrap(wacrm.contacts, "page", noted)
    wrap(wacrm.contacts, "present_all", filtered)
