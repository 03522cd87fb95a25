"""CONT-01, CONT-02, CONT-03, CONT-04, CONT-05: creating contacts."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, request_body, sql
from reference.wacrm.patching.steps import replace_step, under_way, wrap
from reference.wacrm.protocol.bodies import B, ContactCreate, ContactPatch
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation


@patch
def _create(wacrm: Wacrm, change: Callable[[ContactCreate], dict[str, Any]]) -> None:
    """A creation that stores something else than was sent."""
    create = wacrm.contacts.create

    def changed(account: str, body: ContactCreate) -> tuple[Json, bool]:
        return create(account, body.model_copy(update=change(body)))

    wrap(wacrm.contacts, "create", changed)


@patch
def _upsert(wacrm: Wacrm, field: str) -> None:
    create = wacrm.contacts.create

    def upserted(account: str, body: ContactCreate) -> tuple[Json, bool]:
        contact, created = create(account, body)
        if not created and getattr(body, field) is not None:
            changed = ContactPatch.model_validate({field: getattr(body, field)})
            contact = wacrm.contacts.update(account, contact["id"], changed)
        return contact, created

    wrap(wacrm.contacts, "create", upserted)


_RACE_SECONDS = 0.02


@patch
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

    wrap(wacrm.bodies, "read", looked_up)
    wrap(wacrm.contacts, "create", written)


ROWS = (
    Fault("CONT-01", "company-is-dropped-on-create", _create(lambda _body: {"company": None}),
          "the company is missing from the INSERT's columns"),
    Fault("CONT-01", "email-is-lower-cased-on-create",
          _create(lambda body: {"email": body.email.lower() if body.email else None}),
          "e-mail addresses are put into lower case"),
    Fault("CONT-02", "known-phone-overwrites-the-company", _upsert("company"),
          "the INSERT is an upsert: who finds a contact renames it"),
    Fault("CONT-02", "known-phone-overwrites-the-email", _upsert("email"),
          "the INSERT is an upsert: who finds a contact changes its address"),
    Fault("CONT-04", "concurrent-creations-all-answer-201", _race(lambda contact: (contact, True)),
          "look first, then insert: every one of a burst believes to be the first"),
    Fault("CONT-05", "only-two-tags-are-attached-on-create", _create(lambda body: {"tags": body.tags[:2]}),
          "a creation attaches no more than two tags: the form has two fields"),
    Fault("CONT-05", "tags-are-found-by-pattern", sql("tags.find", "name_folded = :folded", "name_folded LIKE :folded"),
          "a tag is looked up with LIKE, and the underscore in its name is a wildcard"),
)  # fmt: skip


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

    wrap(wacrm.contacts, "create", touched)


@fault("CONT-02", "tags are attached before it is known whether the contact is new")
def known_phone_gains_tags(wacrm: Wacrm) -> None:
    create = wacrm.contacts.create

    def tagged(account: str, body: ContactCreate) -> tuple[Json, bool]:
        contact, created = create(account, body)
        if not created and body.tags:
            wacrm.tags.attach(account, contact["id"], body.tags)
            contact = wacrm.contacts.read(account, contact["id"])
        return contact, created

    wrap(wacrm.contacts, "create", tagged)


@fault("CONT-03", "the contact is written before the types of its other fields are checked")
def refused_contact_is_written(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate
    running: ContextVar[str] = ContextVar("account", default="")
    check = wacrm.admission.check_scope

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

    wrap(wacrm.admission, "check_scope", noted)
    wrap(wacrm.bodies, "validate", written)


@fault("CONT-03", "a number is turned into text instead of refused", partial(request_body, ContactCreate))
def numeric_company_is_accepted(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"company": str(body["company"])} if isinstance(body.get("company"), int) else body


@fault("CONT-03", "the country code may begin with 0, which no country's does")
def phone_with_leading_zero_is_accepted(wacrm: Wacrm) -> None:
    creating, valid = under_way(wacrm.contacts, "create"), wacrm.phones.valid

    def lenient(text: str) -> bool:
        return valid(text.replace("+0", "+1", 1) if creating() else text)

    wrap(wacrm.phones, "valid", lenient)


@fault("CONT-04", "the unique constraint ends the race, and its violation is not caught", _race)
def concurrent_creations_end_in_500(_contact: Json) -> tuple[Json, bool]:
    raise RuntimeError("duplicate key value violates unique constraint")


@fault("CONT-05", "tag names are compared with case")
def tags_are_compared_with_case(wacrm: Wacrm) -> None:
    def as_it_is(name: str) -> str:
        return name

    replace_step(wacrm.tags, "fold", as_it_is)
