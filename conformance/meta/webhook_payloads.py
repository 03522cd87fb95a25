"""Meta's webhooks written by hand: payloads, the escaped form, signatures (Meta page, sections 15 and 16).

Mock Meta sends well-formed ones and repeats what is not acknowledged; these are for what Meta would never send, once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe

Item = dict[str, Any]


def escaped(payload: object) -> bytes:
    """JSON as Meta transmits and signs it: all but ASCII as lower-case `u` escapes, and slashes behind a backslash."""
    text = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def new_wamid(number: str) -> str:
    """An id as Meta gives one to a customer's message; nobody else has it."""
    owner, unique = number.lstrip("+").encode(), ("3A" + secrets.token_hex(9).upper()).encode()
    parts = (b"\x1c\x18", bytes([len(owner)]), owner, b"\x15\x02\x00\x12\x18", bytes([len(unique)]), unique, b"\x00")
    return "wamid." + base64.b64encode(b"".join(parts)).decode()


def text_item(sender: str, body: str, wamid: str = "") -> Item:
    """A customer's text message."""
    digits = sender.lstrip("+")
    return {"from": digits, "id": wamid or new_wamid(digits), "timestamp": str(int(time.time())), "type": "text",
            "text": {"body": body}}  # fmt: skip


def status_item(wamid: str, status: str, recipient: str) -> Item:
    return {"id": wamid, "status": status, "timestamp": str(int(time.time())), "recipient_id": recipient.lstrip("+")}


def contact_item(number: str, name: str) -> Item:
    return {"profile": {"name": name}, "wa_id": number.lstrip("+")}


def change(phone_number_id: str, of: str = "messages", **members: Any) -> Item:  # noqa: ANN401 - Meta's members
    """One change of a number: `messages`, `contacts`, `statuses`, in the order given."""
    metadata = {"display_phone_number": "15550100000", "phone_number_id": phone_number_id}
    return {"value": {"messaging_product": "whatsapp", "metadata": metadata, **members}, "field": of}


def of_messages(phone_number_id: str, messages: Iterable[Any]) -> Item:
    """A change with these messages, and a contact for each sender that can be read."""
    items = list(messages)
    senders = dict.fromkeys(
        item["from"] for item in items if isinstance(item, dict) and isinstance(item.get("from"), str)
    )
    return change(phone_number_id, contacts=[contact_item(s, f"Customer {s[-4:]}") for s in senders], messages=items)


def entry(waba_id: str, *changes: Any) -> Item:  # noqa: ANN401 - malformed ones included
    return {"id": waba_id, "changes": list(changes)}


def payload(*entries: Any) -> Item:  # noqa: ANN401 - malformed ones included
    return {"object": "whatsapp_business_account", "entry": list(entries)}


@dataclass(frozen=True)
class MetaSide:
    """The deployment as Meta reaches it: `probe` is at the webhook's address, `secret` is the app's, the token the handshake's."""

    probe: Probe
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)

    def handshake(self, **query: str) -> Exchange:
        """`mode`, `challenge`, `verify_token`, in the order given."""
        return self.probe.send("GET", "", params={f"hub.{name}": value for name, value in query.items()})

    def post(self, body: bytes, **headers: str) -> Exchange:
        """A body with exactly these headers besides the content type; underscores stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.probe.send("POST", "", content=body, headers={"Content-Type": "application/json", **named})

    def signed(self, content: object) -> Exchange:
        """A payload in Meta's form, rightly signed."""
        body = content if isinstance(content, bytes) else escaped(content)
        return self.post(body, X_Hub_Signature_256=signature(self.secret, body))
