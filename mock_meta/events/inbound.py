"""Messages a person writes, completed to what Meta would send (fact sheet 16.2)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.business.media import INBOUND_LIFE, SAMPLES, Media, sample
from mock_meta.business.user_ids import user_id
from mock_meta.mock import Mock
from mock_meta.protocol.errors import webhook_error
from mock_meta.simulation.conversations import Received
from mock_meta.webhooks.delivery import Delivery
from mock_meta.webhooks.outgoing_updates import INBOUND, posts
from mock_meta.webhooks.payloads import Payload

TYPES = (
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "button",
    "interactive",
    "reaction",
    "order",
    "unsupported",
    "system",
)
_TAPS = frozenset({"button", "interactive"})

_PLAUSIBLE: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "text": lambda _: {"body": "Ciao"},
        "location": lambda _: {"latitude": 45.4642, "longitude": 9.19, "name": "Duomo", "address": "Milano"},
        "contacts": lambda _: [
            {
                "name": {"formatted_name": "B. Rossi", "first_name": "B."},
                "phones": [{"phone": "+39 333 000 0000", "wa_id": "393330000000", "type": "CELL"}],
            }
        ],
        "button": lambda _: {"payload": "Ok", "text": "Ok"},
        "interactive": lambda _: {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}},
        "order": lambda _: {
            "catalog_id": "194836987003835",
            "text": "",
            "product_items": [
                {"product_retailer_id": "di9ozbzfi4", "quantity": 2, "item_price": 30, "currency": "EUR"}
            ],
        },
        "unsupported": lambda _: {"type": "poll_creation"},
        "system": lambda number: {
            "body": f"User changed from {number} to {number}",
            "wa_id": number,
            "type": "user_changed_number",
        },
    }
)


def complete(mock: Mock, account: Account, phone: PhoneNumber, asked: Mapping[str, Any]) -> Payload:
    """The message as it goes into ``messages``: id, timestamp, and the type's own member filled in where absent."""
    sender, kind = asked["from"], asked["type"]
    message: Payload = {"from": sender, **_user(account, asked, "from_user_id")}
    context = asked.get("context") or (_tapped(mock, phone, sender) if kind in _TAPS else None)
    if context is not None:
        message["context"] = _context(phone, context)
    message["id"] = asked.get("id") or mock.ids.wamid(sender, inbound=True)
    message["timestamp"] = str(asked.get("timestamp") or int(mock.clock()))
    message["type"] = kind
    message.update(_content(mock, phone, sender, kind, asked.get(kind)))
    known = {"from", "user_id", "id", "timestamp", "type", "context", "profile_name", kind}
    message.update({name: value for name, value in asked.items() if name not in known})
    return message


def _tapped(mock: Mock, phone: PhoneNumber, sender: str) -> Payload:
    """Whose button it was: the last message to the person, or one from before the mock started."""
    return {"id": mock.ledger.latest_send(phone.id, sender) or mock.ids.wamid(sender)}


def _context(phone: PhoneNumber, context: Mapping[str, Any]) -> Payload:
    """A quote names the business number as its author unless the caller knows better."""
    return {"from": phone.digits, **context} if "id" in context else dict(context)


def _content(mock: Mock, phone: PhoneNumber, sender: str, kind: str, given: Any) -> Payload:  # noqa: ANN401  # JSON
    if kind in SAMPLES:
        return {kind: _media_content(mock, phone, kind, given or {})}
    if kind == "unsupported":
        error = webhook_error(131051, title="Message type unknown")
        del error["href"]
        return {"errors": [error], "unsupported": given or _PLAUSIBLE[kind](sender)}
    if given is None and kind == "reaction":
        given = {"message_id": mock.ledger.latest_send(phone.id, sender) or mock.ids.wamid(sender), "emoji": "👍"}
    if given is None and kind in _PLAUSIBLE:
        given = _PLAUSIBLE[kind](sender)
    return {} if given is None else {kind: given}


def _media_content(mock: Mock, phone: PhoneNumber, kind: str, given: Mapping[str, Any]) -> Payload:
    """Media node: an id of the caller's own is served too, with the sample's bytes."""
    mime, content = sample(kind, given.get("mime_type"))
    expires = mock.clock() + INBOUND_LIFE
    if "id" in given:
        media = Media(str(given["id"]), phone.waba_id, phone.id, mime, content, expires)
        mock.media.put(media)
    else:
        media = mock.media.add(phone.waba_id, phone.id, mime, content, expires)
    extra: Payload = {
        "document": {"filename": "document.pdf"},
        "audio": {"voice": True},
        "sticker": {"animated": False},
    }
    defaults = {"mime_type": mime, "sha256": media.sha256_base64, "id": media.id, **extra.get(kind, {})}
    return {**defaults, **given}


def contact_of(account: Account, asked: Mapping[str, Any]) -> Payload:
    profile = {"name": asked.get("profile_name") or "Anna"}
    return {"profile": profile, "wa_id": asked["from"], **_user(account, asked, "user_id")}


def _user(account: Account, asked: Mapping[str, Any], name: str) -> Payload:
    """The sender's user id under ``name``: the caller's, or the account's own for the number."""
    given = asked.get("user_id") or (user_id(account, asked["from"]) if account.user_ids else None)
    return {name: given} if given else {}


Pair = tuple[Payload, Payload]


def received_pairs(mock: Mock, account: Account, phone: PhoneNumber, asked: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """What Meta makes of what people write: messages with their contacts, remembered. Messages of blocked people are dropped."""
    written = [one for one in asked if (phone.id, one["from"]) not in mock.conversations.blocked]
    pairs = [(complete(mock, account, phone, one), contact_of(account, one)) for one in written]
    for message, _ in pairs:
        received = Received(message["id"], phone.id, message["from"], message["type"], mock.clock())
        mock.conversations.add_received(received)
    return pairs


def deliver_on_command(
    mock: Mock, account: Account, phone: PhoneNumber, asked: Sequence[Mapping[str, Any]], *, batch: bool
) -> tuple[list[Payload], list[Delivery]]:
    """People write on command: the messages, and the webhooks that set off at once, for all of them or for each."""
    pairs = received_pairs(mock, account, phone, asked)
    deliveries: list[Delivery] = []
    for group in [pairs] if batch else [[pair] for pair in pairs]:
        for payload in posts(account, phone, INBOUND, group):
            deliveries += mock.publisher.publish(account, payload, _key(mock, phone, group[0]))
    return [message for message, _ in pairs], deliveries


def deliver_one(mock: Mock, account: Account, phone: PhoneNumber, asked: Mapping[str, Any]) -> None:
    """Somebody writes by himself."""
    for pair in received_pairs(mock, account, phone, [asked]):
        mock.outgoing.add(account, phone, INBOUND, pair, _key(mock, phone, pair))


def _key(mock: Mock, phone: PhoneNumber, pair: Pair) -> str:
    """The how-manieth message of this person, for chaos' draws."""
    sender = pair[0]["from"]
    return f"heard|{phone.id}|{sender}|{mock.conversations.next_inbound_number((phone.id, sender))}"
