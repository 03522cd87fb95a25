"""CONT-10, -11: phone numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.numbers import digits
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import read_and_listed
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import contact_from_message, read_contact, respelled

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


ORIGINS = ("create", "send", "inbound")


@requirement("CONT-10")
@pytest.mark.parametrize("second", ORIGINS)
@pytest.mark.parametrize("first", ORIGINS)
@pytest.mark.parametrize("pair", ["sharing nine digits", "differing in country", "one within the other"])
def test_numbers_with_common_digits_are_two_contacts(
    account: Account, capabilities: Capabilities, pair: str, first: str, second: str
) -> None:
    numbers = _pair(account, pair)
    made = [_contact_from(account, capabilities, origin, n) for origin, n in zip((first, second), numbers, strict=True)]
    if None in made:
        return  # a deployment may refuse an unassigned country code
    contacts = [contact for contact in made if contact is not None]
    for contact, number in zip(contacts, numbers, strict=True):
        shown = read_contact(account, contact["id"])
        that(
            digits(shown.get("phone")) == digits(number), f"a contact with the phone {number}", f"{shown.get('phone')}"
        )
    that(contacts[0]["id"] != contacts[1]["id"], f"two contacts for {' and '.join(numbers)}", "the same contact")


def _pair(account: Account, pair: str) -> tuple[str, str]:
    if pair == "sharing nine digits":
        return account.numbers.sharing_tail()
    first, second = account.numbers.differing_in_country()
    return (first, second) if pair == "differing in country" else (first, f"+999{first[1:]}")


def _contact_from(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row | None:
    """The contact created for a number's first appearance; None where the deployment refuses the number."""
    if origin == "create":
        exchange = account.api.post("/contacts", {"phone": phone, "name": phone})
        if _refused(exchange, phone):
            return None
        return envelope.record(exchange, 201)
    if origin == "send":
        return _contact_from_send(account, capabilities, phone)
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    wamid = account.receive(phone, profile_name=phone)
    found = eventually(lambda: account.contact_by_phone(phone), account.mock_meta.patience)
    that(found or phone.startswith("+999"), f"a contact with the phone {phone} after its message {wamid}", "none")
    contact: Row | None = found
    return contact


def _contact_from_send(account: Account, capabilities: Capabilities, phone: str) -> Row | None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    exchange = account.api.post("/messages", {"to": phone, "text": account.marker(), "name": phone})
    if _refused(exchange, phone):
        return None
    return {"id": required(exchange, 201)["contact_id"]}


def _refused(exchange: Exchange, phone: str) -> bool:
    return exchange.status == 400 and phone.startswith("+999")


@requirement("CONT-11")
@pytest.mark.parametrize("origin", ORIGINS)
def test_the_phone_is_returned_as_sent(account: Account, capabilities: Capabilities, origin: str) -> None:
    for phone in account.numbers.of_each_country():
        contact = _contact_by_origin(account, capabilities, origin, phone)
        patched = account.api.patch(f"/contacts/{contact['id']}", {"company": "Acme"})
        for shown, source in [
            *read_and_listed(account, {**contact, "phone": phone}),
            (envelope.record(patched, 200), patched),
        ]:
            expect.equal(shown.get("phone"), phone, "the contact's phone", source)


def _contact_by_origin(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row:
    if origin != "create":
        return contact_from_message(account, capabilities, origin, phone)
    exchange = account.api.post("/contacts", {"phone": phone})
    contact = envelope.record(exchange, 201)
    expect.equal(contact.get("phone"), phone, "the contact's phone", exchange)
    return contact


@requirement("CONT-11")
@pytest.mark.parametrize("length", [7, 8, 14, 15])
def test_short_and_long_numbers_are_returned_as_sent(account: Account, length: int) -> None:
    number = "999" + account.marker().encode().hex().translate(str.maketrans("abcdef", "123456"))[-12:]
    phone = f"+{number[:length]}"
    exchange = account.api.post("/contacts", {"phone": phone})
    if exchange.status != 400:  # the country code is unassigned
        expect.equal(envelope.record(exchange, 200, 201).get("phone"), phone, "the contact's phone", exchange)


@requirement("CONT-11")
def test_the_embedded_contact_has_the_phone_as_sent(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    phone = account.numbers.fresh()
    exchange = account.api.get(f"/conversations/{account.send(phone)['conversation_id']}")
    contact = envelope.record(exchange, 200).get("contact") or {}
    expect.equal(contact.get("phone"), phone, "the phone of the conversation's contact", exchange)


@requirement("CONT-11")
@pytest.mark.parametrize("spelling", ["no plus", "00", "spaces", "hyphens", "spaces around"])
def test_another_spelling_is_refused_or_returned_in_e164(account: Account, spelling: str) -> None:
    phone = account.numbers.fresh()
    exchange = account.api.post("/contacts", {"phone": respelled(phone, spelling)})
    if exchange.status != 400:
        expect.equal(envelope.record(exchange, 200, 201).get("phone"), phone, "the contact's phone", exchange)
