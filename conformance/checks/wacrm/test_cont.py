"""CONT: contacts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect
from conformance.account import needed
from conformance.expect import Lacking, precondition, requirement, that
from conformance.instants import instant, tick
from conformance.lists import at_once, new_contact
from conformance.provider import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from conformance.account import Account, Row
    from conformance.probe import Exchange
    from conformance.target import Capabilities

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
}


def _names(contact: Row) -> list[str]:
    """The contact's tag names without case, sorted."""
    return sorted(str(tag.get("name")).casefold() for tag in contact.get("tags") or [])


def _wanted(names: Collection[str]) -> list[str]:
    return sorted({name.casefold() for name in names})


def _has_tags(contact: Row, names: Collection[str], *exchanges: Exchange) -> None:
    that(_names(contact) == _wanted(names), f"exactly the tags {_wanted(names)}", f"{_names(contact)}", *exchanges)


def _has(contact: Row, fields: Row, *exchanges: Exchange) -> None:
    for name, value in fields.items():
        expect.equal(expect.member(contact, name, *exchanges), value, f"the contact's {name}", *exchanges)


def _read(account: Account, id_: str) -> Row:
    return needed(account.api.get(f"/contacts/{id_}"), 200)


def _everywhere(account: Account, contact: Row) -> list[tuple[Row, Exchange]]:
    """The contact as the single read and the list show it."""
    single = account.api.get(f"/contacts/{contact['id']}")
    for params in (
        {"limit": 30},
        {"limit": 30, "search": contact["phone"].lstrip("+")},
    ):  # others may make contacts too
        many = account.api.get("/contacts", **params)
        shown = [row for row in expect.rows(many) if row.get("id") == contact["id"]]
        if shown:
            break
    that(len(shown) == 1, "the contact once in the list of those with its phone", f"{len(shown)} times", many)
    return [(expect.record(single, 200), single), (shown[0], many)]


# -- CONT-01 ----------------------------------------------------------------------------------------------------------


@requirement("CONT-01")
@pytest.mark.parametrize("given", [(), ("name",), ("email",), ("company",), ("tags",), (*FIELDS, "tags")], ids="-".join)
def test_a_new_contact_has_what_was_sent(account: Account, given: tuple[str, ...]) -> None:
    phone, word = account.numbers.fresh(), account.word()
    everything = {
        "name": f"{word} n",
        "email": f"Ada.{word}@Wacrm.invalid",
        "company": f"{word} c",
        "tags": [f"{word}t"],
    }
    sent = {name: everything[name] for name in given}
    exchange = account.api.post("/contacts", {"phone": phone, **sent})
    contact = expect.record(exchange, 201)
    _is_full(contact, phone, sent, exchange)
    for shown, source in _everywhere(account, contact):
        _is_full(shown, phone, sent, exchange, source)


def _is_full(contact: Row, phone: str, sent: Row, *exchanges: Exchange) -> None:
    """Every documented member, what was sent in its place, and nothing where nothing was sent."""
    for member in MEMBERS:
        expect.member(contact, member, *exchanges)
    _has(contact, {"phone": phone} | {name: sent[name] for name in FIELDS if name in sent}, *exchanges)
    for name in FIELDS:
        if name not in sent:
            none = contact[name] in {None, ""} or (name == "name" and contact[name] == phone)
            that(none, f"no {name}, since none was sent", f"{contact[name]!r}", *exchanges)
    _has_tags(contact, sent.get("tags", []), *exchanges)


@requirement("CONT-01")
@pytest.mark.parametrize("kind", TEXTS)
def test_a_new_contact_has_its_texts_unaltered(account: Account, kind: str) -> None:
    fields = {"name": TEXTS[kind], "company": TEXTS[kind]}
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), **fields})
    contact = expect.record(exchange, 201)
    _has(contact, fields, exchange)
    read = account.api.get(f"/contacts/{contact['id']}")
    _has(expect.record(read, 200), fields, exchange, read)


@requirement("CONT-01")
def test_null_is_as_good_as_nothing(account: Account) -> None:
    phone = account.numbers.fresh()
    exchange = account.api.post("/contacts", {"phone": phone, **dict.fromkeys(FIELDS)})
    _is_full(expect.record(exchange, 201), phone, {}, exchange)


