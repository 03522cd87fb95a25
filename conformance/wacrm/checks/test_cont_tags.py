"""CONT-05, -07, -09: tags."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import has_tags, read_and_listed
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import read_contact, tag_id, tag_names

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


SPECIAL_TAGS = (
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
    marker = account.marker()
    tags = [f"{marker}-{n}" for n in range(count)]
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": tags})
    _tagged_everywhere(account, envelope.record(exchange, 201), tags, exchange)


@requirement("CONT-05")
def test_tag_names_with_special_characters_are_kept(account: Account) -> None:
    marker = account.marker()
    tags = [f"{marker}{unexpected}" for unexpected in SPECIAL_TAGS]
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": tags})
    _tagged_everywhere(account, envelope.record(exchange, 201), tags, exchange)


def _tagged_everywhere(account: Account, contact: Row, tags: list[str], exchange: Exchange) -> None:
    has_tags(contact, tags, exchange)
    for shown, source in read_and_listed(account, contact):
        has_tags(shown, tags, exchange, source)
        for tag in shown["tags"]:
            missing = {"id", "name", "color"} - set(tag)
            that(not missing, "each tag with id, name and color", f"{tag}", source)


@requirement("CONT-05")
def test_tags_that_differ_in_case_are_one(account: Account) -> None:
    marker = account.marker()
    exchange = account.api.post(
        "/contacts", {"phone": account.numbers.fresh(), "tags": [f"{marker}X", f"{marker}x", f"{marker}X"]}
    )
    contact = envelope.record(exchange, 201)
    has_tags(contact, [f"{marker}x"], exchange)
    again = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [f"{marker}X".upper()]})
    second = envelope.record(again, 201)
    has_tags(second, [f"{marker}x"], exchange, again)
    one = second["tags"][0]["id"] == contact["tags"][0]["id"]
    that(one, "the same tag id on both contacts", f"{second['tags']} and {contact['tags']}", exchange, again)


@requirement("CONT-05")
@pytest.mark.parametrize(
    ("known", "wanted"), [("abc", "a_c"), ("abbc", "a%c"), ("ab", "a*"), ("a.c", "abc"), ("ab", "a")]
)
def test_tag_names_have_no_wildcard_characters(account: Account, known: str, wanted: str) -> None:
    marker = account.marker()
    account.contact(tags=[marker + known])
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [marker + wanted]})
    has_tags(envelope.record(exchange, 201), [marker + wanted], exchange)


@requirement("CONT-05")
def test_contacts_do_not_share_their_tag_sets(account: Account) -> None:
    marker = account.marker()
    first = account.contact(tags=[f"{marker}a", f"{marker}b"])
    second = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [f"{marker}b", f"{marker}c"]})
    bare = account.api.post("/contacts", {"phone": account.numbers.fresh()})
    has_tags(envelope.record(second, 201), [f"{marker}b", f"{marker}c"], second)
    has_tags(envelope.record(bare, 201), [], bare)
    has_tags(read_contact(account, first["id"]), [f"{marker}a", f"{marker}b"], second)


@requirement("CONT-05")
def test_a_new_tag_on_concurrent_contacts_is_created_once(account: Account) -> None:
    tags, phones = [account.marker()], [account.numbers.fresh() for _ in range(10)]
    exchanges = at_once([partial(account.api.post, "/contacts", {"phone": phone, "tags": tags}) for phone in phones])
    for exchange in exchanges:
        has_tags(envelope.record(exchange, 201), tags, exchange)
    ids = {tag["id"] for exchange in exchanges for tag in exchange.json()["data"]["tags"]}
    that(len(ids) == 1, "one tag of that name", f"{len(ids)} tags: {ids}", *exchanges[:2])


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
def test_a_patch_with_tags_replaces_the_set(account: Account, case: str, along: str) -> None:
    marker = account.marker()
    stored = account.contact(name="Ada", company="Acme", tags=[f"{marker}a", f"{marker}b"])
    unrelated = account.contact(tags=[f"{marker}a", f"{marker}b"])
    tags = [marker + letter for letter in SETS[case]]
    fields = {} if along == "alone" else {"name": "Grace"}
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags, **fields})
    for shown, source in [(envelope.record(exchange, 200), exchange), *read_and_listed(account, stored)]:
        has_tags(shown, tags, exchange, source)
    has_tags(read_contact(account, unrelated["id"]), tag_names(unrelated), exchange)


@requirement("CONT-07")
def test_a_patch_compares_tags_without_case(account: Account) -> None:
    marker = account.marker()
    stored = account.contact(tags=[f"{marker}a", f"{marker}b"])
    before = {tag["name"].casefold(): tag["id"] for tag in stored["tags"]}
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": [f"{marker}A", f"{marker}a", f"{marker}C"]})
    contact = envelope.record(exchange, 200)
    has_tags(contact, [f"{marker}a", f"{marker}c"], exchange)
    after = {tag["name"].casefold(): tag["id"] for tag in contact["tags"]}
    same = after[f"{marker}a"] == before[f"{marker}a"]
    that(same, "the existing tag for a name that differs in case only", f"{contact['tags']}", exchange)


@requirement("CONT-07")
def test_concurrent_patches_with_tags_do_not_mix(account: Account) -> None:
    """One set or the other, as if sent one after the other; never a mixture."""
    for _ in range(4):
        marker = account.marker()
        sets = [[f"{marker}{letter}" for letter in letters] for letters in ("abc", "cde")]
        path = f"/contacts/{account.contact(tags=[f'{marker}x'])['id']}"
        exchanges = at_once([partial(account.api.patch, path, {"tags": one}) for one in sets])
        for exchange in exchanges:
            required(exchange, 200)
        found = tag_names(required(account.api.get(path), 200))
        that(found in sets, f"the tags {sets[0]} or {sets[1]}", f"{found}", *exchanges)


@requirement("CONT-07")
def test_a_patch_keeps_tag_names_with_special_characters(account: Account) -> None:
    marker = account.marker()
    stored = account.contact(tags=[f"{marker}abc"])
    tags = [f"{marker}a_c", *(f"{marker}{unexpected}" for unexpected in SPECIAL_TAGS)]
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
    has_tags(envelope.record(exchange, 200), tags, exchange)
    has_tags(read_contact(account, stored["id"]), tags, exchange)


@requirement("CONT-07")
def test_cleared_tags_can_be_set_again(account: Account) -> None:
    marker = account.marker()
    stored = account.contact(tags=[f"{marker}a"])
    tag = stored["tags"][0]["id"] if stored.get("tags") else ""
    for tags in ([], [f"{marker}a"], [f"{marker}b"], []):
        exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
        has_tags(envelope.record(exchange, 200), tags, exchange)
        filtered = account.api.get("/contacts", tag=tag)
        found = [row.get("id") for row in envelope.rows(filtered)] if filtered.status == 200 else []
        wanted = [stored["id"]] if tags == [f"{marker}a"] else []
        that(found == wanted, f"the tag filter to return {wanted}", f"{found}", exchange, filtered)


@requirement("CONT-09")
@pytest.mark.parametrize("size", [1, 3, 50, 100])
def test_tag_finds_exactly_its_contacts_with_all_their_tags(account: Account, size: int) -> None:
    """For older and newer tags, in first and last position on their contacts."""
    marker = account.marker()
    sets = [["b"], ["a", "b"], ["a"], [], ["a", "b", "c"], ["c", "a"], ["A"], ["b", "c"], ["d", "a", "e", "f"]]
    made = [account.contact(name=f"{marker} {n}", tags=[marker + t for t in tags]) for n, tags in enumerate(sets)]
    for letter, owner in (("a", 1), ("b", 0), ("c", 4), ("f", 8)):
        tag = tag_id(made[owner], marker + letter)
        pages = list(account.pages("/contacts", tag=tag, limit=size))
        wanted = [row["id"] for row in made if marker + letter in tag_names(row)]
        expect.same_members([row["id"] for row in pages], wanted, f"the contacts found by the tag {letter!r}")
        stored = {row["id"]: tag_names(row) for row in made}
        for row in pages:
            has_tags(row, stored[row["id"]])


@requirement("CONT-09")
def test_the_tag_filter_follows_changes(account: Account) -> None:
    marker = account.marker()
    first, second = account.contact(tags=[f"{marker}a", f"{marker}b"]), account.contact(tags=[f"{marker}b"])
    tag = tag_id(first, f"{marker}a")
    for contact, tags in ((first, [f"{marker}b"]), (second, [f"{marker}a", f"{marker}c"])):
        changed = required(account.api.patch(f"/contacts/{contact['id']}", {"tags": tags}), 200)
        precondition(tag_names(changed) == tags, "a PATCH with tags does not replace the set (CONT-07)")
    exchange = account.api.get("/contacts", tag=tag)
    found = [row.get("id") for row in envelope.rows(exchange)]
    that(found == [second["id"]], "only the contact that has the tag now", f"{found}", exchange)
    has_tags(envelope.rows(exchange)[0], [f"{marker}a", f"{marker}c"], exchange)


@requirement("CONT-09")
def test_tag_and_search_can_be_combined(account: Account) -> None:
    marker = account.marker()
    both = account.contact(name=f"{marker} x", tags=[f"{marker}a"])
    account.contact(name=f"{marker} x", tags=[f"{marker}b"])
    account.contact(name="Ada", tags=[f"{marker}a"])
    exchange = account.api.get("/contacts", tag=tag_id(both, f"{marker}a"), search=f"{marker} X")
    found = [row.get("id") for row in envelope.rows(exchange)]
    that(found == [both["id"]], "only the contact with both the tag and the name", f"{found}", exchange)


@requirement("CONT-09")
def test_an_unknown_tag_finds_no_contact(account: Account) -> None:
    account.contact(tags=[account.marker()])
    exchange = account.api.get("/contacts", tag="00000000-0000-4000-8000-000000000000")
    if exchange.status not in {400, 404}:
        that(not envelope.rows(exchange), "no contacts", exchange.excerpt, exchange)
