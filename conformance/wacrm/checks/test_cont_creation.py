"""CONT-01, -02, -04: creating contacts."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement, that
from conformance.target.numbers import digits
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import has_fields, has_kept_tags, read_and_listed
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import (
    DOCUMENTED_MEMBERS,
    FIELDS,
    TEXTS,
    UNCHANGING,
    casefolded,
    contact_from_message,
    respelled,
    tag_names,
)
from conformance.wacrm.steps.timestamps import wait_past

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


@requirement("CONT-01")
@pytest.mark.parametrize("given", [(), ("name",), ("email",), ("company",), ("tags",), (*FIELDS, "tags")], ids="-".join)
def test_a_new_contact_has_what_was_sent(account: Account, given: tuple[str, ...]) -> None:
    phone, marker = account.numbers.fresh(), account.marker()
    everything = {
        "name": f"{marker} n",
        "email": f"Ada.{marker}@Wacrm.invalid",
        "company": f"{marker} c",
        "tags": [f"{marker}t"],
    }
    sent = {name: everything[name] for name in given}
    exchange = account.api.post("/contacts", {"phone": phone, **sent})
    contact = envelope.record(exchange, 201)
    _is_full(contact, phone, sent, exchange)
    for shown, source in read_and_listed(account, contact):
        _is_full(shown, phone, sent, exchange, source)


def _is_full(contact: Row, phone: str, sent: Row, *exchanges: Exchange) -> None:
    """Every documented member is there, with what was sent, and empty where nothing was sent."""
    for member in DOCUMENTED_MEMBERS:
        expect.member(contact, member, *exchanges)
    expect.equal(contact["phone"], phone, "the contact's phone", *exchanges)
    has_fields(contact, {name: sent[name] for name in FIELDS if name in sent}, *exchanges)
    for name in FIELDS:
        if name not in sent:
            none = contact[name] in {None, ""} or (name == "name" and digits(contact[name]) == digits(phone))
            that(none, f"no {name}, since none was sent", f"{contact[name]!r}", *exchanges)
    has_kept_tags(contact, sent.get("tags", []), *exchanges)


@requirement("CONT-01")
@pytest.mark.parametrize("kind", TEXTS)
def test_a_new_contact_has_its_texts_unaltered(account: Account, kind: str) -> None:
    fields = {"name": TEXTS[kind], "company": TEXTS[kind]}
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh(), **fields})
    contact = envelope.record(exchange, 201)
    has_fields(contact, fields, exchange)
    read = account.api.get(f"/contacts/{contact['id']}")
    has_fields(envelope.record(read, 200), fields, exchange, read)


@requirement("CONT-01")
def test_null_fields_are_treated_as_absent(account: Account) -> None:
    phone = account.numbers.fresh()
    exchange = account.api.post("/contacts", {"phone": phone, **dict.fromkeys(FIELDS)})
    _is_full(envelope.record(exchange, 201), phone, {}, exchange)


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
        name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.marker(), account.marker()]
    )
    exchange = account.api.post("/contacts", {"phone": account.phone_of(stored), **CHANGES[change]})
    _is_unchanged(account, stored, exchange)


@requirement("CONT-02")
def test_a_known_phone_gets_no_new_fields_or_tags(account: Account) -> None:
    stored = account.contact()
    fields = {"name": "Ada", "email": "ada@wacrm.invalid", "company": "Acme", "tags": [account.marker()]}
    _is_unchanged(account, stored, account.api.post("/contacts", {"phone": account.phone_of(stored), **fields}))


@requirement("CONT-02")
def test_a_contact_changed_since_creation_is_not_changed_back(account: Account) -> None:
    made = account.contact(name="Ada", tags=[account.marker()])
    body = {"name": "Grace", "company": None, "tags": [account.marker()]}
    stored = required(account.api.patch(f"/contacts/{made['id']}", body), 200)
    _is_unchanged(
        account,
        stored,
        account.api.post("/contacts", {"phone": account.phone_of(made), "name": "Ada", "company": "Acme"}),
    )


@requirement("CONT-02")
@pytest.mark.parametrize(
    "body", [{}, {"name": "Somebody Else"}, {"name": "Ada", "tags": []}], ids=["bare", "other", "same"]
)
def test_a_known_phone_leaves_updated_at_unchanged(account: Account, body: Row) -> None:
    stored = account.contact(name="Ada")
    wait_past(stored["updated_at"])
    exchange = account.api.post("/contacts", {"phone": account.phone_of(stored), **body})
    read = account.api.get(f"/contacts/{stored['id']}")
    for shown, source in ((required(exchange, 200), exchange), (required(read, 200), read)):
        has_fields(shown, {"updated_at": stored["updated_at"]}, exchange, source)


@requirement("CONT-02")
@pytest.mark.parametrize("origin", ["send", "inbound"])
def test_a_phone_known_from_messages_gives_the_stored_contact(
    account: Account, capabilities: Capabilities, origin: str
) -> None:
    phone = account.numbers.fresh()
    stored = contact_from_message(account, capabilities, origin, phone)
    body = {"phone": phone, "name": "Somebody Else", "tags": [account.marker()]}
    exchange = account.api.post("/contacts", body)
    _is_unchanged(account, stored, exchange)


@requirement("CONT-02")
@pytest.mark.parametrize("spelling", ["no plus", "00", "spaces", "hyphens", "spaces around"])
def test_another_spelling_of_a_known_phone_is_the_same_contact_or_refused(account: Account, spelling: str) -> None:
    stored = account.contact(name="Ada")
    exchange = account.api.post("/contacts", {"phone": respelled(account.phone_of(stored), spelling), "name": "Else"})
    if exchange.status != 400:
        _is_unchanged(account, stored, exchange)


def _is_unchanged(account: Account, stored: Row, exchange: Exchange) -> None:
    answered = envelope.record(exchange, 200)
    read = account.api.get(f"/contacts/{stored['id']}")
    sent = set(casefolded(json.loads(exchange.body).get("tags", ())))
    for shown, exchanges in ((answered, [exchange]), (envelope.record(read, 200), [exchange, read])):
        has_fields(shown, {name: stored[name] for name in UNCHANGING}, *exchanges)
        has_kept_tags(shown, tag_names(stored), *exchanges)
        gained = set(tag_names(shown)) & sent - set(tag_names(stored))
        that(not gained, "none of the tags that were sent", f"{sorted(gained)}", *exchanges)


@requirement("CONT-04")
@pytest.mark.parametrize("fields", ["bare", "named", "tagged", "known tags"])
def test_twenty_creations_at_once_make_one_contact(account: Account, fields: str) -> None:
    phone, tags = account.numbers.fresh(), [account.marker(), account.marker()]
    if fields == "known tags":
        account.contact(tags=tags)
    bodies = [{"phone": phone, **_nth(fields, tags, n)} for n in range(20)]
    exchanges = at_once([partial(account.api.post, "/contacts", body) for body in bodies])
    statuses = sorted(exchange.status or 0 for exchange in exchanges)
    odd = [e for e in exchanges if e.status not in {200, 201}] or [e for e in exchanges if e.status == 201]
    that(statuses == [200] * 19 + [201], "one 201 and nineteen 200", f"{statuses}", *odd[:3])
    ids = {envelope.record(exchange, 200, 201).get("id") for exchange in exchanges}
    that(len(ids) == 1, "one id in all answers", f"{len(ids)} ids: {ids}", *exchanges[:2])
    listed = account.contacts_by_phone(phone)
    that(len(listed) == 1, f"one contact with the phone {phone}", f"{len(listed)}", *exchanges[:2])


def _nth(fields: str, tags: list[str], n: int) -> Row:
    return {"bare": {}, "named": {"name": f"Ada {n}", "company": "Acme"}}.get(fields, {"tags": tags})