# -- CONT-02 ----------------------------------------------------------------------------------------------------------

CHANGES: dict[str, Row] = {
    "nothing": {},
    "name": {"name": "Somebody Else"},
    "email": {"email": "else@wacrm.invalid"},
    "company": {"company": "Elsewhere"},
    "nulls": dict.fromkeys(FIELDS),
    "no tags": {"tags": []},
    "all": {"name": "Somebody Else", "email": "else@wacrm.invalid", "company": "Elsewhere", "tags": []},
}


@requirement("CONT-02")
@pytest.mark.parametrize("change", CHANGES)
def test_a_known_phone_gives_the_stored_contact(account: Account, change: str) -> None:
    stored = account.contact(
        name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.word(), account.word()]
    )
    exchange = account.api.post("/contacts", {"phone": stored["phone"], **CHANGES[change]})
    _unchanged(account, stored, exchange)


@requirement("CONT-02")
def test_a_known_phone_gets_neither_fields_nor_tags_that_it_lacked(account: Account) -> None:
    stored = account.contact()
    fields = {"name": "Ada", "email": "ada@wacrm.invalid", "company": "Acme", "tags": [account.word()]}
    _unchanged(account, stored, account.api.post("/contacts", {"phone": stored["phone"], **fields}))


@requirement("CONT-02")
def test_a_contact_that_was_changed_since_stays_as_it_is(account: Account) -> None:
    made = account.contact(name="Ada", tags=[account.word()])
    body = {"name": "Grace", "company": None, "tags": [account.word()]}
    stored = needed(account.api.patch(f"/contacts/{made['id']}", body), 200)
    _unchanged(
        account, stored, account.api.post("/contacts", {"phone": made["phone"], "name": "Ada", "company": "Acme"})
    )


@requirement("CONT-02")
@pytest.mark.parametrize("origin", ["send", "inbound"])
def test_a_phone_is_known_from_messages(account: Account, capabilities: Capabilities, origin: str) -> None:
    stored = _met(account, capabilities, origin, account.numbers.fresh())
    exchange = account.api.post(
        "/contacts", {"phone": stored["phone"], "name": "Somebody Else", "tags": [account.word()]}
    )
    _unchanged(account, stored, exchange)


@requirement("CONT-02")
@pytest.mark.parametrize("spelling", ["no plus", "00", "spaces", "hyphens", "spaces around"])
def test_another_spelling_of_a_known_phone_is_the_same_contact_or_refused(account: Account, spelling: str) -> None:
    stored = account.contact(name="Ada")
    exchange = account.api.post("/contacts", {"phone": _spelled(stored["phone"], spelling), "name": "Else"})
    if exchange.status != 400:
        _unchanged(account, stored, exchange)


def _spelled(phone: str, spelling: str) -> str:
    digits = phone[1:]
    parts = (digits[:2], digits[2:5], digits[5:])
    forms = {"no plus": digits, "00": f"00{digits}", "spaces": "+" + " ".join(parts), "hyphens": "+" + "-".join(parts)}
    return forms.get(spelling, f" {phone} ")


