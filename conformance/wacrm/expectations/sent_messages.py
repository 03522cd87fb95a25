"""What a 201 to `POST /messages` stands for: one message that Meta accepted (MSG, META-08)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.numbers import digits
from conformance.wacrm.expectations import envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.meta.mock_client import Entry
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row

SENT_STATUSES = frozenset({"sent", "delivered", "read"})


def message_at_meta(account: Account, exchange: Exchange) -> Entry:
    """The message at Meta that a 201 stands for: the one of its wamid, else the number's newest (MSG-01 checks wamids)."""
    wamid = envelope.record(exchange, 201).get("whatsapp_message_id")
    found = account.mock_meta.accepted(wamid=wamid) if isinstance(wamid, str) and wamid else []
    newest = found or account.mock_meta.accepted(to=digits(json.loads(exchange.body)["to"]))[-1:]
    expect.that(newest, "a message that Meta accepted", "none to this number in its ledger", exchange)
    return newest[0]


def accepted_record(account: Account, exchange: Exchange) -> Row:
    """The record of a send that must be a 201.

    No verdict where the target refuses such a message to a new number and without a quote too: MSG-01 or MSG-03 reports
    that for the type.
    """
    if exchange.status != 201:
        body = {name: value for name, value in json.loads(exchange.body).items() if name != "reply_to_message_id"}
        alone = account.api.post("/messages", {**body, "to": account.numbers.fresh()})
        expect.precondition(alone.status == 201, f"such a message is refused to a new number too: {alone.summary}")
    return envelope.record(exchange, 201)


def none_claims_sent(account: Account, number: str, exchange: Exchange, *, but: Sequence[str] = ()) -> None:
    """No outbound message to the number has a status that means sent, except those with the given wamids."""
    contact = account.contact_by_phone(number)
    conversations = [] if contact is None else account.pages("/conversations", contact_id=contact["id"])
    rows = [row for conversation in conversations for row in account.messages(conversation["id"])]
    outbound = [row for row in rows if row.get("direction") != "inbound"]
    wrong = [r for r in outbound if r.get("status") in SENT_STATUSES and r.get("whatsapp_message_id") not in but]
    expect.equal(wrong, [], "the messages with a status of sent, delivered or read", exchange)
