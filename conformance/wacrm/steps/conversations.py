"""A customer and the conversation with them, as CONV checks begin one; what can be sent and heard in it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import GREETING, PLAIN
from conformance.target.expect import precondition, that
from conformance.target.verdicts import Lacking
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.inbound_messages import Inbound
IMAGE = "https://media.wacrm.invalid/picture.jpg"


@pytest.fixture
def customer(account: Account, capabilities: Capabilities) -> Callable[..., Talk]:
    """`customer(tags=[…])`: a new contact who has not written yet."""
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    return lambda **fields: Talk(account, account.contact(**{"name": account.word(), **fields}))


class Talk:
    """One customer and the conversation with them."""

    def __init__(self, account: Account, contact: Row) -> None:
        self.account, self.contact, self.phone = account, contact, str(contact["phone"])
        self.patience = account.mock_meta.patience

    def write(self, text: str = "", **message: Any) -> str:  # noqa: ANN401 - Meta's members
        """The customer writes; the wamid, once the message can be read."""
        return self.arrived(self.account.receive(self.phone, text, **message))

    def arrived(self, wamid: str) -> str:
        self.row(wamid)
        return wamid

    def row(self, wamid: str) -> Row:
        """The message with that wamid; no verdict when it does not appear."""
        found = self.account.message(self.id, wamid, self.patience)
        precondition(found, f"the message {wamid} does not appear in its conversation")
        assert found is not None
        return found

    @cached_property
    def id(self) -> str:
        return str(self.account.conversation_of(self.contact["id"], self.patience)["id"])

    def send(self, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        return self.account.send(self.phone, **fields)

    def read(self) -> Row:
        return needed(self.exchange(), 200)

    def exchange(self) -> Exchange:
        return self.account.api.get(f"/conversations/{self.id}")

    def messages(self) -> Exchange:
        return self.account.api.get(f"/conversations/{self.id}/messages", limit=100)


def documented(operation: str, exchange: Exchange) -> None:
    problems = OPENAPI.validate(operation, 200, exchange.json())
    that(not problems, f"the documented shape of {operation}", "; ".join(problems[:3]), exchange)


def quiet(talk: Talk) -> None:
    """Let another customer's message through, so that what came before it is done."""
    other = Talk(talk.account, talk.account.contact())
    other.write()


# -- CONV-07 ----------------------------------------------------------------------------------------------------------


def hear(account: Account, talk: Talk, kind: Inbound) -> str:
    """The customer sends a message of that kind; its wamid."""
    if kind.known_to_the_mock:
        return account.mock_meta.inbound(account.phone_number_id, {"from": talk.phone[1:], **kind.item})[0]
    return unheard_of(account, talk, kind)


def unheard_of(account: Account, talk: Talk, kind: Inbound) -> str:
    """A type that Meta has not had so far, as Meta would send it."""
    wamid = f"wamid.{account.word()}"
    message = {"from": talk.phone[1:], "id": wamid, "timestamp": "1790000000", **kind.item}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100000", "phone_number_id": account.phone_number_id},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": talk.phone[1:]}], "messages": [message],
    }  # fmt: skip
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": account.waba_id, "changes": [{"value": value, "field": "messages"}]}],
    }
    account.mock_meta.acknowledged([account.mock_meta.webhook(account.waba_id, payload=payload)])
    return wamid


# -- CONV-08 ----------------------------------------------------------------------------------------------------------

SENDS: dict[str, Row] = {
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
