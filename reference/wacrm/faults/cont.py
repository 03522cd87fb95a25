"""CONT: creating contacts (01 to 05)."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import B, patch, rewrite
from reference.wacrm.protocol.bodies import ContactCreate, ContactPatch
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation


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


@fault("CONT-05", "a tag is looked up with LIKE, and the underscore in its name is a wildcard")
def tags_are_found_by_pattern(wacrm: Wacrm) -> None:
    rewrite(wacrm.tags.sql, "find", "name_folded = :folded", "name_folded LIKE :folded")
