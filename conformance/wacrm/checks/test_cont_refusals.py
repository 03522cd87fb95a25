"""CONT-03: bodies that are refused and create nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import has_fields, has_kept_tags, is_not_left_behind, no_contact_of
from conformance.wacrm.steps.contacts import E164, FIELDS, UNCHANGING, read_contact, tag_names

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account, Row


INVALID_PHONES: tuple[Any, ...] = (
    None, "", " ", "+", "phone", "++", "+1", "+12345", "123456", "+1234567890123456", "+12345678901234567890", True, False,
    12025550123, 1.5, [], ["+12025550123"], {}, {"phone": "+12025550123"},
)  # fmt: skip
"""Not a string, or not 7 to 15 digits in any spelling: a deployment cannot normalise these to E.164."""
WRONG_TEXTS: tuple[Any, ...] = (5, 0, 1.5, True, False, [], ["Ada"], {}, {"first": "Ada"})
WRONG_TAGS: tuple[Any, ...] = ("vip", 5, True, {}, {"0": "vip"}, [5], [True], [None], [{}], [["vip"]], ["vip", 5])


@requirement("CONT-03")
def test_a_contact_without_phone_is_refused(account: Account) -> None:
    marker = account.marker()
    _is_refused(account, marker, {"name": marker})


@requirement("CONT-03")
@pytest.mark.parametrize("phone", INVALID_PHONES, ids=repr)
def test_an_invalid_phone_is_refused(account: Account, phone: Any) -> None:  # noqa: ANN401 - any JSON
    marker = account.marker()
    _is_refused(account, marker, {"phone": phone, "name": marker})


def _is_refused(account: Account, marker: str, body: Row) -> None:
    """The creation is refused, and leaves no contact of that name."""
    exchange = expect.status(account.api.post("/contacts", body), 400)
    is_not_left_behind(account, lambda _phone, name: _named(account, name), "", marker, exchange)


def _named(account: Account, name: str) -> list[Row]:
    """The contacts of that name: by search, or among the newest."""
    listings = (account.api.get("/contacts", search=name), account.api.get("/contacts", limit=100))
    return [row for listing in listings for row in envelope.rows(listing) if row.get("name") == name]


@requirement("CONT-03")
@pytest.mark.parametrize("form", ["+0{}", "+{}x", "+{}\n", "+{}#12", "+1a{}", "tel:+{}", "+{};", "+{} ext 4", "٣{}"])
def test_a_questionable_phone_is_refused_or_stored_in_e164(account: Account, form: str) -> None:
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
    no_contact_of(account, phone, exchange)


@requirement("CONT-03")
@pytest.mark.parametrize("field", [*FIELDS, "tags"])
@pytest.mark.parametrize("operation", ["create", "update"])
def test_a_field_of_the_wrong_type_changes_no_contact(account: Account, operation: str, field: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.marker()])
    for value in WRONG_TAGS if field == "tags" else WRONG_TEXTS:
        others = {name: "changed" for name in FIELDS if name != field}
        if operation == "create":
            exchange = account.api.post("/contacts", {"phone": account.phone_of(stored), **others, field: value})
        else:
            exchange = account.api.patch(f"/contacts/{stored['id']}", {**others, field: value})
        expect.status(exchange, 400)
    shown = read_contact(account, stored["id"])
    has_fields(shown, {name: stored[name] for name in UNCHANGING}, exchange)
    has_kept_tags(shown, tag_names(stored), exchange)
