"""CONT: the number, which tells contacts apart (10, 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.contacts import everywhere, met, read_contact, spelled

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


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
        shown = read_contact(account, contact["id"])
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
        return envelope.record(exchange, 201)
    if origin == "send":
        return _sent_to(account, capabilities, phone)
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    wamid = account.receive(phone, profile_name=phone)
    found = eventually(lambda: account.contact_by_phone(phone), account.mock_meta.patience)
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
            *everywhere(account, {**contact, "phone": phone}),
            (envelope.record(patched, 200), patched),
        ]:
            expect.equal(shown.get("phone"), phone, "the contact's phone", source)


def _in_country(account: Account, prefix: str) -> str:
    drawn = (account.numbers.fresh() for _ in range(200))
    return next(number for number in drawn if number.startswith(prefix))


def _stored(account: Account, capabilities: Capabilities, origin: str, phone: str) -> Row:
    if origin != "create":
        return met(account, capabilities, origin, phone)
    exchange = account.api.post("/contacts", {"phone": phone})
    contact = envelope.record(exchange, 201)
    expect.equal(contact.get("phone"), phone, "the contact's phone", exchange)
    return contact


@requirement("CONT-11")
@pytest.mark.parametrize("length", [7, 8, 14, 15])
def test_short_and_long_numbers_come_back_as_they_were_sent(account: Account, length: int) -> None:
    digits = "999" + account.word().encode().hex().translate(str.maketrans("abcdef", "123456"))[-12:]
    phone = f"+{digits[:length]}"
    exchange = account.api.post("/contacts", {"phone": phone})
    if exchange.status != 400:  # the country code is nobody's
        expect.equal(envelope.record(exchange, 200, 201).get("phone"), phone, "the contact's phone", exchange)


@requirement("CONT-11")
def test_the_phone_in_a_conversation_is_the_contacts(account: Account, capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
    phone = account.numbers.fresh()
    exchange = account.api.get(f"/conversations/{account.send(phone)['conversation_id']}")
    contact = envelope.record(exchange, 200).get("contact") or {}
    expect.equal(contact.get("phone"), phone, "the phone of the conversation's contact", exchange)


@requirement("CONT-11")
@pytest.mark.parametrize("spelling", ["no plus", "00", "spaces", "hyphens", "spaces around"])
def test_another_spelling_is_refused_or_comes_back_in_e164(account: Account, spelling: str) -> None:
    phone = account.numbers.fresh()
    exchange = account.api.post("/contacts", {"phone": spelled(phone, spelling)})
    if exchange.status != 400:
        expect.equal(envelope.record(exchange, 200, 201).get("phone"), phone, "the contact's phone", exchange)
