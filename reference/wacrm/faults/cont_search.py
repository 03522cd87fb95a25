"""CONT: finding contacts, and the number that tells them apart (08 to 11)."""

from contextvars import ContextVar

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import current_operation, patch, reshape, rewrite
from reference.wacrm.protocol.bodies import ContactCreate
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window


@fault("CONT-08", "the search is a LIKE pattern, and the client's % is a wildcard")
def percent_in_search_is_a_wildcard(wacrm: Wacrm) -> None:
    rewrite(wacrm.contacts.sql, "page", "instr(name_folded, :search)", "name_folded LIKE '%' || :search || '%'")


@fault("CONT-08", "the search looks at e-mail addresses too")
def search_matches_email(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.contacts.sql,
        "page",
        "OR instr(phone, :search)",
        "OR instr(phone, :search) OR instr(lower(email), :search)",
    )


@fault("CONT-08", "case is folded for ASCII letters only")
def search_folds_ascii_only(wacrm: Wacrm) -> None:
    def ascii_only(text: str | None) -> str | None:
        return "".join(c.lower() if c.isascii() else c for c in text) if text else None

    patch(wacrm.contacts, "fold", ascii_only)


@fault("CONT-08", "the number is matched from its beginning only")
def search_matches_the_start_of_the_phone_only(wacrm: Wacrm) -> None:
    rewrite(wacrm.contacts.sql, "page", "OR instr(phone, :search)", "OR instr(phone, :search) = 1")


@fault("CONT-08", "the column that is searched is written on creation only")
def search_does_not_follow_a_change_of_name(wacrm: Wacrm) -> None:
    rewrite(wacrm.contacts.sql, "change", "name_folded = :name_folded, ", "")


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

    patch(wacrm.contacts, "page", noted)
    patch(wacrm.contacts, "present_all", filtered)


@fault("CONT-09", "the filter sees a contact's first tag only")
def tag_filter_sees_the_first_tag_only(wacrm: Wacrm) -> None:
    rewrite(
        wacrm.contacts.sql,
        "page",
        "id IN (SELECT contact_id FROM contact_tags WHERE tag_id = :tag)",
        ":tag = (SELECT tag_id FROM contact_tags WHERE contact_id = contacts.id ORDER BY tag_id LIMIT 1)",
    )


_SUFFIX = 9


def _by_suffix(wacrm: Wacrm, account: str, phone: str) -> Row | None:
    sql = "SELECT * FROM contacts WHERE account_id = :account AND substr(phone, :from) = :suffix LIMIT 1"
    return wacrm.db.row(sql, {"account": account, "from": -_SUFFIX, "suffix": phone[-_SUFFIX:]})


@fault("CONT-10", "numbers are compared by their last nine digits, to forgive missing country codes")
def created_contacts_are_matched_by_suffix(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def matched(account: str, body: ContactCreate) -> tuple[Json, bool]:
        row = _by_suffix(wacrm, account, body.phone) if wacrm.phones.valid(body.phone) else None
        if row is not None:
            return wacrm.contacts.read(account, row["id"]), False
        return create(account, body)

    patch(wacrm.contacts, "create", matched)


@fault("CONT-10", "numbers with the same last nine digits overwrite each other's row on creation")
def created_contact_takes_over_a_number_with_its_suffix(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def taken(account: str, body: ContactCreate) -> tuple[Json, bool]:
        row = _by_suffix(wacrm, account, body.phone) if wacrm.phones.valid(body.phone) else None
        if row is not None and row["phone"] != body.phone:
            sql = "UPDATE OR IGNORE contacts SET phone = :phone WHERE id = :id"
            wacrm.db.run(sql, {"phone": body.phone, "id": row["id"]})
        return create(account, body)

    patch(wacrm.contacts, "create", taken)


@fault("CONT-10", "a customer who writes is looked up by the last nine digits")
def inbound_senders_are_matched_by_suffix(wacrm: Wacrm) -> None:
    find_or_add = wacrm.contacts.find_or_add

    def matched(
        account: str, phone: str, name: str | None, email: str | None = None, company: str | None = None
    ) -> tuple[Row, bool]:
        row = _by_suffix(wacrm, account, phone) if running() is None else None
        return (row, False) if row is not None else find_or_add(account, phone, name, email, company)

    running = current_operation(wacrm)
    patch(wacrm.contacts, "find_or_add", matched)


def _without_plus(contact: Json) -> None:
    contact["phone"] = contact["phone"].lstrip("+")


@fault("CONT-11", "the answer to a change is built from the normalised column, which has no plus")
def patched_contact_has_no_plus(wacrm: Wacrm) -> None:
    reshape(wacrm, Operation.UPDATE_CONTACT, lambda body: _without_plus(body["data"]), status=200)


@fault("CONT-11", "the list is built from the normalised column, which has no plus")
def listed_contacts_have_no_plus(wacrm: Wacrm) -> None:
    def stripped(body: Json) -> None:
        for contact in body["data"]:
            _without_plus(contact)

    reshape(wacrm, Operation.LIST_CONTACTS, stripped, status=200)


@fault("CONT-11", "the number is formatted for people on the contact's own page")
def read_contact_is_formatted(wacrm: Wacrm) -> None:
    def spaced(body: Json) -> None:
        body["data"]["phone"] = f"{body['data']['phone'][:-4]} {body['data']['phone'][-4:]}"

    reshape(wacrm, Operation.READ_CONTACT, spaced, status=200)