def _met(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row:
    """The contact of a number that the deployment met first by a message."""
    offered = {"send": capabilities.messages, "inbound": capabilities.inbound}
    if not offered[origin]:
        raise Lacking(f"the target has no {origin} messages")
    if origin == "send":
        return _read(account, account.send(phone, name="Ada")["contact_id"])
    account.receive(phone, profile_name="Ada")
    found = eventually(lambda: account.contact_by_phone(phone), account.provider.patience)
    precondition(found, f"no contact of {phone} appears after its message")
    contact: Row = found
    return contact


def _unchanged(account: Account, stored: Row, exchange: Exchange) -> None:
    answered = expect.record(exchange, 200)
    read = account.api.get(f"/contacts/{stored['id']}")
    for shown, exchanges in ((answered, [exchange]), (expect.record(read, 200), [exchange, read])):
        _has(shown, {name: stored[name] for name in UNCHANGING}, *exchanges)
        _has_tags(shown, _names(stored), *exchanges)


# -- CONT-03 ----------------------------------------------------------------------------------------------------------

NO_PHONES: tuple[Any, ...] = (
    None, "", " ", "+", "phone", "++", "+1", "+12345", "123456", "+1234567890123456", "+12345678901234567890", True, False,
    12025550123, 1.5, [], ["+12025550123"], {}, {"phone": "+12025550123"},
)  # fmt: skip
"""No spelling of 7 to 15 digits, or no string: nothing that a deployment could normalise to E.164."""
WRONG_TEXTS: tuple[Any, ...] = (5, 0, 1.5, True, False, [], ["Ada"], {}, {"first": "Ada"})
WRONG_TAGS: tuple[Any, ...] = ("vip", 5, True, {}, {"0": "vip"}, [5], [True], [None], [{}], [["vip"]], ["vip", 5])


@requirement("CONT-03")
def test_a_contact_without_phone_is_refused(account: Account) -> None:
    word = account.word()
    expect.status(account.api.post("/contacts", {"name": word}), 400)
    _nobody_is_called(account, word)


@requirement("CONT-03")
@pytest.mark.parametrize("phone", NO_PHONES, ids=repr)
def test_an_impossible_phone_is_refused(account: Account, phone: Any) -> None:  # noqa: ANN401 - any JSON
    word = account.word()
    expect.status(account.api.post("/contacts", {"phone": phone, "name": word}), 400)
    _nobody_is_called(account, word)


def _nobody_is_called(account: Account, word: str) -> None:
    exchange = account.api.get("/contacts", search=word)
    that(not expect.rows(exchange), "no contact to come of a refused request", exchange.excerpt, exchange)


@requirement("CONT-03")
@pytest.mark.parametrize("form", ["+0{}", "+{}x", "+{}\n", "+{}#12", "+1a{}", "tel:+{}", "+{};", "+{} ext 4", "٣{}"])
def test_a_doubtful_phone_is_refused_or_becomes_a_number(account: Account, form: str) -> None:
    exchange = account.api.post("/contacts", {"phone": form.format(account.numbers.fresh()[1:])})
    if exchange.status != 400:
        shown = str(expect.record(exchange, 200, 201).get("phone"))
        that(E164.fullmatch(shown), "400, or a contact with an E.164 number", f"a contact with {shown!r}", exchange)


@requirement("CONT-03")
@pytest.mark.parametrize("field", [*FIELDS, "tags"])
def test_a_field_of_the_wrong_type_is_refused(account: Account, field: str) -> None:
    phone = account.numbers.fresh()
    for value in WRONG_TAGS if field == "tags" else WRONG_TEXTS:
        exchange = account.api.post("/contacts", {"phone": phone, field: value})
        expect.status(exchange, 400)
    found = account.contact_by_phone(phone)
    that(found is None, "no contact to come of refused requests", f"{found}", exchange)


@requirement("CONT-03")
@pytest.mark.parametrize("field", [*FIELDS, "tags"])
@pytest.mark.parametrize("operation", ["create", "update"])
def test_a_field_of_the_wrong_type_changes_no_contact(account: Account, operation: str, field: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.word()])
    for value in WRONG_TAGS if field == "tags" else WRONG_TEXTS:
        others = {name: "changed" for name in FIELDS if name != field}
        if operation == "create":
            exchange = account.api.post("/contacts", {"phone": stored["phone"], **others, field: value})
        else:
            exchange = account.api.patch(f"/contacts/{stored['id']}", {**others, field: value})
        expect.status(exchange, 400)
    shown = _read(account, stored["id"])
    _has(shown, {name: stored[name] for name in UNCHANGING}, exchange)
    _has_tags(shown, _names(stored), exchange)


# -- CONT-04 ----------------------------------------------------------------------------------------------------------


