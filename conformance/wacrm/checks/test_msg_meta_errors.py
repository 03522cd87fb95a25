"""MSG-08: Meta's rejections become 502 `meta_error`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import GREETING, PLAIN
from conformance.target.expect import requirement
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import none_claims_sent
from conformance.wacrm.steps.meta_errors import (
    REJECTIONS,
    WITHOUT_MESSAGE_ID,
    error,
    raw,
    rejected,
    with_fault,
)
from conformance.wacrm.steps.outbound_messages import TYPES, sample, template, text

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row


pytestmark = pytest.mark.usefixtures("sends")


@requirement("MSG-08")
def test_every_form_of_metas_rejection_is_a_meta_error(account: Account) -> None:
    for number, exchange in with_fault(account, REJECTIONS):
        envelope.error(exchange, (502, "meta_error"))
        none_claims_sent(account, number, exchange)


@requirement("MSG-08")
@pytest.mark.parametrize("shape", [error(131026), error(131000), raw(429)], ids=["4xx", "5xx", "html"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_rejection_does_not_change_earlier_messages(account: Account, kind: str, shape: Row) -> None:
    number = account.numbers.fresh()
    before = account.send(number)["whatsapp_message_id"]
    fault = account.mock_meta.fault(number, times=None, **shape)
    exchange = rejected(account, sample(kind, account.marker()).to(number))
    account.mock_meta.lift(fault)
    envelope.error(exchange, (502, "meta_error"))
    after = account.send(number)["whatsapp_message_id"]
    none_claims_sent(account, number, exchange, but=(before, after))


@requirement("MSG-08")
def test_a_rejected_reply_is_a_meta_error(account: Account) -> None:
    number = account.numbers.fresh()
    first = account.send(number)
    account.mock_meta.fault(number, times=None, **error(131000))
    exchange = rejected(account, text("re").to(number, reply_to_message_id=first["message_id"]))
    envelope.error(exchange, (502, "meta_error"))
    none_claims_sent(account, number, exchange, but=(first["whatsapp_message_id"],))


@requirement("MSG-08")
def test_an_unknown_template_is_a_meta_error(account: Account) -> None:
    for one in (
        template(f"harness_{account.marker()}", "en_US"),
        template(PLAIN, "de_AT"),
        template(GREETING, "en_US", "one"),
    ):
        number = account.numbers.fresh()
        exchange = account.api.post("/messages", one.to(number))
        envelope.error(exchange, (502, "meta_error"), (400, "bad_request"))
        none_claims_sent(account, number, exchange)


@requirement("MSG-08")
def test_an_answer_without_a_message_id_is_an_error(account: Account) -> None:
    for number, exchange in with_fault(account, WITHOUT_MESSAGE_ID):
        envelope.error(exchange, (502, "meta_error"), (500, "internal"))
        none_claims_sent(account, number, exchange)
