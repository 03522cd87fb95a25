"""CONT: contacts."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.bodies import ContactCreate, ContactPatch
from reference.wacrm.envelope import ApiError, Json
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import B, current_operation, patch, reshape, rewrite
from reference.wacrm.operations import Operation
from reference.wacrm.pages import Window
from reference.wacrm.storage import Row


def _create(wacrm: Wacrm, change: Callable[[ContactCreate], dict[str, Any]]) -> None:
    """A creation that stores something else than was sent."""
    create = wacrm.contacts.create

    def changed(account: str, body: ContactCreate) -> tuple[Json, bool]:
        return create(account, body.model_copy(update=change(body)))

    patch(wacrm.contacts, "create", changed)


@fault("CONT-01", "the company is missing from the INSERT's columns")
def company_is_dropped_on_create(wacrm: Wacrm) -> None:
    _create(wacrm, lambda _body: {"company": None})


@fault("CONT-01", "e-mail addresses are put into lower case")
def email_is_lower_cased_on_create(wacrm: Wacrm) -> None:
    _create(wacrm, lambda body: {"email": body.email.lower() if body.email else None})


@fault("CONT-01", "a name is trimmed, as the form of the dashboard does it")
def name_is_trimmed_on_create(wacrm: Wacrm) -> None:
    _create(wacrm, lambda body: {"name": body.name.strip() if body.name else body.name})


@fault("CONT-02", "ON CONFLICT DO UPDATE SET updated_at, so that the statement returns the row")
def known_phone_is_touched(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def touched(account: str, body: ContactCreate) -> tuple[Json, bool]:
        contact, created = create(account, body)
        if not created:
            now = wacrm.clock.after(contact["updated_at"])
            wacrm.db.run(wacrm.contacts.sql.touch, {"account": account, "id": contact["id"], "now": now})
            contact = wacrm.contacts.read(account, contact["id"])
        return contact, created

    patch(wacrm.contacts, "create", touched)


@fault("CONT-02", "the INSERT is an upsert: who finds a contact renames it")
def known_phone_overwrites_the_company(wacrm: Wacrm) -> None:
    _upsert(wacrm, "company")


@fault("CONT-02", "the INSERT is an upsert: who finds a contact changes its address")
def known_phone_overwrites_the_email(wacrm: Wacrm) -> None:
    _upsert(wacrm, "email")


def _upsert(wacrm: Wacrm, field: str) -> None:
    create = wacrm.contacts.create

    def upserted(account: str, body: ContactCreate) -> tuple[Json, bool]:
        contact, created = create(account, body)
        if not created and getattr(body, field) is not None:
            changed = ContactPatch.model_validate({field: getattr(body, field)})
            contact = wacrm.contacts.update(account, contact["id"], changed)
        return contact, created

    patch(wacrm.contacts, "create", upserted)


@fault("CONT-02", "tags are attached before it is known whether the contact is new")
def known_phone_gains_tags(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def tagged(account: str, body: ContactCreate) -> tuple[Json, bool]:
        contact, created = create(account, body)
        if not created and body.tags:
            wacrm.tags.attach(account, contact["id"], body.tags)
            contact = wacrm.contacts.read(account, contact["id"])
        return contact, created

    patch(wacrm.contacts, "create", tagged)


@fault("CONT-03", "the contact is written before the types of its other fields are checked")
def refused_contact_is_written(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate
    running: ContextVar[str] = ContextVar("account", default="")
    check = wacrm.gate.check_scope

    def noted(caller: Any, operation: Operation) -> None:  # noqa: ANN401 - passed on as it came
        check(caller, operation)
        running.set(caller.account_id)

    def written(body: dict[str, Any], model: type[B]) -> B:
        try:
            return validate(body, model)
        except ApiError:
            phone = body.get("phone")
            if model is ContactCreate and isinstance(phone, str) and wacrm.phones.valid(phone):
                wacrm.contacts.find_or_add(running.get(), phone, None)
            raise

    patch(wacrm.gate, "check_scope", noted)
    patch(wacrm.bodies, "validate", written)


@fault("CONT-03", "a number is turned into text instead of refused")
def numeric_company_is_accepted(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate

    def lenient(body: dict[str, Any], model: type[B]) -> B:
        if model is ContactCreate and isinstance(body.get("company"), int):
            body = body | {"company": str(body["company"])}
        return validate(body, model)

    patch(wacrm.bodies, "validate", lenient)


@fault("CONT-03", "the country code may begin with 0, which no country's does")
def phone_with_leading_zero_is_accepted(wacrm: Wacrm) -> None:
    create, valid = wacrm.contacts.create, wacrm.phones.valid

    def lenient(account: str, body: ContactCreate) -> tuple[Json, bool]:
        wacrm.phones.valid = lambda text: valid(text) or valid(text.replace("+0", "+1", 1))  # type: ignore[method-assign]
        try:
            return create(account, body)
        finally:
            wacrm.phones.valid = valid  # type: ignore[method-assign]

    patch(wacrm.contacts, "create", lenient)


_RACE_SECONDS = 0.02


def _race(wacrm: Wacrm, lost: Callable[[Json], tuple[Json, bool]]) -> None:
    """Look whether the phone is known, wait for the database, then write: what the losers of the race answer."""
    absent: ContextVar[bool] = ContextVar("absent", default=False)
    read, create = wacrm.bodies.read, wacrm.contacts.create
    known = "SELECT 1 FROM contacts WHERE phone = :phone"

    async def looked_up(request: Request, model: type[B]) -> B:
        body = await read(request, model)
        if isinstance(body, ContactCreate):
            absent.set(wacrm.db.row(known, {"phone": body.phone}) is None)
            await asyncio.sleep(_RACE_SECONDS)
        return body

    def written(account: str, body: ContactCreate) -> tuple[Json, bool]:
        contact, created = create(account, body)
        return lost(contact) if absent.get() and not created else (contact, created)

    patch(wacrm.bodies, "read", looked_up)
    patch(wacrm.contacts, "create", written)


@fault("CONT-04", "look first, then insert: every one of a burst believes to be the first")
def concurrent_creations_all_answer_201(wacrm: Wacrm) -> None:
    _race(wacrm, lambda contact: (contact, True))


@fault("CONT-04", "the unique constraint ends the race, and its violation is not caught")
def concurrent_creations_end_in_500(wacrm: Wacrm) -> None:
    def violated(_contact: Json) -> tuple[Json, bool]:
        raise RuntimeError("duplicate key value violates unique constraint")

    _race(wacrm, violated)


@fault("CONT-05", "tag names are compared with case")
def tags_are_compared_with_case(wacrm: Wacrm) -> None:
    def as_it_is(name: str) -> str:
        return name

    patch(wacrm.tags, "fold", as_it_is)


@fault("CONT-05", "a creation attaches no more than two tags: the form has two fields")
def only_two_tags_are_attached_on_create(wacrm: Wacrm) -> None:
    _create(wacrm, lambda body: {"tags": body.tags[:2]})


def _changed(wacrm: Wacrm, change: Callable[[Row, ContactPatch, str, str | None], str | None]) -> None:
    changed = wacrm.contacts.changed

    def otherwise(row: Row, body: ContactPatch, field: str) -> str | None:
        return change(row, body, field, changed(row, body, field))

    patch(wacrm.contacts, "changed", otherwise)


@fault("CONT-05", "a tag is looked up with LIKE, and the underscore in its name is a wildcard")
def tags_are_found_by_pattern(wacrm: Wacrm) -> None:
    rewrite(wacrm.tags.sql, "find", "name_folded = :folded", "name_folded LIKE :folded")


@fault("CONT-06", "null is taken for absent: a company cannot be cleared")
def null_does_not_clear_the_company(wacrm: Wacrm) -> None:
    def kept(row: Row, _body: ContactPatch, field: str, value: str | None) -> str | None:
        return row["company"] if field == "company" and value is None else value

    _changed(wacrm, kept)


@fault("CONT-06", "an empty name is falsy, and taken for one that was not sent")
def empty_name_is_taken_for_unsent(wacrm: Wacrm) -> None:
    def kept(row: Row, _body: ContactPatch, field: str, value: str | None) -> str | None:
        return row["name"] if field == "name" and value == "" else value

    _changed(wacrm, kept)


@fault("CONT-06", "an e-mail address that is trimmed to nothing is not written")
def blank_email_is_taken_for_unsent(wacrm: Wacrm) -> None:
    def kept(row: Row, _body: ContactPatch, field: str, value: str | None) -> str | None:
        return row["email"] if field == "email" and value is not None and not value.strip() else value

    _changed(wacrm, kept)


@fault("CONT-06", "an e-mail address that is not sent is set to null")
def unsent_email_is_cleared(wacrm: Wacrm) -> None:
    def cleared(_row: Row, body: ContactPatch, field: str, value: str | None) -> str | None:
        return None if field == "email" and "email" not in body.model_fields_set else value

    _changed(wacrm, cleared)


@fault("CONT-06", "a patch of tags alone goes through the form's defaults, and the name is lost")
def patch_of_tags_clears_the_name(wacrm: Wacrm) -> None:
    def cleared(_row: Row, body: ContactPatch, field: str, value: str | None) -> str | None:
        return None if field == "name" and body.model_fields_set == {"tags"} else value

    _changed(wacrm, cleared)


@fault("CONT-07", "tags are added, and those that are not sent stay")
def patched_tags_are_added(wacrm: Wacrm) -> None:
    def added(account: str, contact: str, names: list[str]) -> None:
        if not names:
            wacrm.tags.clear(contact)
        wacrm.tags.attach(account, contact, names)

    patch(wacrm.tags, "set", added)


@fault("CONT-07", "an empty list is falsy, and the tags stay")
def empty_tags_are_ignored(wacrm: Wacrm) -> None:
    replace = wacrm.tags.set

    def unless_empty(account: str, contact: str, names: list[str]) -> None:
        if names:
            replace(account, contact, names)

    patch(wacrm.tags, "set", unless_empty)


@fault("CONT-07", "a new set takes its tags from everybody who had them")
def patched_tags_are_taken_from_others(wacrm: Wacrm) -> None:
    shared = "tag_id IN (SELECT tag_id FROM contact_tags WHERE contact_id = :contact)"
    rewrite(wacrm.tags.sql, "detach", "contact_id = :contact", shared)


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


@fault("CONT-08", "what is searched for is trimmed, and its blanks match nothing or anything")
def search_is_trimmed(wacrm: Wacrm) -> None:
    page = wacrm.contacts.page

    def trimmed(account: str, window: Window, search: str | None, tag: str | None) -> list[Row]:
        return page(account, window, search.strip() if search else search, tag)

    patch(wacrm.contacts, "page", trimmed)


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


@fault("CONT-12", "a change writes both dates")
def change_moves_created_at(wacrm: Wacrm) -> None:
    rewrite(wacrm.contacts.sql, "touch", "SET updated_at = :now", "SET updated_at = :now, created_at = :now")


@fault("CONT-12", "updated_at is kept by a trigger of the table, which tags do not touch")
def tags_do_not_advance_updated_at(wacrm: Wacrm) -> None:
    update = wacrm.contacts.update

    def untouched(account: str, text: str, body: ContactPatch) -> Json:
        before = wacrm.contacts.require(account, text)
        after = update(account, text, body)
        if body.model_fields_set == {"tags"}:
            values = {"account": account, "id": before["id"], "now": before["updated_at"]}
            wacrm.db.run(wacrm.contacts.sql.touch, values)
            after = wacrm.contacts.read(account, text)
        return after

    patch(wacrm.contacts, "update", untouched)