@requirement("CONT-04")
@pytest.mark.parametrize("fields", ["bare", "named", "tagged", "known tags"])
def test_twenty_creations_at_once_make_one_contact(account: Account, fields: str) -> None:
    phone, tags = account.numbers.fresh(), [account.word(), account.word()]
    if fields == "known tags":
        account.contact(tags=tags)
    exchanges = _together(20, lambda n: account.api.post("/contacts", {"phone": phone, **_nth(fields, tags, n)}))
    statuses = sorted(exchange.status or 0 for exchange in exchanges)
    odd = [e for e in exchanges if e.status not in {200, 201}] or [e for e in exchanges if e.status == 201]
    that(statuses == [200] * 19 + [201], "one 201 and nineteen 200", f"{statuses}", *odd[:3])
    ids = {expect.record(exchange, 200, 201).get("id") for exchange in exchanges}
    that(len(ids) == 1, "one id in all answers", f"{len(ids)} ids: {ids}", *exchanges[:2])
    listed = [row for row in account.pages("/contacts", search=phone[1:]) if row.get("phone") == phone]
    that(len(listed) == 1, f"one contact with the phone {phone}", f"{len(listed)}", *exchanges[:2])


def _nth(fields: str, tags: list[str], n: int) -> Row:
    return {"bare": {}, "named": {"name": f"Ada {n}", "company": "Acme"}}.get(fields, {"tags": tags})


def _together(count: int, step: Callable[[int], Exchange]) -> list[Exchange]:
    """`step` in as many threads, which set off at one moment."""
    barrier = Barrier(count)

    def run(n: int) -> Exchange:
        barrier.wait(10)
        return step(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


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
    _tagged_everywhere(account, expect.record(exchange, 201), tags, exchange)


@requirement("CONT-05")
def test_strange_tag_names_are_names(account: Account) -> None:
    word = account.word()
    tags = [f"{word}{strange}" for strange in STRANGE_TAGS]
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": tags})
    _tagged_everywhere(account, expect.record(exchange, 201), tags, exchange)


def _tagged_everywhere(account: Account, contact: Row, tags: list[str], exchange: Exchange) -> None:
    _has_tags(contact, tags, exchange)
    for shown, source in _everywhere(account, contact):
        _has_tags(shown, tags, exchange, source)
        for tag in shown["tags"]:
            missing = {"id", "name", "color"} - set(tag)
            that(not missing, "each tag with id, name and color", f"{tag}", source)


@requirement("CONT-05")
def test_tags_that_differ_in_case_are_one(account: Account) -> None:
    word = account.word()
    exchange = account.api.post(
        "/contacts", {"phone": account.numbers.fresh(), "tags": [f"{word}X", f"{word}x", f"{word}X"]}
    )
    contact = expect.record(exchange, 201)
    _has_tags(contact, [f"{word}x"], exchange)
    again = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [f"{word}X".upper()]})
    second = expect.record(again, 201)
    _has_tags(second, [f"{word}x"], exchange, again)
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
    _has_tags(expect.record(exchange, 201), [word + wanted], exchange)


@requirement("CONT-05")
def test_one_contacts_tags_are_not_anothers(account: Account) -> None:
    word = account.word()
    first = account.contact(tags=[f"{word}a", f"{word}b"])
    second = account.api.post("/contacts", {"phone": account.numbers.fresh(), "tags": [f"{word}b", f"{word}c"]})
    bare = account.api.post("/contacts", {"phone": account.numbers.fresh()})
    _has_tags(expect.record(second, 201), [f"{word}b", f"{word}c"], second)
    _has_tags(expect.record(bare, 201), [], bare)
    _has_tags(_read(account, first["id"]), [f"{word}a", f"{word}b"], second)


@requirement("CONT-05")
def test_a_new_tag_on_many_new_contacts_at_once_is_one_tag(account: Account) -> None:
    tags, phones = [account.word()], [account.numbers.fresh() for _ in range(10)]
    exchanges = _together(10, lambda n: account.api.post("/contacts", {"phone": phones[n], "tags": tags}))
    for exchange in exchanges:
        _has_tags(expect.record(exchange, 201), tags, exchange)
    ids = {tag["id"] for exchange in exchanges for tag in exchange.json()["data"]["tags"]}
    that(len(ids) == 1, "one tag of that name", f"{len(ids)} tags: {ids}", *exchanges[:2])


# -- CONT-06 ----------------------------------------------------------------------------------------------------------

PATCHES: dict[str, Row] = {
    "name": {"name": "Grace"},
    "email": {"email": "grace@wacrm.invalid"},
    "company": {"company": "Navy"},
    "no name": {"name": None},
    "no email": {"email": None},
    "no company": {"company": None},
    "name and company": {"name": "Grace", "company": "Navy"},
    "name and no email": {"name": "Grace", "email": None},
    "all": {"name": "Grace", "email": "grace@wacrm.invalid", "company": "Navy"},
    "none": {"name": None, "email": None, "company": None},
    "nothing": {},
}


