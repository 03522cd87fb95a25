"""CONT-08: the parameter `search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.target.numbers import digits
from conformance.target.verdicts import Lacking
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import contact_from_message, read_contact
from conformance.wacrm.steps.lists import in_parallel
from conformance.wacrm.steps.shared_rows import SharedRows

if TYPE_CHECKING:
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


NAMES = (
    "Anna Maria", "Maria Anna", "ANNA", "Änne Müller", "Élodie", "Жанна", "Ωmega", "50% off", "50 off", "a_b", "axb", "back\\slash",
    "backslash", "O'Neil", 'say "hi"', "comma, here", "(paren)", "dot.dot", "dotxdot", "star*", "colon:eq.5", "per%cent", "end",
)  # fmt: skip
"""Names that contain each other, differ in case, or match if a character is read as a wildcard."""
QUERIES = (
    "anna", "ANNA", "aNNa mARIA", "Maria A", "nna Mar", "a", "änne", "ÄNNE MÜL", "élo", "ÉLODIE", "жанна", "ЖАН", "ωMEGA",
    "50%", "%", "0% o", "_", "a_b", "A_B", "\\", "back\\slash", "k\\s", "'", "o'neil", '"', '"hi"', "comma,", ", h", "(",
    "(paren)", ")", "dot.dot", ".", "*", "star*", ":", "eq.5", "r%c", "end", "%%", "__", "Anna%Maria", "Anna_Maria", "null",
    "\\%", "name.ilike.*", "zzz",
)  # fmt: skip


@pytest.fixture(scope="module")
def shared_contacts() -> SharedRows[list[Row]]:
    return SharedRows()


@pytest.fixture
def named_contacts(account: Account, shared_contacts: SharedRows[list[Row]]) -> list[Row]:
    """Contacts with these names, each with a marker that no other contact has."""

    def create() -> list[Row]:
        marker = account.marker()
        bodies: list[Row] = [{"name": f"{name} {marker} {name}", "company": marker} for name in NAMES]
        return [{**row, "marker": marker} for row in in_parallel(lambda body: account.contact(**body), bodies)]

    return shared_contacts.get("named", create)


@requirement("CONT-08")
@pytest.mark.xdist_group("cont-people")
@pytest.mark.parametrize("query", QUERIES)
def test_search_finds_a_substring_of_the_name(account: Account, named_contacts: list[Row], query: str) -> None:
    """The query before and after the marker, so that beginnings and ends of names are searched."""
    marker = named_contacts[0]["marker"]
    for text in (f"{query} {marker}", f"{marker} {query}"):
        _finds_exactly(account, text, named_contacts)


@requirement("CONT-08")
@pytest.mark.xdist_group("cont-people")
@pytest.mark.parametrize(
    "query", ["%", "_", "\\", "*", "%%", ",", ")", '"', "'", "(", ".", "a_b", "50%", "+", "null", "%_%"]
)
def test_search_has_no_wildcard_characters(account: Account, named_contacts: list[Row], query: str) -> None:
    """The character alone: every contact on the first page must contain it."""
    exchange = account.api.get("/contacts", search=query, limit=100)
    rows = envelope.rows(exchange)
    unexpected = [row for row in rows if not _matches(row, query)]
    that(not unexpected, f"only contacts with {query!r} in name or phone", f"also {unexpected[:3]}", exchange)
    known = [row["id"] for row in named_contacts if _must_match(row, query)]
    missing = set(known) - {row.get("id") for row in rows}
    that(len(rows) == 100 or not missing, f"all contacts with {query!r}", f"these are missing: {missing}", exchange)


@requirement("CONT-08")
@pytest.mark.parametrize("query", ["{}  b", "{} b", "{}\tb", "{}-b", "{}b"])
def test_search_matches_white_space_literally(account: Account, query: str) -> None:
    """A blank matches only itself. A deployment may drop blanks at the ends."""
    marker = account.marker()
    names = (
        f"a {marker} b",
        f"a {marker}b",
        f"a{marker} b",
        f"a{marker}b",
        f"a {marker}  b",
        f"a-{marker}-b",
        f"a {marker}",
    )
    made = [account.contact(name=name) for name in names]
    precondition([row.get("name") for row in made] == list(names), "names are not stored as sent (CONT-01)")
    _finds_exactly(account, query.format(marker), made)


@requirement("CONT-08")
@pytest.mark.xdist_group("cont-people")
@pytest.mark.parametrize("size", [1, 4, 50])
def test_search_ignores_case(account: Account, named_contacts: list[Row], size: int) -> None:
    marker = named_contacts[0]["marker"]
    for text in (marker, marker.upper(), marker.title(), marker[1:-1]):
        found = [row["id"] for row in account.pages("/contacts", search=text, limit=size)]
        expect.same_members(found, [row["id"] for row in named_contacts], f"the contacts found by {text!r}")


@requirement("CONT-08")
@pytest.mark.parametrize("part", ["whole", "without plus", "end", "middle", "beginning", "last four"])
def test_search_finds_a_substring_of_the_phone(account: Account, part: str) -> None:
    contact = account.contact(name=None)
    phone = account.phone_of(contact)
    parts = {
        "whole": phone,
        "without plus": phone[1:],
        "end": phone[3:],
        "middle": phone[2:-2],
        "beginning": phone[:-1],
    }
    text = parts.get(part, phone[-4:])
    exchange = account.api.get("/contacts", search=text, limit=100)
    rows = envelope.rows(exchange)
    unexpected = [row for row in rows if not _matches(row, text)]
    that(not unexpected, "only contacts with that in name or phone", f"also {unexpected[:3]}", exchange)
    found = contact["id"] in [row.get("id") for row in rows]
    needed = _must_match(contact, text)
    that(found or not needed, "the contact with this phone among the rows", f"{len(rows)} others", exchange)


@requirement("CONT-08")
@pytest.mark.parametrize("field", ["email", "company", "tags"])
def test_search_ignores_other_fields(account: Account, field: str) -> None:
    marker = account.marker()
    values: Row = {"email": f"{marker}@wacrm.invalid", "company": marker, "tags": [marker]}
    account.contact(name="Ada", **{field: values[field]})
    _finds_exactly(account, marker, [])


@requirement("CONT-08")
def test_search_finds_the_current_name_only(account: Account) -> None:
    old, new = account.marker(), account.marker()
    contact = account.contact(name=f"{old} É")
    renamed = {**contact, "name": f"{new} É"}
    required(account.api.patch(f"/contacts/{contact['id']}", {"name": renamed["name"]}), 200)
    _finds_exactly(account, old, [])
    _finds_exactly(account, f"{new.upper()} é", [renamed])
    required(account.api.patch(f"/contacts/{contact['id']}", {"name": None}), 200)
    _finds_exactly(account, new, [])


@requirement("CONT-08")
@pytest.mark.parametrize("origin", ["send", "inbound"])
def test_search_finds_contacts_created_by_messages(account: Account, capabilities: Capabilities, origin: str) -> None:
    phone = account.numbers.fresh()
    contact = contact_from_message(account, capabilities, origin, phone)
    exchange = account.api.get("/contacts", search=digits(phone))
    found = [row.get("id") for row in envelope.rows(exchange)]
    that(found == [contact["id"]], "the contact with that phone", f"{found}", exchange)


@requirement("CONT-08")
def test_search_finds_the_name_given_with_a_send(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    name = f"Zoë {account.marker()}"
    contact = read_contact(account, account.send(name=name)["contact_id"])
    precondition(contact.get("name") == name, "the name given with a first send is not stored")
    _finds_exactly(account, name.upper(), [contact])


def _finds_exactly(account: Account, text: str, named_contacts: list[Row]) -> None:
    """A search with a marker finds exactly the contacts that match."""
    exchange = account.api.get("/contacts", search=text, limit=100)
    wanted = [row["id"] for row in named_contacts if _must_match(row, text)]
    found = [row.get("id") for row in envelope.rows(exchange)]
    names = [row.get("name") for row in envelope.rows(exchange)]
    same = sorted(map(str, found)) == sorted(wanted)
    that(same, f"{len(wanted)} contacts with {text!r} in name or phone", f"{len(found)}: {names}", exchange)


def _matches(row: Row, text: str) -> bool:
    """Whether the text is in the name or in the number, which has a plus even if the answer leaves it out (CONT-11)."""
    return _must_match(row, text) or text in f"+{digits(row.get('phone'))}"


def _must_match(row: Row, text: str) -> bool:
    """Whether the text is in the name or in the phone as the answer shows them."""
    return any(text.casefold() in str(row.get(member) or "").casefold() for member in ("name", "phone"))
