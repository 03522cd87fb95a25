"""META-03: webhooks are acknowledged within 5 s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.statuses import DELIVERED, READ, SENT, OutboundConversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.meta.mock_client import Entry
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account


pytestmark = pytest.mark.usefixtures("hears")
Row = dict[str, Any]
Headers = dict[str, str]
MAX_SECONDS = 5.0


def acknowledged_in_time(deliveries: Sequence[Entry], what: str) -> None:
    """The first attempt of each delivery was answered 200 within 5 s."""
    for delivery in deliveries:
        expect.precondition(delivery["attempts"], "mock Meta did not deliver its webhook")
        first = delivery["attempts"][0]
        ended = f"{first['status'] or first['error']} after {first['duration']:.1f} s"
        good = first["status"] == 200 and first["duration"] <= MAX_SECONDS
        expect.that(good, f"200 within {MAX_SECONDS:.0f} s for {what}", ended)


def inbound(account: Account, *messages: Row, batch: bool = False) -> list[Entry]:
    body = {"phone_number_id": account.phone_number_id, "messages": list(messages), "batch": batch, "wait": True}
    deliveries: list[Entry] = account.mock_meta.request("POST", "/inbound", body)["deliveries"]
    return deliveries


@requirement("META-03")
@pytest.mark.usefixtures("sends")
def test_webhooks_during_a_broadcast_are_acknowledged_in_time(account: Account, capabilities: Capabilities) -> None:
    """Meta takes time for each recipient, so that a sequential fan-out takes longer than 5 s."""
    if not capabilities.broadcasts:
        raise Lacking("capabilities.broadcasts is false")
    conversation, recipients = OutboundConversation(account, 1), account.numbers.many(24)
    slow = account.mock_meta.fault(recipients, times=None, delay=0.3)
    body = {"template_name": PLAIN, "recipients": [{"to": number} for number in recipients]}
    required(account.api.post("/broadcasts", body), 202)
    senders = [account.numbers.fresh().lstrip("+") for _ in range(2)]
    text = {"type": "text", "text": {"body": account.marker()}}
    done = at_once([
        lambda: inbound(account, {"from": senders[0], **text}),
        lambda: inbound(account, {"from": senders[1], "type": "image"}),
        lambda: account.mock_meta.statuses(account.phone_number_id, conversation.item(conversation.wamids[0], READ)),
    ])  # fmt: skip
    account.mock_meta.lift(slow)
    acknowledged_in_time([delivery for deliveries in done for delivery in deliveries], "a webhook during a broadcast")


@requirement("META-03")
@pytest.mark.parametrize("kind", ["image", "video", "document", "audio", "sticker"])
def test_a_webhook_does_not_wait_for_metas_media(account: Account, kind: str) -> None:
    """A deployment fetches media from Meta, which may answer slowly."""
    fault = {"match": {"operation": "media.get"}, "times": 1, "delay": 6.0}
    identity = account.mock_meta.request("POST", "/faults", fault)["id"]
    deliveries = inbound(account, {"from": account.numbers.fresh().lstrip("+"), "type": kind})
    account.mock_meta.lift(str(identity))
    acknowledged_in_time(deliveries, f"a webhook with {kind}")


@requirement("META-03")
@pytest.mark.usefixtures("sends")
def test_a_webhook_with_a_thousand_updates_is_acknowledged_in_time(account: Account) -> None:
    conversation = OutboundConversation(account, 4)
    updates = [
        conversation.item(wamid, status) for wamid in conversation.wamids for status in (SENT, DELIVERED, READ) * 84
    ]
    acknowledged_in_time(account.mock_meta.statuses(account.phone_number_id, *updates), "a webhook with 1,000 statuses")


@requirement("META-03")
def test_many_concurrent_webhooks_are_acknowledged_in_time(account: Account) -> None:
    text = {"type": "text", "text": {"body": account.marker()}}
    many = [{"from": account.numbers.fresh().lstrip("+"), **text} for _ in range(40)]
    acknowledged_in_time(inbound(account, *many), "one of 40 webhooks at once")
