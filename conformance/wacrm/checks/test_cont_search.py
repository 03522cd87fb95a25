"""CONT: the search (08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.contacts import met, read_contact
from conformance.wacrm.steps.lists import at_once, new_contact

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


# -- CONT-08 ----------------------------------------------------------------------------------------------------------

PEOPLE = (
    "Anna Maria", "Maria Anna", "ANNA", "Änne Müller", "Élodie", "Жанна", "Ωmega", "50% off", "50 off", "a_b", "axb", "back\\slash",
    "backslash", "O'Neil", 'say "hi"', "comma, here", "(paren)", "dot.dot", "dotxdot", "star*", "colon:eq.5", "per%cent", "end",
)  # fmt: skip
"""Names that contain one another in parts, in case, or if one reads a character of them as a wildcard."""
QUERIES = (
    "anna", "ANNA", "aNNa mARIA", "Maria A", "nna Mar", "a", "änne", "ÄNNE MÜL", "élo", "ÉLODIE", "жанна", "ЖАН", "ωMEGA",
    "50%", "%", "0% o", "_", "a_b", "A_B", "\\", "back\\slash", "k\\s", "'", "o'neil", '"', '"hi"', "comma,", ", h", "(",
    "(paren)", ")", "dot.dot", ".", "*", "star*", ":", "eq.5", "r%c", "end", "%%", "__", "Anna%Maria", "Anna_Maria", "null",
    "\\%", "name.ilike.*", "zzz",
)  # fmt: skip


@pytest.fixture(scope="module")
def people(shared_account: Callable[[str], Account]) -> list[Row]:
    """Contacts with those names, each with a word in it that tells them from all others of the target."""
    account = shared_account("cont: people")
    word = account.word()
    bodies: list[Row] = [{"name": f"{name} {word} {name}", "company": word} for name in PEOPLE]
    return [{**row, "word": word} for row in at_once(lambda body: new_contact(account, body), bodies)]


@requirement("CONT-08")
@pytest.mark.xdist_group("cont-people")
@pytest.mark.parametrize("query", QUERIES)
def test_search_finds_a_part_of_the_name(account: Account, people: list[Row], query: str) -> None:
    """Before the word and after it, so that both what begins a name and what ends it is searched."""
    word = people[0]["word"]
    for text in (f"{query} {word}", f"{word} {query}"):
        _finds(account, text, people)


@requirement("CONT-08")
@pytest.mark.xdist_group("cont-people")
@pytest.mark.parametrize(
    "query", ["%", "_", "\\", "*", "%%", ",", ")", '"', "'", "(", ".", "a_b", "50%", "+", "null", "%_%"]
)
def test_search_takes_every_character_for_itself(account: Account, people: list[Row], query: str) -> None:
    """The character alone: whoever is found on the first page must have it."""
    exchange = account.api.get("/contacts", search=query, limit=100)
    rows = envelope.rows(exchange)
    strange = [row for row in rows if not _matches(row, query)]
    that(not strange, f"only contacts with {query!r} in name or phone", f"also {strange[:3]}", exchange)
    known = [row["id"] for row in people if _matches(row, query)]
    missing = set(known) - {row.get("id") for row in rows}
    that(len(rows) == 100 or not missing, f"all contacts with {query!r}", f"without {missing}", exchange)


@requirement("CONT-08")
@pytest.mark.parametrize("query", ["{}  b", "{} b", "{}\tb", "{}-b", "{}b"])
def test_search_takes_blanks_for_themselves(account: Account, query: str) -> None:
    """A blank is a character of the substring and stands for no other. At the ends a deployment may drop it."""
    word = account.word()
    names = (f"a {word} b", f"a {word}b", f"a{word} b", f"a{word}b", f"a {word}  b", f"a-{word}-b", f"a {word}")
    made = [new_contact(account, {"name": name}) for name in names]
    precondition([row.get("name") for row in made] == list(names), "names are not kept as they were sent (CONT-01)")
    _finds(account, query.format(word), made)


@requirement("CONT-08")
@pytest.mark.xdist_group("cont-people")
@pytest.mark.parametrize("size", [1, 4, 50])
def test_search_finds_the_whole_word_in_any_case(account: Account, people: list[Row], size: int) -> None:
    word = people[0]["word"]
    for text in (word, word.upper(), word.title(), word[1:-1]):
        found = [row["id"] for row in account.pages("/contacts", search=text, limit=size)]
        expect.same_members(found, [row["id"] for row in people], f"the contacts found by {text!r}")


@requirement("CONT-08")
@pytest.mark.parametrize("part", ["whole", "without plus", "end", "middle", "beginning", "last four"])
def test_search_finds_a_part_of_the_phone(account: Account, part: str) -> None:
    contact = account.contact(name=None)
    phone = contact["phone"]
    parts = {
        "whole": phone,
        "without plus": phone[1:],
        "end": phone[3:],
        "middle": phone[2:-2],
        "beginning": phone[:-1],
    }
    exchange = account.api.get("/contacts", search=parts.get(part, phone[-4:]), limit=100)
    rows = envelope.rows(exchange)
    strange = [row for row in rows if not _matches(row, parts.get(part, phone[-4:]))]
    that(not strange, "only contacts with that in name or phone", f"also {strange[:3]}", exchange)
    that(contact["id"] in [row.get("id") for row in rows], "the contact itself", f"{len(rows)} others", exchange)


@requirement("CONT-08")
@pytest.mark.parametrize("field", ["email", "company", "tags"])
def test_search_looks_at_name_and_phone_only(account: Account, field: str) -> None:
    word = account.word()
    values: Row = {"email": f"{word}@wacrm.invalid", "company": word, "tags": [word]}
    account.contact(name="Ada", **{field: values[field]})
    _finds(account, word, [])


@requirement("CONT-08")
def test_search_follows_a_change_of_name(account: Account) -> None:
    old, new = account.word(), account.word()
    contact = account.contact(name=f"{old} É")
    renamed = {**contact, "name": f"{new} É"}
    needed(account.api.patch(f"/contacts/{contact['id']}", {"name": renamed["name"]}), 200)
    _finds(account, old, [])
    _finds(account, f"{new.upper()} é", [renamed])
    needed(account.api.patch(f"/contacts/{contact['id']}", {"name": None}), 200)
    _finds(account, new, [])


@requirement("CONT-08")
@pytest.mark.parametrize("origin", ["send", "inbound"])
def test_search_finds_contacts_that_messages_made(account: Account, capabilities: Capabilities, origin: str) -> None:
    contact = met(account, capabilities, origin, account.numbers.fresh())
    exchange = account.api.get("/contacts", search=contact["phone"][1:])
    found = [row.get("id") for row in envelope.rows(exchange)]
    that(found == [contact["id"]], "the contact with that phone", f"{found}", exchange)


@requirement("CONT-08")
def test_search_finds_the_name_that_a_send_gave(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    name = f"Zoë {account.word()}"
    contact = read_contact(account, account.send(name=name)["contact_id"])
    precondition(contact.get("name") == name, "the name of a first send is not the contact's")
    _finds(account, name.upper(), [contact])


def _finds(account: Account, text: str, people: list[Row]) -> None:
    """A search that only our own contacts can answer finds exactly those that match."""
    exchange = account.api.get("/contacts", search=text, limit=100)
    wanted = [row["id"] for row in people if _matches(row, text)]
    found = [row.get("id") for row in envelope.rows(exchange)]
    names = [row.get("name") for row in envelope.rows(exchange)]
    same = sorted(map(str, found)) == sorted(wanted)
    that(same, f"{len(wanted)} contacts with {text!r} in name or phone", f"{len(found)}: {names}", exchange)


def _matches(row: Row, text: str) -> bool:
    return any(text.casefold() in str(row.get(member) or "").casefold() for member in ("name", "phone"))