@requirement("CONT-06")
@pytest.mark.parametrize("patch", PATCHES)
def test_a_patch_changes_what_it_names(account: Account, patch: str) -> None:
    stored = account.contact(
        name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.word(), account.word()]
    )
    _patched(account, stored, PATCHES[patch])


@requirement("CONT-06")
@pytest.mark.parametrize("field", FIELDS)
def test_a_patch_fills_what_was_empty(account: Account, field: str) -> None:
    _patched(account, account.contact(), {field: "grace@wacrm.invalid"})


@requirement("CONT-06")
@pytest.mark.parametrize("kind", TEXTS)
def test_a_patch_carries_texts_unaltered(account: Account, kind: str) -> None:
    _patched(account, account.contact(name="Ada"), {"name": TEXTS[kind], "company": TEXTS[kind]})


@requirement("CONT-06")
@pytest.mark.parametrize("case", ["others", "none"])
def test_a_patch_of_tags_changes_no_field(account: Account, case: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.word()])
    tags = [account.word()] if case == "others" else []
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
    for shown, source in [(expect.record(exchange, 200), exchange), *_everywhere(account, stored)]:
        _has(shown, {name: stored[name] for name in PATCHED}, exchange, source)


@requirement("CONT-06")
def test_patches_follow_one_another(account: Account) -> None:
    stored = account.contact(name="Ada", company="Acme")
    for patch in ({"name": None}, {"company": "Navy"}, {"name": "Grace"}, {"company": None}, {"name": "Grace"}):
        stored = _patched(account, stored, patch)


def _patched(account: Account, stored: Row, patch: Row) -> Row:
    """PATCH one of two contacts, and see that what was named changed, and that nothing else did, there or elsewhere."""
    bystander = account.contact(name="By", email="by@wacrm.invalid", company="Stander", tags=[account.word()])
    exchange = account.api.patch(f"/contacts/{stored['id']}", patch)
    if not patch and exchange.status == 400:
        return stored
    wanted = {name: stored[name] for name in PATCHED} | patch
    answered = expect.record(exchange, 200)
    for shown, source in [(answered, exchange), *_everywhere(account, stored)]:
        _has(shown, wanted, exchange, source)
        _has_tags(shown, _names(stored), exchange, source)
    after = _read(account, bystander["id"])
    _has(after, {name: bystander[name] for name in (*UNCHANGING, "updated_at")}, exchange)
    _has_tags(after, _names(bystander), exchange)
    return answered


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
    for shown, source in [(expect.record(exchange, 200), exchange), *_everywhere(account, stored)]:
        _has_tags(shown, tags, exchange, source)
    _has_tags(_read(account, bystander["id"]), _names(bystander), exchange)


@requirement("CONT-07")
def test_a_set_is_compared_without_case(account: Account) -> None:
    word = account.word()
    stored = account.contact(tags=[f"{word}a", f"{word}b"])
    before = {tag["name"].casefold(): tag["id"] for tag in stored["tags"]}
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": [f"{word}A", f"{word}a", f"{word}C"]})
    contact = expect.record(exchange, 200)
    _has_tags(contact, [f"{word}a", f"{word}c"], exchange)
    after = {tag["name"].casefold(): tag["id"] for tag in contact["tags"]}
    same = after[f"{word}a"] == before[f"{word}a"]
    that(same, "the tag that differs in case only to be the one there was", f"{contact['tags']}", exchange)


@requirement("CONT-07")
def test_a_set_takes_strange_names(account: Account) -> None:
    word = account.word()
    stored = account.contact(tags=[f"{word}abc"])
    tags = [f"{word}a_c", *(f"{word}{strange}" for strange in STRANGE_TAGS)]
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
    _has_tags(expect.record(exchange, 200), tags, exchange)
    _has_tags(_read(account, stored["id"]), tags, exchange)


