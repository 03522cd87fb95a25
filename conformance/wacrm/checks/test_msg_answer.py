"""MSG-01: the answer to a text send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.wacrm.expectations import envelope
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row


pytestmark = pytest.mark.usefixtures("sends")


@requirement("MSG-01")
@pytest.mark.parametrize(
    "members", [{}, {"type": "text"}, {"type": "text", "name": "Ada"}], ids=["bare", "type", "name"]
)
def test_a_text_send_answers_with_the_documented_fields_and_metas_id(account: Account, members: Row) -> None:
    number = account.numbers.fresh()
    exchange = account.api.post("/messages", {"to": number, "text": account.marker(), **members})
    envelope.record(exchange, 201)
    problems = OPENAPI.validate("sendMessage", 201, exchange.json())
    expect.that(not problems, "the documented fields", "; ".join(problems), exchange)
    issued = [entry["wamid"] for entry in account.mock_meta.accepted(to=digits(number))]
    expect.equal(
        [exchange.json()["data"]["whatsapp_message_id"]],
        issued,
        "whatsapp_message_id, compared with the wamids at Meta,",
        exchange,
    )


@requirement("MSG-01")
def test_the_answers_ids_lead_to_contact_conversation_and_message(account: Account) -> None:
    number = account.numbers.fresh()
    exchange = account.api.post("/messages", {"to": number, "text": account.marker()})
    answer = envelope.record(exchange, 201)
    contact = account.api.get(f"/contacts/{answer.get('contact_id')}")
    expect.equal(
        digits(envelope.record(contact, 200).get("phone")),
        digits(number),
        "the phone of the contact with contact_id",
        exchange,
        contact,
    )
    conversation = account.api.get(f"/conversations/{answer.get('conversation_id')}")
    expect.equal(
        envelope.record(conversation, 200).get("contact_id"),
        answer["contact_id"],
        "the conversation's contact",
        exchange,
        conversation,
    )
    rows = account.api.get(f"/conversations/{answer['conversation_id']}/messages")
    pairs = [(row.get("id"), row.get("whatsapp_message_id")) for row in envelope.rows(rows)]
    wanted = [(answer.get("message_id"), answer.get("whatsapp_message_id"))]
    expect.same_members(pairs, wanted, "(id, wamid) in the new conversation", exchange, rows)
