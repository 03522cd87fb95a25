"""CONT: changing contacts (06, 07, 12)."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import B, patch, rewrite
from reference.wacrm.protocol.bodies import ContactPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row


def _changed(wacrm: Wacrm, change: Callable[[Row, ContactPatch, str, str | None], str | None]) -> None:
    changed = wacrm.contacts.changed

    def otherwise(row: Row, body: ContactPatch, field: str) -> str | None:
        return change(row, body, field, changed(row, body, field))

    patch(wacrm.contacts, "changed", otherwise)


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


_RACE_SECONDS = 0.02


def _before_update(wacrm: Wacrm, look: Callable[[Row, ContactPatch], None]) -> None:
    """What an update does between two statements, while another one of the same contact may run."""
    read = wacrm.bodies.read

    async def interrupted(request: Request, model: type[B]) -> B:
        body = await read(request, model)
        if isinstance(body, ContactPatch):
            row = wacrm.db.row("SELECT * FROM contacts WHERE id = :id", {"id": request.path_params["contact_id"]})
            if row is not None:
                look(row, body)
            await asyncio.sleep(_RACE_SECONDS)
        return body

    patch(wacrm.bodies, "read", interrupted)


@fault("CONT-06", "read, merge, write the whole row: of two changes at once the later undoes the earlier")
def parallel_patches_undo_each_other(wacrm: Wacrm) -> None:
    looked_up: ContextVar[Row | None] = ContextVar("looked_up", default=None)

    def stale(row: Row, body: ContactPatch, field: str, value: str | None) -> str | None:
        before: str | None = (looked_up.get() or row)[field]
        return value if field in body.model_fields_set else before

    _before_update(wacrm, lambda row, _body: looked_up.set(row) and None)
    _changed(wacrm, stale)


@fault("CONT-07", "delete, then insert, without a transaction: two sets at once are united")
def parallel_sets_of_tags_are_united(wacrm: Wacrm) -> None:
    replace = wacrm.tags.set

    def emptied(row: Row, body: ContactPatch) -> None:
        if body.tags:
            wacrm.tags.clear(row["id"])

    def filled(account: str, contact: str, names: list[str]) -> None:
        (wacrm.tags.attach if names else replace)(account, contact, names)

    _before_update(wacrm, emptied)
    patch(wacrm.tags, "set", filled)


@fault("CONT-12", "the body of a PATCH is written as it is, every column that it names")
def patch_writes_created_at(wacrm: Wacrm) -> None:
    validate, update = wacrm.bodies.validate, wacrm.contacts.update
    named: list[object] = [None]

    def noted(body: dict[str, Any], model: type[B]) -> B:
        named[:] = [body.get("created_at")]
        return validate(body, model)

    def written(account: str, text: str, body: ContactPatch) -> Json:
        contact = update(account, text, body)
        if isinstance(named[0], str):
            wacrm.db.run("UPDATE contacts SET created_at = :at WHERE id = :id", {"at": named[0], "id": contact["id"]})
        return wacrm.contacts.read(account, text)

    patch(wacrm.bodies, "validate", noted)
    patch(wacrm.contacts, "update", written)
