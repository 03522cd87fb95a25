"""CONT-10: sends to numbers that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import accepted_record

if TYPE_CHECKING:
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("sends")


@requirement("CONT-10")
def test_contact_created_is_true_for_a_number_similar_to_a_known_one(account: Account) -> None:
    for pair in (account.numbers.sharing_tail(), account.numbers.differing_in_country()):
        account.send(pair[0])
        exchange = account.api.post("/messages", {"to": pair[1], "text": account.marker()})
        created = accepted_record(account, exchange).get("contact_created")
        expect.that(created is True, "contact_created to be true", repr(created), exchange)


@requirement("CONT-10")
def test_similar_numbers_have_their_own_conversations(account: Account) -> None:
    for pair in (account.numbers.sharing_tail(), account.numbers.differing_in_country()):
        first = account.send(pair[0])
        exchange = account.api.post("/messages", {"to": pair[1], "text": account.marker()})
        answer = accepted_record(account, exchange)
        for what in ("contact_id", "conversation_id"):
            expect.that(
                answer.get(what) != first[what], f"another {what} for {pair[1]}", f"that of {pair[0]}", exchange
            )


@requirement("CONT-10")
def test_quoting_a_message_of_a_similar_number_is_refused(account: Account) -> None:
    first, second = account.numbers.sharing_tail()
    foreign = account.send(first)["message_id"]
    account.send(second)
    body = {"to": second, "text": account.marker(), "reply_to_message_id": foreign}
    envelope.error(account.api.post("/messages", body), (400, "bad_request"), (404, "not_found"))
