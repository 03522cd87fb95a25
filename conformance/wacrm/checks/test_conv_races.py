"""CONV-13: new customers who send several messages at once."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.meta.webhook_payloads import new_wamid
from conformance.target.concurrency import at_once
from conformance.target.expect import precondition, requirement, that
from conformance.target.numbers import digits
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.raw_webhooks import deliver, said, text_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row

pytestmark = pytest.mark.usefixtures("hears")

STRANGERS, EACH = 4, 3


@requirement("CONV-13")
@pytest.mark.parametrize("kind", ["text", "image", "document", "location"])
def test_strangers_who_send_three_messages_at_once_have_one_conversation_each(account: Account, kind: str) -> None:
    phones = [account.numbers.fresh() for _ in range(STRANGERS)]
    wamids = {phone: [new_wamid(phone) for _ in range(EACH)] for phone in phones}
    at_once([_receipt(account, phone, kind, wamid) for phone in phones for wamid in wamids[phone]])
    for phone in phones:
        _one_conversation(account, phone, wamids[phone])


@requirement("CONV-13")
def test_strangers_in_one_webhook_have_one_conversation_each(account: Account) -> None:
    phones = [account.numbers.fresh() for _ in range(STRANGERS)]
    items = [text_message(phone, account.marker()) for _ in range(EACH) for phone in phones]
    deliver(account, *(said(account, item) for item in items))
    for phone in phones:
        _one_conversation(account, phone, [item["id"] for item in items if item["from"] == digits(phone)])


@requirement("CONV-13")
@pytest.mark.usefixtures("sends")
def test_a_stranger_who_writes_while_being_written_to_has_one_conversation(account: Account) -> None:
    phones = [account.numbers.fresh() for _ in range(STRANGERS)]
    wamids = {phone: [new_wamid(phone) for _ in range(EACH - 1)] for phone in phones}
    answers: dict[str, str] = {}

    def send(phone: str) -> None:
        body = {"to": phone, "text": account.marker()}
        answers[phone] = str(required(account.api.post("/messages", body), 201)["whatsapp_message_id"])

    inbound = [_receipt(account, phone, "text", wamid) for phone in phones for wamid in wamids[phone]]
    sends: list[Callable[[], None]] = [partial(send, phone) for phone in phones]
    at_once([*inbound, *sends])
    for phone in phones:
        _one_conversation(account, phone, [*wamids[phone], answers[phone]])


def _receipt(account: Account, phone: str, kind: str, wamid: str) -> Callable[[], None]:
    """A webhook of its own for one message."""
    item: Row = {"from": digits(phone), "type": kind, "id": wamid}
    if kind == "text":
        item["text"] = {"body": account.marker()}

    def receive() -> None:
        account.mock_meta.inbound(account.phone_number_id, item)

    return receive


def _one_conversation(account: Account, phone: str, wamids: list[str]) -> None:
    """One contact with this number, with one conversation, in which each of the messages is once."""
    eventually(lambda: set(wamids) <= set(_stored(account, phone)), account.mock_meta.patience)
    stored = _stored(account, phone)
    precondition(stored, f"none of the messages of {phone} is stored")
    contacts = _contacts(account, phone)
    that(len(contacts) == 1, f"one contact with the phone {phone}", f"{len(contacts)}: {contacts}")
    conversations = list(account.pages("/conversations", contact_id=contacts[0]["id"]))
    that(len(conversations) == 1, f"one conversation with {phone}", f"{len(conversations)}: {conversations}")
    missing = [wamid for wamid in wamids if wamid not in stored]
    that(not missing, f"all {len(wamids)} messages of {phone} in the conversation", f"{len(missing)} missing")
    repeated = [wamid for wamid in wamids if stored[wamid] > 1]
    that(not repeated, f"each message of {phone} once", f"{len(repeated)} repeated")


def _contacts(account: Account, phone: str) -> list[Row]:
    found = account.pages("/contacts", search=digits(phone))
    return [row for row in found if digits(row.get("phone")) == digits(phone)]


def _stored(account: Account, phone: str) -> Counter[str]:
    """How often each wamid is stored, over all contacts and conversations with this number."""
    return Counter(
        str(row.get("whatsapp_message_id"))
        for contact in _contacts(account, phone)
        for conversation in account.pages("/conversations", contact_id=contact["id"])
        for row in account.messages(conversation["id"])
    )
