"""CONT: what no contact can be made of (03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.contacts import E164, FIELDS, UNCHANGING, has, has_tags, read_contact, tag_names

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account


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
    that(not envelope.rows(exchange), "no contact to come of a refused request", exchange.excerpt, exchange)


@requirement("CONT-03")
@pytest.mark.parametrize("form", ["+0{}", "+{}x", "+{}\n", "+{}#12", "+1a{}", "tel:+{}", "+{};", "+{} ext 4", "٣{}"])
def test_a_doubtful_phone_is_refused_or_becomes_a_number(account: Account, form: str) -> None:
    exchange = account.api.post("/contacts", {"phone": form.format(account.numbers.fresh()[1:])})
    if exchange.status != 400:
        shown = str(envelope.record(exchange, 200, 201).get("phone"))
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
    account.contact(phone=phone)
    expect.precondition(account.contact_by_phone(phone), "a contact that was made cannot be found by its phone")


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
    shown = read_contact(account, stored["id"])
    has(shown, {name: stored[name] for name in UNCHANGING}, exchange)
    has_tags(shown, tag_names(stored), exchange)
