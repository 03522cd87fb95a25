"""CONT: changing contacts, and the times of it (06, 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.contacts import (
    FIELDS,
    PATCHED,
    TEXTS,
    UNCHANGING,
    everywhere,
    folded,
    has,
    has_tags,
    met,
    read_contact,
    tag_names,
)
from conformance.wacrm.steps.timestamps import instant, tick

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


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
@pytest.mark.parametrize("text", ["", "  "], ids=["empty", "blank"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_patch_with_an_empty_text_is_no_patch_without_it(account: Account, field: str, text: str) -> None:
    """It may be kept as it is, clear the field, or be refused; only the value that was there cannot stay."""
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme")
    exchange = account.api.patch(f"/contacts/{stored['id']}", {field: text})
    if exchange.status == 400:
        return
    rest = {name: stored[name] for name in PATCHED if name != field}
    for shown, source in [(envelope.record(exchange, 200), exchange), *everywhere(account, stored)]:
        value = expect.member(shown, field, exchange, source)
        that(value != stored[field], f"{field} empty, null or refused", f"still {value!r}", exchange, source)
        has(shown, rest, exchange, source)


@requirement("CONT-06")
@pytest.mark.parametrize("case", ["others", "none"])
def test_a_patch_of_tags_changes_no_field(account: Account, case: str) -> None:
    stored = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme", tags=[account.word()])
    tags = [account.word()] if case == "others" else []
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"tags": tags})
    for shown, source in [(envelope.record(exchange, 200), exchange), *everywhere(account, stored)]:
        has(shown, {name: stored[name] for name in PATCHED}, exchange, source)


@requirement("CONT-06")
def test_patches_follow_one_another(account: Account) -> None:
    stored = account.contact(name="Ada", company="Acme")
    for patch in ({"name": None}, {"company": "Navy"}, {"name": "Grace"}, {"company": None}, {"name": "Grace"}):
        stored = _patched(account, stored, patch)


@requirement("CONT-06")
def test_patches_of_different_fields_at_once_all_hold(account: Account) -> None:
    for _ in range(4):
        contact = account.contact(name="Ada", email="ada@wacrm.invalid", company="Acme")
        patches = [{"name": account.word()}, {"email": f"{account.word()}@wacrm.invalid"}, {"company": account.word()}]
        exchanges = at_once([_patcher(account, contact, patch) for patch in patches])
        for exchange in exchanges:
            needed(exchange, 200)
        wanted = {name: value for patch in patches for name, value in patch.items()}
        has(read_contact(account, contact["id"]), wanted, *exchanges)


def _patcher(account: Account, contact: Row, body: Row) -> Callable[[], Exchange]:
    return lambda: account.api.patch(f"/contacts/{contact['id']}", body)


def _patched(account: Account, stored: Row, patch: Row) -> Row:
    """PATCH one of two contacts, and see that what was named changed, and that nothing else did, there or elsewhere."""
    bystander = account.contact(name="By", email="by@wacrm.invalid", company="Stander", tags=[account.word()])
    exchange = account.api.patch(f"/contacts/{stored['id']}", patch)
    if not patch and exchange.status == 400:
        return stored
    wanted = {name: stored[name] for name in PATCHED} | patch
    answered = envelope.record(exchange, 200)
    for shown, source in [(answered, exchange), *everywhere(account, stored)]:
        has(shown, wanted, exchange, source)
        has_tags(shown, tag_names(stored), exchange, source)
    after = read_contact(account, bystander["id"])
    has(after, {name: bystander[name] for name in (*UNCHANGING, "updated_at")}, exchange)
    has_tags(after, tag_names(bystander), exchange)
    return answered


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
    precondition(
        changed and tag_names(answered) == folded(body.get("tags", tag_names(stored))), "the patch changes nothing"
    )
    for shown in (answered, read_contact(account, stored["id"])):
        has(shown, {"created_at": stored["created_at"]}, exchange)
        before, after = stored["updated_at"], shown.get("updated_at")
        that(instant(after) > instant(before), f"updated_at after {before}", f"{after}", exchange)
    return answered


@requirement("CONT-12")
@pytest.mark.parametrize("member", ["created_at", "updated_at"])
def test_no_patch_sets_a_time(account: Account, member: str) -> None:
    """The documents name neither among what a PATCH takes: it may be left out of account, or be refused."""
    stored = account.contact(name="Ada")
    exchange = account.api.patch(f"/contacts/{stored['id']}", {"name": "Grace", member: "2020-02-02T02:02:02.020Z"})
    shown = read_contact(account, stored["id"])
    has(shown, {"created_at": stored["created_at"]}, exchange)
    before, after = stored["updated_at"], shown.get("updated_at")
    that(instant(after) >= instant(before), f"updated_at not before {before}", f"{after}", exchange)


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
        has(needed(exchange, 200), {"created_at": stored["created_at"]}, exchange)
    else:
        met(account, capabilities, event, stored["phone"])
    read = account.api.get(f"/contacts/{stored['id']}")
    has(needed(read, 200), {"created_at": stored["created_at"]}, read)
