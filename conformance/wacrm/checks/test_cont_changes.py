"""CONT-06, -12: changing contacts, and their timestamps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.contacts import has_fields, has_kept_tags, read_and_listed
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import (
    FIELDS,
    TEXTS,
    UNCHANGED_BY_PATCH,
    UNCHANGING,
    casefolded,
    contact_from_message,
    read_contact,
    tag_names,
)
from conformance.wacrm.steps.timestamps import parse_timestamp, wait_past

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


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
def test_a_patch_changes_the_sent_fields_only(account: Account, patch: str) -> None:
    stored = account.contact(
        name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.marker(), account.marker()]
    )
    _patches_exactly(account, stored, PATCHES[patch])


@requirement("CONT-06")
@pytest.mark.parametrize("field", FIELDS)
def test_a_patch_fills_empty_fields(account: Account, field: str) -> None:
    _patches_exactly(account, account.contact(), {field: "grace@wacrm.invalid"})


@requirement("CONT-06")
@pytest.mark.parametrize("kind", TEXTS)
def test_a_patch_carries_texts_unaltered(account: Account, kind: str) -> None:
    _patches_exactly(account, account.contact(name="Ada"), {"name": TEXTS[kind], "company": TEXTS[kind]})


@requirement("CONT-06")
@pytest.mark.parametrize("text", ["", "  "], ids=["empty", "blank"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_patch_with_an_empty_text_does_not_keep_the_old_value(account: Account, field: str, text: str) -> None:
    """An empty text may be stored, clear the field or be refused; the old value must not stay."""
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme")
    exchange = account.api.patch(f"/contacts/{stored['id']}", {field: text})
    if exchange.status == 400:
        return
    rest = {name: stored[name] for name in UNCHANGED_BY_PATCH if name != field}
    for shown, source in [(envelope.record(exchange, 200), exchange), *read_and_listed(account, stored)]:
        value = expect.member(shown, field, exchange, source)
        that(value != stored[field], f"{field} empty, null or refused", f"still {value!r}", exchange, source)
        has_fields(shown, rest, exchange, source)


@requirement("CONT-06")
@pytest.mark.parametrize("case", ["others", "none"])
def test_a_patch_of_tags_leaves_the_fields_unchanged(account: Account, case: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.marker()])
    tags = [account.marker()] if case == "others" else []
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
    for shown, source in [(envelope.record(exchange, 200), exchange), *read_and_listed(account, stored)]:
        has_fields(shown, {name: stored[name] for name in UNCHANGED_BY_PATCH}, exchange, source)


@requirement("CONT-06")
def test_consecutive_patches_are_all_applied(account: Account) -> None:
    stored = account.contact(name="Ada", company="Acme")
    for patch in ({"name": None}, {"company": "Navy"}, {"name": "Grace"}, {"company": None}, {"name": "Grace"}):
        stored = _patches_exactly(account, stored, patch)


@requirement("CONT-06")
def test_concurrent_patches_of_different_fields_are_all_applied(account: Account) -> None:
    for _ in range(4):
        contact = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme")
        patches = [
            {"name": account.marker()},
            {"email": f"{account.marker()}@wacrm.invalid"},
            {"company": account.marker()},
        ]
        exchanges = at_once([_patcher(account, contact, patch) for patch in patches])
        for exchange in exchanges:
            required(exchange, 200)
        wanted = {name: value for patch in patches for name, value in patch.items()}
        has_fields(read_contact(account, contact["id"]), wanted, *exchanges)


def _patcher(account: Account, contact: Row, body: Row) -> Callable[[], Exchange]:
    return lambda: account.api.patch(f"/contacts/{contact['id']}", body)


def _patches_exactly(account: Account, stored: Row, patch: Row) -> Row:
    """PATCH one of two contacts: what was sent has changed, and nothing else has, in either contact."""
    unrelated = account.contact(name="By", email="by@wacrm.invalid", company="Stander", tags=[account.marker()])
    exchange = account.api.patch(f"/contacts/{stored['id']}", patch)
    if not patch and exchange.status == 400:
        return stored
    wanted = {name: stored[name] for name in UNCHANGED_BY_PATCH} | patch
    answered = envelope.record(exchange, 200)
    for shown, source in [(answered, exchange), *read_and_listed(account, stored)]:
        has_fields(shown, wanted, exchange, source)
        has_kept_tags(shown, tag_names(stored), exchange, source)
    after = read_contact(account, unrelated["id"])
    has_fields(after, {name: unrelated[name] for name in (*UNCHANGING, "updated_at")}, exchange)
    has_kept_tags(after, tag_names(unrelated), exchange)
    return answered


@requirement("CONT-12")
@pytest.mark.parametrize("patch", ["name", "email", "company", "no company", "tags", "no tags", "name and tags"])
def test_a_change_advances_updated_at_and_leaves_created_at(account: Account, patch: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.marker()])
    precondition(stored.get("company"), "a new contact does not have what was sent")
    patches: dict[str, Row] = {
        "name": {"name": "Grace"}, "email": {"email": "grace@wacrm.invalid"}, "company": {"company": "Navy"},
        "no company": {"company": None}, "tags": {"tags": [account.marker()]}, "no tags": {"tags": []},
    }  # fmt: skip
    body = patches.get(patch, {**patches["name"], **patches["tags"]})
    _advances_updated_at(account, stored, body)


@requirement("CONT-12")
def test_each_change_advances_updated_at(account: Account) -> None:
    contact = account.contact(name="Ada")
    for name in ("Grace", "Ada", None):
        contact = _advances_updated_at(account, contact, {"name": name})


def _advances_updated_at(account: Account, stored: Row, body: Row) -> Row:
    wait_past(stored["updated_at"])
    exchange = account.api.patch(f"/contacts/{stored['id']}", body)
    answered = required(exchange, 200)
    changed = all(answered.get(name) == body[name] for name in FIELDS if name in body)
    tagged = set(casefolded(body.get("tags", ()))) <= set(tag_names(answered))  # CONT-07 judges the whole set
    precondition(changed and tagged, "the patch changes nothing")
    for shown in (answered, read_contact(account, stored["id"])):
        has_fields(shown, {"created_at": stored["created_at"]}, exchange)
        before, after = stored["updated_at"], shown.get("updated_at")
        that(parse_timestamp(after) > parse_timestamp(before), f"updated_at after {before}", f"{after}", exchange)
    return answered


@requirement("CONT-12")
@pytest.mark.parametrize("member", ["created_at", "updated_at"])
def test_a_patch_cannot_set_timestamps(account: Account, member: str) -> None:
    """The documentation does not list them for PATCH: they may be ignored or refused."""
    stored = account.contact(name="Ada")
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"name": "Grace", member: "2020-02-02T02:02:02.020Z"})
    shown = read_contact(account, stored["id"])
    has_fields(shown, {"created_at": stored["created_at"]}, exchange)
    before, after = stored["updated_at"], shown.get("updated_at")
    that(parse_timestamp(after) >= parse_timestamp(before), f"updated_at not before {before}", f"{after}", exchange)


@requirement("CONT-12")
def test_a_new_contact_has_updated_at_not_before_created_at(account: Account) -> None:
    exchange = account.api.post("/contacts", {"phone": account.numbers.fresh()})
    contact = required(exchange, 201)
    created, updated = contact.get("created_at"), contact.get("updated_at")
    that(
        parse_timestamp(updated) >= parse_timestamp(created),
        f"updated_at not before created_at {created}",
        f"{updated}",
        exchange,
    )


@requirement("CONT-12")
@pytest.mark.parametrize("event", ["create again", "send", "inbound"])
def test_created_at_is_unchanged_by_other_events(account: Account, capabilities: Capabilities, event: str) -> None:
    stored = account.contact(name="Ada")
    wait_past(stored["created_at"])
    if event == "create again":
        exchange = account.api.post("/contacts", {"phone": account.phone_of(stored), "name": "Grace"})
        has_fields(required(exchange, 200), {"created_at": stored["created_at"]}, exchange)
    else:
        contact_from_message(account, capabilities, event, account.phone_of(stored))
    read = account.api.get(f"/contacts/{stored['id']}")
    has_fields(required(read, 200), {"created_at": stored["created_at"]}, read)
