"""MSG-06: `reply_to_message_id`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import accepted_record, message_at_meta
from conformance.wacrm.steps.outbound_messages import TYPES, sample, text

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account


pytestmark = pytest.mark.usefixtures("sends")


def quoted_wamid(account: Account, exchange: Exchange) -> object:
    """The wamid that the request to Meta quotes."""
    accepted_record(account, exchange)
    context = message_at_meta(account, exchange)["body"].get("context")
    return context.get("message_id") if isinstance(context, dict) else context


@requirement("MSG-06")
@pytest.mark.parametrize("kind", TYPES)
def test_only_replies_reach_meta_with_a_quoted_message(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    first = account.send(number)
    body = sample(kind, account.marker()).to(number, reply_to_message_id=first["message_id"])
    exchange = account.api.post("/messages", body)
    expect.equal(quoted_wamid(account, exchange), first["whatsapp_message_id"], "the quoted message at Meta", exchange)
    plain = account.api.post("/messages", sample(kind, account.marker()).to(number))
    expect.equal(quoted_wamid(account, plain), None, "the quoted message of a message that is no reply", plain)


@requirement("MSG-06")
def test_the_named_message_is_quoted_not_the_newest(account: Account) -> None:
    number = account.numbers.fresh()
    sent = [account.send(number) for _ in range(4)]
    replies = [account.send(number, text=account.marker(), reply_to_message_id=one["message_id"]) for one in sent[:2]]
    for one in (sent[2], replies[0], sent[0], replies[1]):
        exchange = account.api.post("/messages", text("re").to(number, reply_to_message_id=one["message_id"]))
        expect.equal(
            quoted_wamid(account, exchange), one["whatsapp_message_id"], "the quoted message at Meta", exchange
        )


@requirement("MSG-06")
@pytest.mark.usefixtures("hears")
def test_a_customers_message_can_be_replied_to(account: Account) -> None:
    number = account.numbers.fresh()
    conversation = account.send(number)["conversation_id"]
    wamid = account.receive(number)
    row = account.message(conversation, wamid, account.mock_meta.patience)
    expect.precondition(row, "the customer's message is not stored")
    assert row is not None
    exchange = account.api.post("/messages", text("re").to(number, reply_to_message_id=row["id"]))
    expect.equal(quoted_wamid(account, exchange), wamid, "the quoted message at Meta", exchange)


def is_refused_as_quote(account: Account, number: str, quote: object, kind: str = "text") -> None:
    """A message that quotes this id is refused, and Meta gets no request."""
    marker = account.marker()
    exchange = account.api.post("/messages", sample(kind, marker).to(number, reply_to_message_id=quote))
    envelope.error(exchange, (400, "bad_request"), (404, "not_found"))
    expect.equal(len(account.mock_meta.sends(contains=marker)), 0, "the number of requests to Meta", exchange)


@requirement("MSG-06")
@pytest.mark.parametrize("kind", TYPES)
def test_quoting_a_message_of_another_conversation_is_refused(account: Account, kind: str) -> None:
    """Neither in an existing conversation nor in a new one."""
    foreign, number = account.send()["message_id"], account.numbers.fresh()
    is_refused_as_quote(account, number, foreign, kind)
    account.send(number)
    is_refused_as_quote(account, number, foreign, kind)


@requirement("MSG-06")
def test_quoting_a_message_of_another_account_is_refused(account: Account, other: Account) -> None:
    """Even if it was sent to the same number."""
    number = account.numbers.fresh()
    foreign = other.send(number)["message_id"]
    is_refused_as_quote(account, number, foreign)
    account.send(number)
    is_refused_as_quote(account, number, foreign)


@requirement("MSG-06")
def test_quoting_an_id_of_no_message_is_refused(account: Account) -> None:
    number = account.numbers.fresh()
    sent = account.send(number)
    unknown_ids = (str(uuid.uuid4()), "00000000-0000-0000-0000-000000000000", "nope", f"{sent['message_id']}0")
    for quote in (*unknown_ids, sent["conversation_id"], sent["contact_id"]):
        is_refused_as_quote(account, number, quote)
