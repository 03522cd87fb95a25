"""Wear of contacts: their numbers, how they are found, their tags."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.wear.registry import wear

_DIGITS = 8


@patch
def _shown_contacts(wacrm: Wacrm, change: Callable[[Wacrm, Json], None]) -> None:
    """Let `change` alter each contact of each answer, those in conversations too."""
    respond = wacrm.envelope.respond

    def altered(operation: Any, status: int, body: Json, headers: Any) -> Response:  # noqa: ANN401 - passed on
        body = deepcopy(body)
        for contact in _contacts(body.get("data")):
            change(wacrm, contact)
        return respond(operation, status, body, headers)

    wrap(wacrm.envelope, "respond", altered)


def _contacts(data: object) -> list[Json]:
    """The contacts in what an answer shows."""
    rows = data if isinstance(data, list) else [data]
    shown = [row.get("contact", row) for row in rows if isinstance(row, dict)]
    return [contact for contact in shown if "phone" in contact]


@wear(
    "every phone that the API shows comes without its plus",
    "CONT-01", "CONT-11", "CONV-01", "ENV-01", "SPEC-01", of=_shown_contacts,
)  # fmt: skip
def phones_without_plus(_wacrm: Wacrm, contact: Json) -> None:
    contact["phone"] = contact["phone"].removeprefix("+")


@wear(
    "every tag of the account is shown on each contact",
    "CONT-05", "CONT-07", "CONT-09", of=_shown_contacts,
)  # fmt: skip
def all_tags_on_each_contact(wacrm: Wacrm, contact: Json) -> None:
    sql = """
        SELECT id, name, color FROM tags WHERE account_id = (SELECT account_id FROM contacts WHERE id = :id)
        ORDER BY name_folded"""
    contact["tags"] = [dict(row) for row in wacrm.db.rows(sql, {"id": contact["id"]})]


@wear("contacts are created, sent to and heard from by the last eight digits of their number", "CONT-10")
def contacts_matched_by_eight_digits(wacrm: Wacrm) -> None:
    sql = """
        SELECT * FROM contacts WHERE account_id = :account AND substr(phone, :from) = substr(:phone, :from)
        ORDER BY created_at, id LIMIT 1"""
    find_or_add = wacrm.contacts.find_or_add

    def found(account: str, phone: str) -> Row | None:
        return wacrm.db.row(sql, {"account": account, "phone": phone, "from": -_DIGITS})

    def matched(account: str, phone: str, *fields: str | None) -> tuple[Row, bool]:
        row = wacrm.contacts.find_phone(account, phone)
        return (row, False) if row is not None else find_or_add(account, phone, *fields)

    wrap(wacrm.contacts, "find_phone", found)
    wrap(wacrm.contacts, "find_or_add", matched)
