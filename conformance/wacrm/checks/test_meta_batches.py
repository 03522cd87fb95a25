"""META: messages that come again, and webhooks that hold many (04, 05)."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from conformance.meta.webhook_payloads import change, contact_item, entry, of_messages, payload, text_item
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.wacrm.steps.inbox import acknowledged, heard, heard_all, stored_once, texts, worked_off
from conformance.wacrm.steps.statuses import DELIVERED, FAILED, READ, SENT, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("hears")

# -- META-04 ------------------------------------------------------------------------------------------------------------


def unread(account: Account, sender: str) -> int:
    contact = account.contact_by_phone(sender)
    expect.precondition(contact, "the customer's contact is gone")
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
def test_a_message_that_comes_again_is_stored_once(account: Account, meta_side: MetaSide, kind: str) -> None:
    """At once after the first time, and after another message; neither is it counted as unread again."""
    sender = account.numbers.fresh()
    first = {**text_item(sender, ""), "type": kind, **CONTENTS[kind]}
    if kind != "text":
        del first["text"]
    second = text_item(sender, account.word())
    for item in (first, first, second):
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    heard_all(account, sender, [first["id"], second["id"]])
    before = unread(account, sender)
    for item in (first, second, first):
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    worked_off(account)
    found = Counter(row["whatsapp_message_id"] for row in heard(account, sender))
    expect.equal(found, Counter([first["id"], second["id"]]), "how often each message is stored")
    expect.equal(unread(account, sender), before, "unread_count after messages that are known")


@requirement("META-04")
def test_the_very_bytes_once_more_change_nothing(account: Account) -> None:
    sender = account.numbers.fresh()
    body = {"phone_number_id": account.phone_number_id,
            "messages": [{"from": sender.lstrip("+"), "type": "text", "text": {"body": account.word()}}]}  # fmt: skip
    delivery = account.mock_meta.request("POST", "/inbound", body)
    account.mock_meta.acknowledged(delivery["deliveries"])
    heard_all(account, sender, delivery["wamids"])
    for _ in range(3):
        account.mock_meta.acknowledged([account.mock_meta.replay(delivery["deliveries"][0]["id"])])
    worked_off(account)
    expect.equal(len(heard(account, sender)), 1, "how often the message is stored")


@requirement("META-04")
def test_a_message_that_comes_again_at_the_same_moment_is_stored_once(account: Account, meta_side: MetaSide) -> None:
    """The first delivery of a customer's first message is the one with the most to create."""
    sender, (first, second) = account.numbers.fresh(), texts(account, account.numbers.fresh(), 2)
    for item in ({**first, "from": sender.lstrip("+")}, {**second, "from": sender.lstrip("+")}):
        body = payload(entry(account.waba_id, of_messages(account.phone_number_id, [item])))
        for exchange in at_once([partial(meta_side.signed, body)] * 6):
            expect.status(exchange, 200)
    heard_all(account, sender, [first["id"], second["id"]])
    worked_off(account)
    found = Counter(row["whatsapp_message_id"] for row in heard(account, sender))
    expect.equal(found, Counter([first["id"], second["id"]]), "how often each message is stored")


@requirement("META-04")
def test_a_message_twice_in_one_webhook_is_stored_once(account: Account, meta_side: MetaSide) -> None:
    sender = account.numbers.fresh()
    one, two, three = texts(account, sender, 3)
    account_change = of_messages(account.phone_number_id, [one, two, one])
    acknowledged(meta_side, entry(account.waba_id, account_change, of_messages(account.phone_number_id, [two, three])))
    heard_all(account, sender, [one["id"], two["id"], three["id"]])
    worked_off(account)
    stored_once(account, sender, [one, two, three])


@requirement("META-04")
def test_a_message_that_comes_again_after_a_hundred_others_is_stored_once(
    account: Account, meta_side: MetaSide
) -> None:
    """Meta repeats what was not acknowledged for days."""
    sender, crowd = account.numbers.fresh(), account.numbers.fresh()
    first, second = texts(account, sender, 2)
    for items in ([first], texts(account, crowd, 100), [second], [first]):
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items)))
    worked_off(account)
    stored_once(account, sender, [first, second])


@requirement("META-04")
def test_equal_words_are_different_messages(account: Account, meta_side: MetaSide) -> None:
    """Only the id says that a message is the same: neither its text nor its second does."""
    sender, word, now = account.numbers.fresh(), account.word(), str(int(time.time()))
    items = [{**text_item(sender, word), "timestamp": now} for _ in range(4)]
    acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items[:2])))
    for item in items[2:]:
        acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    stored_once(account, sender, items)


# -- META-05 ------------------------------------------------------------------------------------------------------------


