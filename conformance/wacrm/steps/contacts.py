"""Contacts as several CONT checks look at them: what they show, and how the deployment got to know them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.expect import precondition, that
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row

FIELDS = ("name", "email", "company")
MEMBERS = ("id", "phone", "name", "email", "company", "avatar_url", "tags", "created_at", "updated_at")
E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
UNCHANGING = ("id", "phone", "name", "email", "company", "avatar_url", "created_at")
PATCHED = tuple(name for name in UNCHANGING if name != "created_at")  # whose constancy is CONT-12's
TEXTS = {
    "plain": "Ada Lovelace",
    "emoji": "Zoë 👩‍👩‍👧‍👦 🇮🇹",
    "right-to-left": "שלום مرحبا",
    "combining": "Z\u0301alg\u0308o",
    "markup": '<b>O\'Neil</b> & "Sons" \\ / % _ ; -- {{1}}',
    "long": "n" * 200,
    "number-like": "007",
    "word-like": "null",
    "two blanks": "Ada  Lovelace",
    "mixed case": "ada McDONALD-o'neil",
    "compatibility": "\ufb01 \u2460 \uff21da \u338f",
}


def tag_names(contact: Row) -> list[str]:
    """The contact's tag names without case, sorted."""
    return sorted(str(tag.get("name")).casefold() for tag in contact.get("tags") or [])


def folded(names: Collection[str]) -> list[str]:
    return sorted({name.casefold() for name in names})


def has_tags(contact: Row, names: Collection[str], *exchanges: Exchange) -> None:
    that(tag_names(contact) == folded(names), f"exactly the tags {folded(names)}", f"{tag_names(contact)}", *exchanges)


def has(contact: Row, fields: Row, *exchanges: Exchange) -> None:
    for name, value in fields.items():
        expect.equal(expect.member(contact, name, *exchanges), value, f"the contact's {name}", *exchanges)


def read_contact(account: Account, id_: str) -> Row:
    return needed(account.api.get(f"/contacts/{id_}"), 200)


def everywhere(account: Account, contact: Row) -> list[tuple[Row, Exchange]]:
    """The contact as the single read and the list show it."""
    single = account.api.get(f"/contacts/{contact['id']}")
    for params in (
        {"limit": 30},
        {"limit": 30, "search": contact["phone"].lstrip("+")},
    ):  # others may make contacts too
        many = account.api.get("/contacts", **params)
        shown = [row for row in envelope.rows(many) if row.get("id") == contact["id"]]
        if shown:
            break
    that(len(shown) == 1, "the contact once in the list of those with its phone", f"{len(shown)} times", many)
    return [(envelope.record(single, 200), single), (shown[0], many)]


def spelled(phone: str, spelling: str) -> str:
    digits = phone[1:]
    parts = (digits[:2], digits[2:5], digits[5:])
    forms = {"no plus": digits, "00": f"00{digits}", "spaces": "+" + " ".join(parts), "hyphens": "+" + "-".join(parts)}
    return forms.get(spelling, f" {phone} ")


def met(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row:
    """The contact of a number that the deployment met first by a message."""
    offered = {"send": capabilities.messages, "inbound": capabilities.inbound}
    if not offered[origin]:
        raise Lacking(f"the target has no {origin} messages")
    if origin == "send":
        return read_contact(account, account.send(phone, name="Ada")["contact_id"])
    account.receive(phone, profile_name="Ada")
    found = eventually(lambda: account.contact_by_phone(phone), account.mock_meta.patience)
    precondition(found, f"no contact of {phone} appears after its message")
    contact: Row = found
    return contact
