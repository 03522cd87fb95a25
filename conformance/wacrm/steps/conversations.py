"""A customer and the conversation with them (CONV)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import GREETING, PLAIN
from conformance.target.expect import precondition
from conformance.target.verdicts import Lacking
from conformance.wacrm.steps.account import required

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.inbound_messages import InboundSample
IMAGE = "https://media.wacrm.invalid/picture.jpg"


@pytest.fixture
def start_customer(account: Account, capabilities: Capabilities) -> Callable[..., Conversation]:
    """`start_customer(tags=[…])`: a new contact who has not written yet."""
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    return lambda **fields: Conversation(account, account.contact(**{"name": account.marker(), **fields}))


class Conversation:
    """One customer and the conversation with them."""

    def __init__(self, account: Account, contact: Row) -> None:
        self.account, self.contact, self.phone = account, contact, account.phone_of(contact)
        self.patience = account.mock_meta.patience

    def receive(self, text: str = "", **message: Any) -> str:  # noqa: ANN401 - Meta's members
        """The customer sends a message; its wamid, once it is listed."""
        return self.wait_for(self.account.receive(self.phone, text, **message))

    def wait_for(self, wamid: str) -> str:
        self.row(wamid)
        return wamid

    def row(self, wamid: str) -> Row:
        """The message with this wamid; no verdict when it is not listed."""
        found = self.account.message(self.id, wamid, self.patience)
        precondition(found, f"the message {wamid} is not listed in its conversation")
        assert found is not None
        return found

    @cached_property
    def id(self) -> str:
        return str(self.account.conversation_of(self.contact["id"], self.patience)["id"])

    def send(self, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        return self.account.send(self.phone, **fields)

    def read(self) -> Row:
        return required(self.exchange(), 200)

    def exchange(self) -> Exchange:
        return self.account.api.get(f"/conversations/{self.id}")

    def messages(self) -> Exchange:
        return self.account.api.get(f"/conversations/{self.id}/messages", limit=100)


def wait_until_processed(conversation: Conversation) -> None:
    """Send and await another customer's message: webhooks delivered before it have been processed then."""
    other = Conversation(conversation.account, conversation.account.contact())
    other.receive()


# -- CONV-07 ----------------------------------------------------------------------------------------------------------


def receive_kind(account: Account, conversation: Conversation, kind: InboundSample) -> str:
    """The customer sends this sample; its wamid."""
    if kind.supported_by_mock:
        return account.mock_meta.inbound(account.phone_number_id, {"from": conversation.phone[1:], **kind.item})[0]
    return receive_unknown_type(account, conversation, kind)


def receive_unknown_type(account: Account, conversation: Conversation, kind: InboundSample) -> str:
    """Deliver a message type that Meta does not have today, as Meta would send it."""
    wamid = f"wamid.{account.marker()}"
    message = {"from": conversation.phone[1:], "id": wamid, "timestamp": "1790000000", **kind.item}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100000", "phone_number_id": account.phone_number_id},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": conversation.phone[1:]}], "messages": [message],
    }  # fmt: skip
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": account.waba_id, "changes": [{"value": value, "field": "messages"}]}],
    }
    account.mock_meta.acknowledged([account.mock_meta.webhook(account.waba_id, payload=payload)])
    return wamid


# -- CONV-08 ----------------------------------------------------------------------------------------------------------

OUTBOUND: dict[str, Row] = {
    "text": {"text": "Hello"},
    "long text": {"text": "é" * 4096},
    "text by name": {"type": "text", "text": "שלום 👋\n<b>&"},
    "template": {"type": "template", "template": {"name": PLAIN, "language": "en_US"}},
    "template with values": {"type": "template", "template": {"name": GREETING, "language": "it", "params": ["Ada", "A-17"]}},
    "image": {"type": "image", "media_url": IMAGE, "text": "a caption 👋"},
    "image without caption": {"type": "image", "media_url": IMAGE},
    "video": {"type": "video", "media_url": "https://media.wacrm.invalid/film.mp4", "text": "a caption"},
    "video without caption": {"type": "video", "media_url": "https://media.wacrm.invalid/film.mp4"},
    "document": {"type": "document", "media_url": "https://media.wacrm.invalid/a.pdf", "text": "a caption", "filename": "a.pdf"},
    "document without caption": {"type": "document", "media_url": "https://media.wacrm.invalid/a.pdf", "filename": "a.pdf"},
    "audio": {"type": "audio", "media_url": "https://media.wacrm.invalid/song.mp3"},
}  # fmt: skip