@requirement("META-05")
@pytest.mark.usefixtures("sends")
def test_a_hundred_statuses_in_one_webhook_are_all_applied(account: Account) -> None:
    """50 messages: whichever part of the list is lost, its first or last item too, some message shows it."""
    thread = Thread(account, 50)
    ends = [(DELIVERED, READ, FAILED)[i % 3] for i in range(50)]
    decisive = [thread.item(wamid, end) for wamid, end in zip(thread.wamids, ends, strict=True)]
    before = [thread.item(wamid, SENT) for wamid in thread.wamids[25:]]
    items = [item for pair in zip(decisive[:25], before, strict=True) for item in pair]
    items += [item for pair in zip(before, decisive[25:], strict=True) for item in pair]
    thread.report(*items)
    thread.become({wamid: (end,) for wamid, end in zip(thread.wamids, ends, strict=True)})


@requirement("META-05")
def test_several_messages_of_several_customers_are_all_stored(account: Account, meta_side: MetaSide) -> None:
    """The contacts stand in another order than the messages, once each; nobody gets another's name."""
    senders = [account.numbers.fresh() for _ in range(5)]
    names = {sender: f"Customer {account.word()}" for sender in senders}
    items = [text_item(senders[i % 5], account.word()) for i in range(20)]
    contacts = [contact_item(sender, names[sender]) for sender in reversed(senders)]
    exchange = acknowledged(
        meta_side, entry(account.waba_id, change(account.phone_number_id, contacts=contacts, messages=items))
    )
    for i, sender in enumerate(senders):
        stored_once(account, sender, items[i::5], exchange)
        name = (account.contact_by_phone(sender) or {}).get("name")
        expect.that(name in {None, names[sender]}, f"the name of {sender} to be its own or none", repr(name), exchange)


@requirement("META-05")
def test_a_hundred_messages_in_one_webhook_are_all_stored(account: Account, meta_side: MetaSide) -> None:
    sender = account.numbers.fresh()
    items = texts(account, sender, 100)
    exchange = acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items)))
    stored_once(account, sender, items, exchange)


@requirement("META-05")
def test_several_changes_and_entries_are_all_processed(account: Account, other: Account, meta_side: MetaSide) -> None:
    """Of two accounts, with changes between them that are about something else."""
    sender = account.numbers.fresh()
    mine, theirs = texts(account, sender, 4), texts(account, sender, 2)
    noise = {"value": {"event": "VERIFIED_ACCOUNT", "phone_number": "15550100000"}, "field": "account_update"}
    update = {
        "value": {"event": "APPROVED", "message_template_id": 1, "reason": "NONE"},
        "field": "message_template_status_update",
    }

    def of(one: Account, items: Sequence[Item]) -> Item:
        return of_messages(one.phone_number_id, items)

    exchange = acknowledged(
        meta_side,
        entry(account.waba_id, noise, of(account, mine[:1]), update, of(account, mine[1:2])),
        entry(other.waba_id, of(other, theirs[:1])),
        entry(account.waba_id, of(account, mine[2:3])),
        entry(other.waba_id, of(other, theirs[1:]), noise),
        entry(account.waba_id, of(account, mine[3:])),
    )
    stored_once(account, sender, mine, exchange)
    stored_once(other, sender, theirs, exchange)


@requirement("META-05")
@pytest.mark.usefixtures("sends")
def test_messages_and_statuses_side_by_side_are_both_processed(account: Account, meta_side: MetaSide) -> None:
    thread, sender = Thread(account, 4), account.numbers.fresh()
    reports, items = [thread.item(wamid, READ) for wamid in thread.wamids], texts(account, sender, 2)
    number, contacts = account.phone_number_id, [contact_item(sender, "Ada")]
    exchange = acknowledged(
        meta_side,
        entry(account.waba_id, change(number, statuses=reports[:1], contacts=contacts, messages=items[:1])),
        entry(account.waba_id, change(number, contacts=contacts, messages=items[1:], statuses=reports[1:2])),
        entry(account.waba_id, change(number, statuses=reports[2:3]), change(number, statuses=reports[3:])),
    )
    stored_once(account, sender, items, exchange)
    thread.become(dict.fromkeys(thread.wamids, (READ,)))


@requirement("META-05")
def test_a_webhook_of_many_bytes_is_processed_whole(account: Account, meta_side: MetaSide) -> None:
    """Meta sends up to 3 MB, which is more than some defaults let in."""
    sender = account.numbers.fresh()
    items = [text_item(sender, "x" * 4000 + account.word()) for _ in range(60)]
    exchange = acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items)))
    stored_once(account, sender, items, exchange)
