"""CONT-06, CONT-07, CONT-12: changing contacts."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch, sql
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import B, ContactPatch
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row


@patch
def _changed(wacrm: Wacrm, change: Callable[[Row, ContactPatch, str, str | None], str | None]) -> None:
    changed = wacrm.contacts.changed

    def otherwise(row: Row, body: ContactPatch, field: str) -> str | None:
        return change(row, body, field, changed(row, body, field))

    wrap(wacrm.contacts, "changed", otherwise)


_RACE_SECONDS = 0.02


@patch
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

    wrap(wacrm.bodies, "read", interrupted)


ROWS = (
    Fault("CONT-07", "patched-tags-are-taken-from-others",
          sql("tags.detach", "contact_id = :contact",
              "tag_id IN (SELECT tag_id FROM contact_tags WHERE contact_id = :contact)"),
          "a new set takes its tags from everybody who had them"),
    Fault("CONT-12", "change-moves-created-at",
          sql("contacts.touch", "SET updated_at = :now", "SET updated_at = :now, created_at = :now"),
          "a change writes both dates"),
)  # fmt: skip


@fault("CONT-06", "null is taken for absent: a company cannot be cleared", _changed)
def null_does_not_clear_the_company(row: Row, _body: ContactPatch, field: str, value: str | None) -> str | None:
    return row["company"] if field == "company" and value is None else value


@fault("CONT-06", "an empty name is falsy, and taken for one that was not sent", _changed)
def empty_name_is_taken_for_unsent(row: Row, _body: ContactPatch, field: str, value: str | None) -> str | None:
    return row["name"] if field == "name" and value == "" else value


@fault("CONT-06", "an e-mail address that is trimmed to nothing is not written", _changed)
def blank_email_is_taken_for_unsent(row: Row, _body: ContactPatch, field: str, value: str | None) -> str | None:
    return row["email"] if field == "email" and value is not None and not value.strip() else value


@fault("CONT-06", "an e-mail address that is not sent is set to null", _changed)
def unsent_email_is_cleared(_row: Row, body: ContactPatch, field: str, value: str | None) -> str | None:
    return None if field == "email" and "email" not in body.model_fields_set else value


@fault("CONT-06", "a patch of tags alone goes through the form's defaults, and the name is lost", _changed)
def patch_of_tags_clears_the_name(_row: Row, body: ContactPatch, field: str, value: str | None) -> str | None:
    return None if field == "name" and body.model_fields_set == {"tags"} else value


@fault("CONT-06", "read, merge, write the whole row: of two changes at once the later undoes the earlier")
def parallel_patches_undo_each_other(wacrm: Wacrm) -> None:
    looked_up: ContextVar[Row | None] = ContextVar("looked_up", default=None)

    def stale(row: Row, body: ContactPatch, field: str, value: str | None) -> str | None:
        before: str | None = (looked_up.get() or row)[field]
        return value if field in body.model_fields_set else before

    _before_update(lambda row, _body: looked_up.set(row) and None)(wacrm)
    _changed(stale)(wacrm)


@fault("CONT-07", "tags are added, and those that are not sent stay")
def patched_tags_are_added(wacrm: Wacrm) -> None:
    def added(account: str, contact: str, names: list[str]) -> None:
        if not names:
            wacrm.tags.clear(contact)
        wacrm.tags.attach(account, contact, names)

    replace_step(wacrm.tags, "set", added)


@fault("CONT-07", "an empty list is falsy, and the tags stay")
def empty_tags_are_ignored(wacrm: Wacrm) -> None:
    replace = wacrm.tags.set

    def unless_empty(account: str, contact: str, names: list[str]) -> None:
        if names:
            replace(account, contact, names)

    wrap(wacrm.tags, "set", unless_empty)


@fault("CONT-07", "delete, then insert, without a transaction: two sets at once are united")
def parallel_sets_of_tags_are_united(wacrm: Wacrm) -> None:
    replace = wacrm.tags.set

    def emptied(row: Row, body: ContactPatch) -> None:
        if body.tags:
            wacrm.tags.clear(row["id"])

    def filled(account: str, contact: str, names: list[str]) -> None:
        (wacrm.tags.attach if names else replace)(account, contact, names)

    _before_update(emptied)(wacrm)
    wrap(wacrm.tags, "set", filled)


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

    wrap(wacrm.contacts, "update", untouched)


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

    wrap(wacrm.bodies, "validate", noted)
    wrap(wacrm.contacts, "update", written)