@requirement("CONT-07")
def test_a_cleared_set_can_be_filled_again(account: Account) -> None:
    word = account.word()
    stored = account.contact(tags=[f"{word}a"])
    tag = stored["tags"][0]["id"] if stored.get("tags") else ""
    for tags in ([], [f"{word}a"], [f"{word}b"], []):
        exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
        _has_tags(expect.record(exchange, 200), tags, exchange)
        filtered = account.api.get("/contacts", tag=tag)
        found = [row.get("id") for row in expect.rows(filtered)] if filtered.status == 200 else []
        wanted = [stored["id"]] if tags == [f"{word}a"] else []
        that(found == wanted, f"the tag to be on {wanted}", f"{found}", exchange, filtered)


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
    rows = expect.rows(exchange)
    strange = [row for row in rows if not _matches(row, query)]
    that(not strange, f"only contacts with {query!r} in name or phone", f"also {strange[:3]}", exchange)
    known = [row["id"] for row in people if _matches(row, query)]
    missing = set(known) - {row.get("id") for row in rows}
    that(len(rows) == 100 or not missing, f"all contacts with {query!r}", f"without {missing}", exchange)


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
    rows = expect.rows(exchange)
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
    contact = _met(account, capabilities, origin, account.numbers.fresh())
    exchange = account.api.get("/contacts", search=contact["phone"][1:])
    found = [row.get("id") for row in expect.rows(exchange)]
    that(found == [contact["id"]], "the contact with that phone", f"{found}", exchange)


