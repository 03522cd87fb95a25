"""CONT-13: phones with anything after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.numbers import digits
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.broadcasts import greeting_values, submit

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account, Row

FORMS = (
    "{}x4", "{} x4", "{} ext 4", "{} ext. 12", "{};ext=4", "{}#4", "{} # 12", "{},4", "{};4", "{}p4", "{}w4", "{}*4", "{}/4",
    "{} (home)", "{} home", "{}a", "{}\nx4", "{} or 5",
)  # fmt: skip
"""What people, address books and RFC 3966 put behind a number; digits that fit into 15 together with the number's."""


@requirement("CONT-13")
@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_a_contact_is_not_created_for_a_phone_with_something_after_it(account: Account, form: str) -> None:
    phone = account.numbers.fresh()
    exchange = account.api.post("/contacts", {"phone": form.format(phone), "name": account.marker()})
    expect.status(exchange, 400)
    found = _beginning_with(account, phone)
    that(not found, f"no contact whose number begins with {phone}", f"{found}", exchange)
    account.contact(phone=phone)
    expect.precondition(_beginning_with(account, phone), "an existing contact cannot be found by its phone")


def _beginning_with(account: Account, phone: str) -> list[Row]:
    found = account.pages("/contacts", search=digits(phone))
    return [row for row in found if digits(row.get("phone")).startswith(digits(phone))]


@requirement("CONT-13")
@pytest.mark.usefixtures("sends")
@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_nothing_is_sent_to_a_phone_with_something_after_it(account: Account, form: str) -> None:
    phone, marker = account.numbers.fresh(), account.marker()
    exchange = account.api.post("/messages", {"to": form.format(phone), "text": marker})
    sent = [entry["to"] for entry in account.mock_meta.accepted(contains=marker)]
    that(not sent, "no message at Meta", f"a message to {', '.join(map(str, sent))}", exchange)
    that(exchange.status != 201, "a refusal", exchange.summary, exchange)
    that(
        not _beginning_with(account, phone), f"no contact whose number begins with {phone}", exchange.summary, exchange
    )
    required(account.api.post("/messages", {"to": phone, "text": marker}), 201)
    expect.precondition(
        account.mock_meta.accepted(contains=marker), "a message to the phone itself does not reach Meta"
    )


@requirement("CONT-13")
@pytest.mark.usefixtures("sends")
def test_a_broadcast_rejects_phones_with_something_after_them(account: Account) -> None:
    valid, marker = account.numbers.fresh(), account.marker()
    to = [valid, *(form.format(account.numbers.fresh()) for form in FORMS)]
    recipients = [{"to": number, "params": greeting_values(marker, index)} for index, number in enumerate(to)]
    broadcast = submit(account, marker, recipients)
    counted = {name: broadcast.accepted_record.get(name) for name in ("accepted", "rejected")}
    expect.equal(counted, {"accepted": 1, "rejected": len(FORMS)}, "accepted and rejected", broadcast.answer)
    broadcast.require_finished()
    others = set(broadcast.wamids()) - {digits(valid)}
    that(not others, "a message to the valid number only", f"also to {sorted(others)}", broadcast.answer)
