"""META-07: webhooks about unknown messages and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.meta.webhook_payloads import change, entry, new_wamid, of_messages, status_item, text_item
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations.contacts import no_contact_of
from conformance.wacrm.expectations.inbound import acknowledged, stored_once
from conformance.wacrm.expectations.statuses import reach
from conformance.wacrm.steps.statuses import DELIVERED, FAILED, READ, SENT, OutboundConversation
from conformance.wacrm.steps.stored_messages import text_items, wait_for_stored, wait_until_processed

if TYPE_CHECKING:
    from conformance.meta.webhook_payloads import MetaSide
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("hears")


@requirement("META-07")
@pytest.mark.parametrize("status", [SENT, DELIVERED, READ, FAILED, "played"])
def test_statuses_of_unknown_messages_are_acknowledged(account: Account, meta_side: MetaSide, status: str) -> None:
    number = account.numbers.fresh()
    items = [status_item(f"wamid.{account.marker()}", status, number), status_item("gBGG", status, number)]
    acknowledged(meta_side, entry(account.waba_id, change(account.phone_number_id, statuses=items)))
    wait_until_processed(account)
    no_contact_of(account, number)


@requirement("META-07")
@pytest.mark.usefixtures("sends")
def test_statuses_of_unknown_messages_do_not_change_known_ones(account: Account, meta_side: MetaSide) -> None:
    conversation = OutboundConversation(account, 3)
    known = conversation.wamids
    near = [
        known[0][:-1],
        f"{known[0]}x",
        known[0].swapcase(),
        known[0].removeprefix("wamid."),
        "%",
        "wamid.%",
        "_" * len(known[0]),
    ]
    items = [conversation.item(wamid, READ) for wamid in near] + [conversation.item(known[1], DELIVERED)]
    acknowledged(meta_side, entry(account.waba_id, change(account.phone_number_id, statuses=items)))
    reach(conversation, {known[1]: (DELIVERED,)})
    conversation.wait_until_processed()
    untouched = {wamid: conversation.statuses()[wamid] for wamid in (known[0], known[2])}
    moved = {wamid: status for wamid, status in untouched.items() if status in {DELIVERED, READ, FAILED}}
    expect.equal(moved, {}, "messages whose status was changed by statuses of unknown messages")


UNKNOWN_NUMBERS = ("106549999999999", "0", "", "%", "106540352242922' OR '1'='1")


@requirement("META-07")
def test_messages_to_unknown_numbers_are_acknowledged_and_ignored(
    account: Account, other: Account, meta_side: MetaSide
) -> None:
    sender = account.numbers.fresh()
    for number in (*UNKNOWN_NUMBERS, account.phone_number_id[:-1], f"{account.phone_number_id}0", account.waba_id):
        acknowledged(meta_side, entry(account.waba_id, of_messages(number, text_items(account, sender, 1))))
    wait_until_processed(account)
    for one in (account, other):
        no_contact_of(one, sender)


@requirement("META-07")
def test_messages_to_unknown_numbers_do_not_lose_the_others(account: Account, meta_side: MetaSide) -> None:
    sender, other_sender = account.numbers.fresh(), account.numbers.fresh()
    good, lost = text_items(account, sender, 2), text_items(account, other_sender, 2)
    exchange = acknowledged(
        meta_side,
        entry("102290999999999", of_messages("106549999999999", lost[:1])),
        entry(
            account.waba_id, of_messages("106549999999999", lost[1:]), of_messages(account.phone_number_id, good[:1])
        ),
        entry(account.waba_id, of_messages(account.phone_number_id, good[1:])),
    )
    stored_once(account, sender, good, exchange)
    no_contact_of(account, other_sender, exchange)


@requirement("META-07")
def test_webhooks_without_relevant_content_are_acknowledged(account: Account, meta_side: MetaSide) -> None:
    """Other fields, unknown templates, empty lists: Meta would redeliver them for a week."""
    fields = (
        "account_update",
        "phone_number_quality_update",
        "security",
        "flows",
        "template_category_update",
        "history",
        "never_seen",
    )
    number = account.phone_number_id
    for field in fields:
        acknowledged(
            meta_side, entry(account.waba_id, {"value": {"event": "X", "display_phone_number": "1"}, "field": field})
        )
    for field in (
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
    ):
        value = {"event": "APPROVED", "message_template_id": 1689556908129832, "message_template_name": account.marker(),
                 "message_template_language": "en-US", "reason": "NONE", "new_quality_score": "GREEN"}  # fmt: skip
        acknowledged(meta_side, entry(account.waba_id, {"value": value, "field": field}))
    for nothing in (
        change(number),
        change(number, messages=[]),
        change(number, statuses=[]),
        change(number, contacts=[]),
    ):
        acknowledged(meta_side, entry(account.waba_id, nothing))


@requirement("META-07")
def test_reactions_and_replies_to_unknown_messages_are_acknowledged(account: Account, meta_side: MetaSide) -> None:
    sender, unknown = account.numbers.fresh(), new_wamid(account.numbers.fresh())
    item = {**text_item(sender, ""), "type": "reaction", "reaction": {"message_id": unknown, "emoji": "+"}}
    del item["text"]
    acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [item])))
    quote = {**text_item(sender, account.marker()), "context": {"from": "15550100000", "id": unknown}}
    acknowledged(meta_side, entry(account.waba_id, of_messages(account.phone_number_id, [quote])))
    rows = wait_for_stored(account, sender, [quote["id"]])
    stored = [row.get("reply_to_message_id") for row in rows if row.get("whatsapp_message_id") == quote["id"]]
    expect.equal(stored, [None], "reply_to_message_id of a reply to an unknown message")
