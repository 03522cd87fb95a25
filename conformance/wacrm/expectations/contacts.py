"""What a contact's record must show (CONT). Each function raises a Mismatch when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.expect import that
from conformance.target.numbers import digits
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.contacts import casefolded, tag_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


def has_fields(contact: Row, fields: Row, *exchanges: Exchange) -> None:
    """The contact has these members with these values; a phone has the digits (CONT-11 checks its form)."""
    for name, value in fields.items():
        actual = expect.member(contact, name, *exchanges)
        if name == "phone" and digits(actual) == digits(value):
            continue
        expect.equal(actual, value, f"the contact's {name}", *exchanges)


def has_kept_tags(contact: Row, names: Collection[str], *exchanges: Exchange) -> None:
    """The contact still has these tags. Whether it has no others is for the clauses about tag sets, CONT-05 and -07."""
    lost = sorted(set(casefolded(names)) - set(tag_names(contact)))
    that(not lost, f"the tags {casefolded(names)} as before", f"without {lost}", *exchanges)


def is_not_left_behind(
    account: Account, find: Callable[[str, str], object], phone: str, name: str, *exchanges: Exchange
) -> None:
    """`find(phone, name)` finds no contact; no verdict unless it finds one that was made to be found."""
    found = find(phone, name)
    that(not found, "no contact after what was refused", f"{found}", *exchanges)
    marker = account.marker()
    control = account.contact(name=marker)
    expect.precondition(find(account.phone_of(control), marker), "a contact that there is cannot be found in this way")


def has_tags(contact: Row, names: Collection[str], *exchanges: Exchange) -> None:
    """The contact has exactly these tags, compared without case."""
    expected = casefolded(names)
    that(tag_names(contact) == expected, f"exactly the tags {expected}", f"{tag_names(contact)}", *exchanges)


def no_contact_of(account: Account, phone: str, *exchanges: Exchange) -> None:
    """The number has no contact; no verdict unless one that was made is found by its number."""
    is_not_left_behind(account, lambda number, _name: account.contact_by_phone(number), phone, "", *exchanges)


def read_and_listed(account: Account, contact: Row) -> list[tuple[Row, Exchange]]:
    """The contact's record in GET /contacts/{id} and in GET /contacts, each with its answer."""
    single = account.api.get(f"/contacts/{contact['id']}")
    # The second search is for a list in which other contacts have been created since.
    for params in ({"limit": 30}, {"limit": 30, "search": digits(contact["phone"])}):
        listing = account.api.get("/contacts", **params)
        listed = [row for row in envelope.rows(listing) if row.get("id") == contact["id"]]
        if listed:
            break
    that(len(listed) == 1, "the contact once in the list of contacts with its phone", f"{len(listed)} times", listing)
    return [(envelope.record(single, 200), single), (listed[0], listing)]
