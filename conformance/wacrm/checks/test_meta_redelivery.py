"""META-04: a redelivered message is stored once."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.meta.webhook_payloads import entry, of_messages, payload, text_item
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.wacrm.expectations.inbound import acknowledged, stored_once
from conformance.wacrm.steps.stored_messages import stored_inbound, text_items, wait_for_stored, wait_until_processed

if TYPE_CHECKING:
    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.wacrm.steps.account import Account


pytestmark = pytest.mark.usefixtures("hears")


def unread(account: Account, sender: str) -> int:
    contact = account.contact_by_phone(sender)
    expect.precondition(contact, "the customer's contact is not found")
    assert contact is not None
    return int(account.conversation_of(contact["id"]).get("unread_count") or 0)


CONTENTS: dict[str, Item] = {
    "text": {"text": {"body": "again"}},
    "image": {"image": {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "eA==", "caption": "again"}},
    "audio": {
        "audio": {"id": "1003383421387257", "mime_type": "audio/ogg; codecs=opus", "sha256": "eA==", "voice": True}
    },
    "location": {"location": {"latitude": 45.46, "longitude": 9.19, "name": "Duomo"}},
    "button": {"button": {"payload": "Ok", "text": "Ok"}},
    "interactive": {"interactive": {"type": "list_reply", "list_reply": {"id": "r1", "title": "Uno"}}},
    "unsupported": {"errors": [{"code": 131051, "title": "Message type unknown"}]},
}


@requirement("META-04")
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_redelivered_message_is_stored_once(account: Account, meta_side: MetaSide, kind: str) -> None:
    """Redelivered at once and after another message; it is not counted as unread again."""
    sender = account.numbers.fresh()
    first = {**text_item(sender, ""), "type": kind, **CONTENTS[kind]}
    if kind != "text":
        del first["text"]
    second = text_item(sender, account.marker())
    for item in (first, first, second):
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    wait_for_stored(account, sender, [first["id"], second["id"]])
    before = unread(account, sender)
    for item in (first, second, first):
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    wait_until_processed(account)
    found = Counter(row["whatsapp_message_id"] for row in stored_inbound(account, sender))
    expect.equal(found, Counter([first["id"], second["id"]]), "how often each message is stored")
    expect.equal(unread(account, sender), before, "unread_count after the redelivery")


@requirement("META-04")
def test_the_same_webhook_again_changes_nothing(account: Account) -> None:
    sender = account.numbers.fresh()
    body = {"phone_number_id": account.phone_number_id,
            "messages": [{"from": sender.lstrip("+"), "type": "text", "text": {"body": account.marker()}}]}  # fmt: skip
    delivery = account.mock_meta.request("POST", "/inbound", body)
    account.mock_meta.acknowledged(delivery["deliveries"])
    wait_for_stored(account, sender, delivery["wamids"])
    for _ in range(3):
        account.mock_meta.acknowledged([account.mock_meta.replay(delivery["deliveries"][0]["id"])])
    wait_until_processed(account)
    expect.equal(len(stored_inbound(account, sender)), 1, "how often the message is stored")


@requirement("META-04")
def test_a_message_delivered_concurrently_is_stored_once(account: Account, meta_side: MetaSide) -> None:
    """A customer's first message creates contact, conversation and message at once."""
    sender, (first, second) = account.numbers.fresh(), text_items(account, account.numbers.fresh(), 2)
    for item in ({**first, "from": sender.lstrip("+")}, {**second, "from": sender.lstrip("+")}):
        body = payload(entry(account.waba_id, of_messages(account.phone_number_id, [item])))
        for exchange in at_once([partial(meta_side.signed, body)] * 6):
            expect.status(exchange, 200)
    wait_for_stored(account, sender, [first["id"], second["id"]])
    wait_until_processed(account)
    found = Counter(row["whatsapp_message_id"] for row in stored_inbound(account, sender))
    expect.equal(found, Counter([first["id"], second["id"]]), "how often each message is stored")


@requirement("META-04")
def test_a_message_twice_in_one_webhook_is_stored_once(account: Account, meta_side: MetaSide) -> None:
    sender = account.numbers.fresh()
    one, two, three = text_items(account, sender, 3)
    account_change = of_messages(account.phone_number_id, [one, two, one])
    acknowledged(meta_side, entry(account.waba_id, account_change, of_messages(account.phone_number_id, [two, three])))
    wait_for_stored(account, sender, [one["id"], two["id"], three["id"]])
    wait_until_processed(account)
    stored_once(account, sender, [one, two, three])


@requirement("META-04")
def test_a_message_redelivered_after_a_hundred_others_is_stored_once(account: Account, meta_side: MetaSide) -> None:
    """Meta redelivers for days what was not acknowledged."""
    sender, other_sender = account.numbers.fresh(), account.numbers.fresh()
    first, second = text_items(account, sender, 2)
    for items in ([first], text_items(account, other_sender, 100), [second], [first]):
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items)))
    wait_until_processed(account)
    stored_once(account, sender, [first, second])


@requirement("META-04")
def test_messages_with_equal_texts_are_all_stored(account: Account, meta_side: MetaSide) -> None:
    """Only the id identifies a message, not its text or timestamp."""
    sender, marker, now = account.numbers.fresh(), account.marker(), str(int(time.time()))
    items = [{**text_item(sender, marker), "timestamp": now} for _ in range(4)]
    acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items[:2])))
    for item in items[2:]:
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    stored_once(account, sender, items)
