"""Contacts for CONT checks: their members, texts that are hard to store, and contacts created by messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.target.expect import first, precondition
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row

FIELDS = ("name", "email", "company")
DOCUMENTED_MEMBERS = ("id", "phone", "name", "email", "company", "avatar_url", "tags", "created_at", "updated_at")
E164 = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
"""An E.164 number; whether it has its plus is a matter of CONT-11."""
UNCHANGING = ("id", "phone", "name", "email", "company", "avatar_url", "created_at")
UNCHANGED_BY_PATCH = tuple(name for name in UNCHANGING if name != "created_at")  # CONT-12 checks that it is constant
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
    """The contact's tag names, casefolded and sorted."""
    return sorted(str(tag.get("name")).casefold() for tag in contact.get("tags") or [])


def tag_id(contact: Row, name: str) -> str:
    """The id of the contact's tag of this name; no verdict when it does not show one."""
    found = [tag.get("id") for tag in contact.get("tags") or [] if str(tag.get("name")).casefold() == name.casefold()]
    return str(first(found, f"tag {name!r} on the contact that was created with it"))


def casefolded(names: Collection[str]) -> list[str]:
    return sorted({name.casefold() for name in names})


def read_contact(account: Account, id_: str) -> Row:
    return required(account.api.get(f"/contacts/{id_}"), 200)


def respelled(phone: str, spelling: str) -> str:
    digits = phone[1:]
    parts = (digits[:2], digits[2:5], digits[5:])
    forms = {"no plus": digits, "00": f"00{digits}", "spaces": "+" + " ".join(parts), "hyphens": "+" + "-".join(parts)}
    return forms.get(spelling, f" {phone} ")


def contact_from_message(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row:
    """The contact that a first message to or from a number creates."""
    offered = {"send": capabilities.messages, "inbound": capabilities.inbound}
    if not offered[origin]:
        raise Lacking(f"the target has no {origin} messages")
    if origin == "send":
        return read_contact(account, account.send(phone, name="Ada")["contact_id"])
    account.receive(phone, profile_name="Ada")
    contact: Row | None = eventually(lambda: account.contact_by_phone(phone), account.mock_meta.patience)
    precondition(contact, f"no contact with the phone {phone} is found after its first message")
    assert contact is not None
    return contact