@requirement("CONT-08")
def test_search_finds_the_name_that_a_send_gave(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    name = f"Zoë {account.word()}"
    contact = _read(account, account.send(name=name)["contact_id"])
    precondition(contact.get("name") == name, "the name of a first send is not the contact's")
    _finds(account, name.upper(), [contact])


def _finds(account: Account, text: str, people: list[Row]) -> None:
    """A search that only our own contacts can answer finds exactly those that match."""
    exchange = account.api.get("/contacts", search=text, limit=100)
    wanted = [row["id"] for row in people if _matches(row, text)]
    found = [row.get("id") for row in expect.rows(exchange)]
    names = [row.get("name") for row in expect.rows(exchange)]
    same = sorted(map(str, found)) == sorted(wanted)
    that(same, f"{len(wanted)} contacts with {text!r} in name or phone", f"{len(found)}: {names}", exchange)


def _matches(row: Row, text: str) -> bool:
    return any(text.casefold() in str(row.get(member) or "").casefold() for member in ("name", "phone"))


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
        wanted = [row["id"] for row in made if word + letter in _names(row)]
        expect.same_members([row["id"] for row in pages], wanted, f"the contacts found by the tag {letter!r}")
        stored = {row["id"]: _names(row) for row in made}
        for row in pages:
            _has_tags(row, stored[row["id"]])


@requirement("CONT-09")
def test_tag_follows_changes(account: Account) -> None:
    word = account.word()
    first, second = account.contact(tags=[f"{word}a", f"{word}b"]), account.contact(tags=[f"{word}b"])
    tag = _tag_id(first, f"{word}a")
    for contact, tags in ((first, [f"{word}b"]), (second, [f"{word}a", f"{word}c"])):
        changed = needed(account.api.patch(f"/contacts/{contact['id']}", {"tags": tags}), 200)
        precondition(_names(changed) == tags, "a patch with tags does not make the set")
    exchange = account.api.get("/contacts", tag=tag)
    found = [row.get("id") for row in expect.rows(exchange)]
    that(found == [second["id"]], "the one contact that has the tag now", f"{found}", exchange)
    _has_tags(expect.rows(exchange)[0], [f"{word}a", f"{word}c"], exchange)


@requirement("CONT-09")
def test_tag_and_search_hold_together(account: Account) -> None:
    word = account.word()
    both = account.contact(name=f"{word} x", tags=[f"{word}a"])
    account.contact(name=f"{word} x", tags=[f"{word}b"])
    account.contact(name="Ada", tags=[f"{word}a"])
    exchange = account.api.get("/contacts", tag=_tag_id(both, f"{word}a"), search=f"{word} X")
    found = [row.get("id") for row in expect.rows(exchange)]
    that(found == [both["id"]], "the contact with both", f"{found}", exchange)


@requirement("CONT-09")
def test_an_unknown_tag_is_on_nobody(account: Account) -> None:
    account.contact(tags=[account.word()])
    exchange = account.api.get("/contacts", tag="00000000-0000-4000-8000-000000000000")
    if exchange.status not in {400, 404}:
        that(not expect.rows(exchange), "no contacts", exchange.excerpt, exchange)


def _tag_id(contact: Row, name: str) -> str:
    found = [tag["id"] for tag in contact.get("tags") or [] if str(tag.get("name")).casefold() == name.casefold()]
    return str(expect.first(found, f"tag {name!r} on the contact that was created with it"))


# -- CONT-10 ----------------------------------------------------------------------------------------------------------

ORIGINS = ("create", "send", "inbound")


@requirement("CONT-10")
@pytest.mark.parametrize("second", ORIGINS)
@pytest.mark.parametrize("first", ORIGINS)
@pytest.mark.parametrize("pair", ["sharing nine digits", "differing in country", "one within the other"])
def test_numbers_that_share_digits_are_two_contacts(
    account: Account, capabilities: Capabilities, pair: str, first: str, second: str
) -> None:
    numbers = _pair(account, pair)
    made = [_known_by(account, capabilities, origin, n) for origin, n in zip((first, second), numbers, strict=True)]
    if None in made:
        return  # a deployment may refuse a country code that nobody has
    contacts = [contact for contact in made if contact is not None]
    for contact, number in zip(contacts, numbers, strict=True):
        shown = _read(account, contact["id"])
        that(shown.get("phone") == number, f"a contact with the phone {number}", f"{shown.get('phone')}")
    that(contacts[0]["id"] != contacts[1]["id"], f"two contacts for {' and '.join(numbers)}", "one")


def _pair(account: Account, pair: str) -> tuple[str, str]:
    if pair == "sharing nine digits":
        return account.numbers.sharing_tail()
    first, second = account.numbers.differing_in_country()
    return (first, second) if pair == "differing in country" else (first, f"+999{first[1:]}")


def _known_by(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row | None:
    """The contact that the deployment makes of a number's first appearance; None where it refuses the number."""
    if origin == "create":
        exchange = account.api.post("/contacts", {"phone": phone, "name": phone})
        if _refused(exchange, phone):
            return None
        return expect.record(exchange, 201)
    if origin == "send":
        return _sent_to(account, capabilities, phone)
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    wamid = account.receive(phone, profile_name=phone)
    found = eventually(lambda: account.contact_by_phone(phone), account.provider.patience)
    that(found or phone.startswith("+999"), f"a contact with the phone {phone} after its message {wamid}", "none")
    contact: Row | None = found
    return contact


def _sent_to(account: Account, capabilities: Capabilities, phone: str) -> Row | None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    exchange = account.api.post("/messages", {"to": phone, "text": account.word(), "name": phone})
    if _refused(exchange, phone):
        return None
    return {"id": needed(exchange, 201)["contact_id"]}


def _refused(exchange: Exchange, phone: str) -> bool:
    return exchange.status == 400 and phone.startswith("+999")


# -- CONT-11 ----------------------------------------------------------------------------------------------------------


@requirement("CONT-11")
@pytest.mark.parametrize("origin", ORIGINS)
def test_the_phone_comes_back_as_it_was_sent(account: Account, capabilities: Capabilities, origin: str) -> None:
    phones = [_in_country(account, country) for country in ("+1", "+33", "+44")]
    for phone in phones:
        contact = _stored(account, capabilities, origin, phone)
        patched = account.api.patch(f"/contacts/{contact['id']}", {"company": "Acme"})
        for shown, source in [
            *_everywhere(account, {**contact, "phone": phone}),
            (expect.record(patched, 200), patched),
        ]:
            expect.equal(shown.get("phone"), phone, "the contact's phone", source)


def _in_country(account: Account, prefix: str) -> str:
    drawn = (account.numbers.fresh() for _ in range(200))
    return next(number for number in drawn if number.startswith(prefix))


def _stored(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row:
    if origin != "create":
        return _met(account, capabilities, origin, phone)
    exchange = account.api.post("/contacts", {"phone": phone})
    contact = expect.record(exchange, 201)
    expect.equal(contact.get("phone"), phone, "the contact's phone", exchange)
    return contact


@requirement("CONT-11")
@pytest.mark.parametrize("length", [7, 8, 14, 15])
def test_short_and_long_numbers_come_back_as_they_were_sent(account: Account, length: int) -> None:
    digits = "999" + account.word().encode().hex().translate(str.maketrans("abcdef", "123456"))[-12:]
    phone = f"+{digits[:length]}"
    exchange = account.api.post("/contacts", {"phone": phone})
    if exchange.status != 400:  # the country code is nobody's
        expect.equal(expect.record(exchange, 200, 201).get("phone"), phone, "the contact's phone", exchange)


@requirement("CONT-11")
def test_the_phone_in_a_conversation_is_the_contacts(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    phone = account.numbers.fresh()
    exchange = account.api.get(f"/conversations/{account.send(phone)['conversation_id']}")
    contact = expect.record(exchange, 200).get("contact") or {}
    expect.equal(contact.get("phone"), phone, "the phone of the conversation's contact", exchange)


@requirement("CONT-11")
@pytest.mark.parametrize("spelling", ["no plus", "00", "spaces", "hyphens", "spaces around"])
def test_another_spelling_is_refused_or_comes_back_in_e164(account: Account, spelling: str) -> None:
    phone = account.numbers.fresh()
    exchange = account.api.post("/contacts", {"phone": _spelled(phone, spelling)})
    if exchange.status != 400:
        expect.equal(expect.record(exchange, 200, 201).get("phone"), phone, "the contact's phone", exchange)


# -- CONT-12 ----------------------------------------------------------------------------------------------------------


@requirement("CONT-12")
@pytest.mark.parametrize("patch", ["name", "email", "company", "no company", "tags", "no tags", "name and tags"])
def test_a_change_advances_updated_at_and_leaves_created_at(account: Account, patch: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.word()])
    precondition(stored.get("company") and stored.get("tags"), "a new contact lacks what was sent")
    patches: dict[str, Row] = {
        "name": {"name": "Grace"}, "email": {"email": "grace@wacrm.invalid"}, "company": {"company": "Navy"},
        "no company": {"company": None}, "tags": {"tags": [account.word()]}, "no tags": {"tags": []},
    }  # fmt: skip
    body = patches.get(patch, {**patches["name"], **patches["tags"]})
    _ages(account, stored, body)


@requirement("CONT-12")
def test_each_change_advances_updated_at(account: Account) -> None:
    contact = account.contact(name="Ada")
    for name in ("Grace", "Ada", None):
        contact = _ages(account, contact, {"name": name})


def _ages(account: Account, stored: Row, body: Row) -> Row:
    tick(stored["updated_at"])
    exchange = account.api.patch(f"/contacts/{stored['id']}", body)
    answered = needed(exchange, 200)
    changed = all(answered.get(name) == body[name] for name in FIELDS if name in body)
    precondition(changed and _names(answered) == _wanted(body.get("tags", _names(stored))), "the patch changes nothing")
    for shown in (answered, _read(account, stored["id"])):
        _has(shown, {"created_at": stored["created_at"]}, exchange)
        before, after = stored["updated_at"], shown.get("updated_at")
        that(instant(after) > instant(before), f"updated_at after {before}", f"{after}", exchange)
    return answered


@requirement("CONT-12")
def test_a_new_contact_was_not_updated_before_it_was_created(account: Account) -> None:
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh()})
    contact = needed(exchange, 201)
    created, updated = contact.get("created_at"), contact.get("updated_at")
    that(instant(updated) >= instant(created), f"updated_at not before created_at {created}", f"{updated}", exchange)


@requirement("CONT-12")
@pytest.mark.parametrize("event", ["create again", "send", "inbound"])
def test_created_at_outlives_what_else_happens(account: Account, capabilities: Capabilities, event: str) -> None:
    stored = account.contact(name="Ada")
    tick(stored["created_at"])
    if event == "create again":
        exchange = account.api.post("/contacts", {"phone": stored["phone"], "name": "Grace"})
        _has(needed(exchange, 200), {"created_at": stored["created_at"]}, exchange)
    else:
        _met(account, capabilities, event, stored["phone"])
    read = account.api.get(f"/contacts/{stored['id']}")
    _has(needed(read, 200), {"created_at": stored["created_at"]}, read)
