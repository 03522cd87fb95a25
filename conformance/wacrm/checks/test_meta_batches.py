"""META-05: webhooks with many statuses or messages are processed whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.meta.webhook_payloads import change, contact_item, entry, of_messages, text_item
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations.inbound import acknowledged, stored_once
from conformance.wacrm.expectations.statuses import reach
from conformance.wacrm.steps.statuses import DELIVERED, FAILED, READ, SENT, OutboundConversation
from conformance.wacrm.steps.stored_messages import text_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.meta.webhook_payloads import Item, MetaSide
    from conformance.wacrm.steps.account import Account


pytestmark = pytest.mark.usefixtures("hears")


@requirement("META-05")
@pytest.mark.usefixtures("sends")
def test_a_hundred_statuses_in_one_webhook_are_all_applied(account: Account) -> None:
    """50 messages, so that any lost part of the list shows, even its first or last item."""
    conversation = OutboundConversation(account, 50)
    ends = [(DELIVERED, READ, FAILED)[i % 3] for i in range(50)]
    decisive = [conversation.item(wamid, end) for wamid, end in zip(conversation.wamids, ends, strict=True)]
    before = [conversation.item(wamid, SENT) for wamid in conversation.wamids[25:]]
    items = [item for pair in zip(decisive[:25], before, strict=True) for item in pair]
    items += [item for pair in zip(before, decisive[25:], strict=True) for item in pair]
    conversation.report(*items)
    reach(conversation, {wamid: (end,) for wamid, end in zip(conversation.wamids, ends, strict=True)})


@requirement("META-05")
def test_several_messages_of_several_customers_are_all_stored(account: Account, meta_side: MetaSide) -> None:
    """The contacts are in another order than the messages; no customer gets another's name."""
    senders = [account.numbers.fresh() for _ in range(5)]
    names = {sender: f"Customer {account.marker()}" for sender in senders}
    items = [text_item(senders[i % 5], account.marker()) for i in range(20)]
    contacts = [contact_item(sender, names[sender]) for sender in reversed(senders)]
    exchange = acknowledged(
        meta_side, entry(account.waba_id, change(account.phone_number_id, contacts=contacts, messages=items))
    )
    for i, sender in enumerate(senders):
        stored_once(account, sender, items[i::5], exchange)
        name = (account.contact_by_phone(sender) or {}).get("name")
        expect.that(name in {None, names[sender]}, f"the name of {sender} to be its own or empty", repr(name), exchange)


@requirement("META-05")
def test_a_hundred_messages_in_one_webhook_are_all_stored(account: Account, meta_side: MetaSide) -> None:
    sender = account.numbers.fresh()
    items = text_items(account, sender, 100)
    exchange = acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items)))
    stored_once(account, sender, items, exchange)


@requirement("META-05")
def test_several_changes_and_entries_are_all_processed(account: Account, other: Account, meta_side: MetaSide) -> None:
    """Entries of two accounts, with unrelated changes between them."""
    sender = account.numbers.fresh()
    mine, theirs = text_items(account, sender, 4), text_items(account, sender, 2)
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
def test_messages_and_statuses_in_one_webhook_are_both_processed(account: Account, meta_side: MetaSide) -> None:
    conversation, sender = OutboundConversation(account, 4), account.numbers.fresh()
    reports, items = [conversation.item(wamid, READ) for wamid in conversation.wamids], text_items(account, sender, 2)
    number, contacts = account.phone_number_id, [contact_item(sender, "Ada")]
    exchange = acknowledged(
        meta_side,
        entry(account.waba_id, change(number, statuses=reports[:1], contacts=contacts, messages=items[:1])),
        entry(account.waba_id, change(number, contacts=contacts, messages=items[1:], statuses=reports[1:2])),
        entry(account.waba_id, change(number, statuses=reports[2:3]), change(number, statuses=reports[3:])),
    )
    stored_once(account, sender, items, exchange)
    reach(conversation, dict.fromkeys(conversation.wamids, (READ,)))


@requirement("META-05")
def test_a_large_webhook_is_processed_whole(account: Account, meta_side: MetaSide) -> None:
    """Meta sends up to 3 MB, more than some default limits."""
    sender = account.numbers.fresh()
    items = [text_item(sender, "x" * 4000 + account.marker()) for _ in range(60)]
    exchange = acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, items)))
    stored_once(account, sender, items, exchange)
