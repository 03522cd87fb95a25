"""What a contact's record must show (CONT). Each function raises a Mismatch when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.expect import that
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.contacts import casefolded, tag_names

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


def has_fields(contact: Row, fields: Row, *exchanges: Exchange) -> None:
    """The contact has these members with these values."""
    for name, value in fields.items():
        expect.equal(expect.member(contact, name, *exchanges), value, f"the contact's {name}", *exchanges)


def has_tags(contact: Row, names: Collection[str], *exchanges: Exchange) -> None:
    """The contact has exactly these tags, compared without case."""
    expected = casefolded(names)
    that(tag_names(contact) == expected, f"exactly the tags {expected}", f"{tag_names(contact)}", *exchanges)


def read_and_listed(account: Account, contact: Row) -> list[tuple[Row, Exchange]]:
    """The contact's record in GET /contacts/{id} and in GET /contacts, each with its answer."""
    single = account.api.get(f"/contacts/{contact['id']}")
    # The second search is for a list in which other contacts have been created since.
    for params in ({"limit": 30}, {"limit": 30, "search": contact["phone"].lstrip("+")}):
        listing = account.api.get("/contacts", **params)
        listed = [row for row in envelope.rows(listing) if row.get("id") == contact["id"]]
        if listed:
            break
    that(len(listed) == 1, "the contact once in the list of contacts with its phone", f"{len(listed)} times", listing)
    return [(envelope.record(single, 200), single), (listed[0], listing)]
