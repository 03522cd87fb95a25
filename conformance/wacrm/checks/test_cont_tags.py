"""CONT: tags of contacts (05, 07, 09)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.contacts import everywhere, has_tags, read_contact, tag_names

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


# -- CONT-05 ----------------------------------------------------------------------------------------------------------

STRANGE_TAGS = (
    "a,b",
    "(x)",
    '"q"',
    "50%",
    "under_score",
    "back\\slash",
    "a b",
    "é👍",
    "o'neil",
    "{x}",
    "null",
    "5",
    "a/b?c=d&e",
)


@requirement("CONT-05")
@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_a_new_contact_has_exactly_its_tags(account: Account, count: int) -> None:
    word = account.word()
    tags = [f"{word}-{n}" for n in range(count)]
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": tags})
    _tagged_everywhere(account, envelope.record(exchange, 201), tags, exchange)


@requirement("CONT-05")
def test_strange_tag_names_are_names(account: Account) -> None:
    word = account.word()
    tags = [f"{word}{strange}" for strange in STRANGE_TAGS]
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": tags})
    _tagged_everywhere(account, envelope.record(exchange, 201), tags, exchange)


def _tagged_everywhere(account: Account, contact: Row, tags: list[str], exchange: Exchange) -> None:
    has_tags(contact, tags, exchange)
    for shown, source in everywhere(account, contact):
        has_tags(shown, tags, exchange, source)
        for tag in shown["tags"]:
            missing = {"id", "name", "color"} - set(tag)
            that(not missing, "each tag with id, name and color", f"{tag}", source)


@requirement("CONT-05")
def test_tags_that_differ_in_case_are_one(account: Account) -> None:
    word = account.word()
    exchange = account.api.post(
        "/contacts", {"phone": account.numbers.fresh(), "tags": [f"{word}X", f"{word}x", f"{word}X"]}
    )
    contact = envelope.record(exchange, 201)
    has_tags(contact, [f"{word}x"], exchange)
    again = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [f"{word}X".upper()]})
    second = envelope.record(again, 201)
    has_tags(second, [f"{word}x"], exchange, again)
    one = second["tags"][0]["id"] == contact["tags"][0]["id"]
    that(one, "the one tag of that name on both contacts", f"{second['tags']} and {contact['tags']}", exchange, again)


@requirement("CONT-05")
@pytest.mark.parametrize(
    ("known", "wanted"), [("abc", "a_c"), ("abbc", "a%c"), ("ab", "a*"), ("a.c", "abc"), ("ab", "a")]
)
def test_a_tag_is_found_by_its_whole_name(account: Account, known: str, wanted: str) -> None:
    word = account.word()
    account.contact(tags=[word + known])
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [word + wanted]})
    has_tags(envelope.record(exchange, 201), [word + wanted], exchange)


@requirement("CONT-05")
def test_one_contacts_tags_are_not_anothers(account: Account) -> None:
    word = account.word()
    first = account.contact(tags=[f"{word}a", f"{word}b"])
    second = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [f"{word}b", f"{word}c"]})
    bare = account.api.post("/contacts", {"phone": account.numbers.fresh()})
    has_tags(envelope.record(second, 201), [f"{word}b", f"{word}c"], second)
    has_tags(envelope.record(bare, 201), [], bare)
    has_tags(read_contact(account, first["id"]), [f"{word}a", f"{word}b"], second)


@requirement("CONT-05")
def test_a_new_tag_on_many_new_contacts_at_once_is_one_tag(account: Account) -> None:
    tags, phones = [account.word()], [account.numbers.fresh() for _ in range(10)]
    exchanges = at_once([partial(account.api.post, "/contacts", {"phone": phone, "tags": tags}) for phone in phones])
    for exchange in exchanges:
        has_tags(envelope.record(exchange, 201), tags, exchange)
    ids = {tag["id"] for exchange in exchanges for tag in exchange.json()["data"]["tags"]}
    that(len(ids) == 1, "one tag of that name", f"{len(ids)} tags: {ids}", *exchanges[:2])


# -- CONT-07 ----------------------------------------------------------------------------------------------------------

SETS = {
    "others": "cd",
    "one more": "abc",
    "one fewer": "a",
    "one exchanged": "ac",
    "the same": "ab",
    "none": "",
    "many": "cdefghij",
}


@requirement("CONT-07")
@pytest.mark.parametrize("case", SETS)
@pytest.mark.parametrize("along", ["alone", "with fields"])
def test_a_patch_with_tags_makes_the_set(account: Account, case: str, along: str) -> None:
    word = account.word()
    stored = account.contact(name="Ada", company="Acme", tags=[f"{word}a", f"{word}b"])
    bystander = account.contact(tags=[f"{word}a", f"{word}b"])
    tags = [word + letter for letter in SETS[case]]
    fields = {} if along == "alone" else {"name": "Grace"}
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags, **fields})
    for shown, source in [(envelope.record(exchange, 200), exchange), *everywhere(account, stored)]:
        has_tags(shown, tags, exchange, source)
    has_tags(read_contact(account, bystander["id"]), tag_names(bystander), exchange)


@requirement("CONT-07")
def test_a_set_is_compared_without_case(account: Account) -> None:
    word = account.word()
    stored = account.contact(tags=[f"{word}a", f"{word}b"])
    before = {tag["name"].casefold(): tag["id"] for tag in stored["tags"]}
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": [f"{word}A", f"{word}a", f"{word}C"]})
    contact = envelope.record(exchange, 200)
    has_tags(contact, [f"{word}a", f"{word}c"], exchange)
    after = {tag["name"].casefold(): tag["id"] for tag in contact["tags"]}
    same = after[f"{word}a"] == before[f"{word}a"]
    that(same, "the tag that differs in case only to be the one there was", f"{contact['tags']}", exchange)


@requirement("CONT-07")
def test_of_two_sets_at_once_one_is_the_set(account: Account) -> None:
    """The one or the other, as if they had come one after the other: no mixture of both."""
    for _ in range(4):
        word = account.word()
        sets = [[f"{word}{letter}" for letter in letters] for letters in ("abc", "cde")]
        path = f"/contacts/{account.contact(tags=[f'{word}x'])['id']}"
        exchanges = at_once([partial(account.api.patch, path, {"tags": one}) for one in sets])
        for exchange in exchanges:
            needed(exchange, 200)
        found = tag_names(needed(account.api.get(path), 200))
        that(found in sets, f"the tags {sets[0]} or {sets[1]}", f"{found}", *exchanges)


@requirement("CONT-07")
def test_a_set_takes_strange_names(account: Account) -> None:
    word = account.word()
    stored = account.contact(tags=[f"{word}abc"])
    tags = [f"{word}a_c", *(f"{word}{strange}" for strange in STRANGE_TAGS)]
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
    has_tags(envelope.record(exchange, 200), tags, exchange)
    has_tags(read_contact(account, stored["id"]), tags, exchange)


@requirement("CONT-07")
def test_a_cleared_set_can_be_filled_again(account: Account) -> None:
    word = account.word()
    stored = account.contact(tags=[f"{word}a"])
    tag = stored["tags"][0]["id"] if stored.get("tags") else ""
    for tags in ([], [f"{word}a"], [f"{word}b"], []):
        exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
        has_tags(envelope.record(exchange, 200), tags, exchange)
        filtered = account.api.get("/contacts", tag=tag)
        found = [row.get("id") for row in envelope.rows(filtered)] if filtered.status == 200 else []
        wanted = [stored["id"]] if tags == [f"{word}a"] else []
        that(found == wanted, f"the tag to be on {wanted}", f"{found}", exchange, filtered)


# -- CONT-09 ----------------------------------------------------------------------------------------------------------


@requirement("CONT-09")
@pytest.mark.parametrize("size", [1, 3, 50, 100])
def test_tag_finds_exactly_its_contacts_with_all_their_tags(account: Account, size: int) -> None:
    """For tags old and new, first and last on their contacts."""
    word = account.word()
    sets = [["b"], ["a", "b"], ["a"], [], ["a", "b", "c"], ["c", "a"], ["A"], ["b", "c"], ["d", "a", "e", "f"]]
    made = [account.contact(name=f"{word} {n}", tags=[word + t for t in tags]) for n, tags in enumerate(sets)]
    for letter, owner in (("a", 1), ("b", 0), ("c", 4), ("f", 8)):
        tag = _tag_id(made[owner], word + letter)
        pages = list(account.pages("/contacts", tag=tag, limit=size))
        wanted = [row["id"] for row in made if word + letter in tag_names(row)]
        expect.same_members([row["id"] for row in pages], wanted, f"the contacts found by the tag {letter!r}")
        stored = {row["id"]: tag_names(row) for row in made}
        for row in pages:
            has_tags(row, stored[row["id"]])


@requirement("CONT-09")
def test_tag_follows_changes(account: Account) -> None:
    word = account.word()
    first, second = account.contact(tags=[f"{word}a", f"{word}b"]), account.contact(tags=[f"{word}b"])
    tag = _tag_id(first, f"{word}a")
    for contact, tags in ((first, [f"{word}b"]), (second, [f"{word}a", f"{word}c"])):
        changed = needed(account.api.patch(f"/contacts/{contact['id']}", {"tags": tags}), 200)
        precondition(tag_names(changed) == tags, "a patch with tags does not make the set")
    exchange = account.api.get("/contacts", tag=tag)
    found = [row.get("id") for row in envelope.rows(exchange)]
    that(found == [second["id"]], "the one contact that has the tag now", f"{found}", exchange)
    has_tags(envelope.rows(exchange)[0], [f"{word}a", f"{word}c"], exchange)


@requirement("CONT-09")
def test_tag_and_search_hold_together(account: Account) -> None:
    word = account.word()
    both = account.contact(name=f"{word} x", tags=[f"{word}a"])
    account.contact(name=f"{word} x", tags=[f"{word}b"])
    account.contact(name="Ada", tags=[f"{word}a"])
    exchange = account.api.get("/contacts", tag=_tag_id(both, f"{word}a"), search=f"{word} X")
    found = [row.get("id") for row in envelope.rows(exchange)]
    that(found == [both["id"]], "the contact with both", f"{found}", exchange)


@requirement("CONT-09")
def test_an_unknown_tag_is_on_nobody(account: Account) -> None:
    account.contact(tags=[account.word()])
    exchange = account.api.get("/contacts", tag="00000000-0000-4000-8000-000000000000")
    if exchange.status not in {400, 404}:
        that(not envelope.rows(exchange), "no contacts", exchange.excerpt, exchange)


def _tag_id(contact: Row, name: str) -> str:
    found = [tag["id"] for tag in contact.get("tags") or [] if str(tag.get("name")).casefold() == name.casefold()]
    return str(expect.first(found, f"tag {name!r} on the contact that was created with it"))
