"""What a person's message holds beyond who wrote it and when: the member of its type, filled in where absent (fact sheet 16.2)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import PhoneNumber
from mock_meta.business.media import INBOUND_LIFE, SAMPLES, Media, download_url, sample
from mock_meta.mock import Mock
from mock_meta.protocol.errors import webhook_error
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
    "edit",
    "revoke",
    "request_welcome",
    "unsupported",
    "unknown",
    "system",
)
_ALONE = frozenset({"request_welcome", "unknown"})
"""Types without a member of their own."""
_EXTRA: Mapping[str, Payload] = MappingProxyType(
    {"document": {"filename": "document.pdf"}, "audio": {"voice": True}, "sticker": {"animated": False}}
)
_PLAUSIBLE: Mapping[str, Any] = MappingProxyType(
    {
        "text": {"body": "Ciao"},
        "location": {"latitude": 45.4642, "longitude": 9.19, "name": "Duomo", "address": "Milano"},
        "contacts": [
            {
                "name": {"formatted_name": "B. Rossi", "first_name": "B."},
                "phones": [{"phone": "+39 333 000 0000", "wa_id": "393330000000", "type": "CELL"}],
            }
        ],
        "button": {"payload": "Ok", "text": "Ok"},
        "interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}},
        "order": {
            "catalog_id": "194836987003835",
            "text": "",
            "product_items": [
                {"product_retailer_id": "di9ozbzfi4", "quantity": 2, "item_price": 30, "currency": "EUR"}
            ],
        },
    }
)


def content(mock: Mock, phone: PhoneNumber, person: str, asked: Mapping[str, Any], origin: str | None) -> Payload:
    """The members of the message's type. ``origin`` is how the files can be fetched, None where nobody asked for a ``url``."""
    kind, given = asked["type"], asked.get(asked["type"])
    if kind in SAMPLES:
        return {kind: media_content(mock, phone, kind, given or {}, origin)}
    if kind in {"unsupported", "unknown"}:
        return _not_understood(kind, given)
    if kind in _ALONE:
        return {}
    if kind in _BUILT:
        return {kind: _BUILT[kind](mock, phone, person, given or {})}
    return {kind: _PLAUSIBLE[kind] if given is None else given}


def media_content(
    mock: Mock, phone: PhoneNumber, kind: str, given: Mapping[str, Any], origin: str | None = None
) -> Payload:
    """Media node: an id of the caller's own is served too, with the sample's bytes. ``url`` true gives it an address."""
    mime, data = sample(kind, given.get("mime_type"))
    expires = mock.clock() + INBOUND_LIFE
    if "id" in given:
        media = Media(str(given["id"]), phone.waba_id, phone.id, mime, data, expires)
        mock.media.put(media)
    else:
        media = mock.media.add(phone.waba_id, phone.id, mime, data, expires)
    whole = {"mime_type": mime, "sha256": media.sha256_base64, "id": media.id, **_EXTRA.get(kind, {}), **given}
    if given.get("url") is True and origin is not None:
        whole["url"] = download_url(origin, mock.media.ticket(media, mock.clock()))
    return whole


def _not_understood(kind: str, given: object) -> Payload:
    """What WhatsApp could not hand on; only the newer type says what it was."""
    error = webhook_error(131051, title="Message type unknown")
    return {"errors": [error], **({kind: given or {"type": "poll_creation"}} if kind == "unsupported" else {})}


def _reaction(mock: Mock, phone: PhoneNumber, person: str, given: Mapping[str, Any]) -> Payload:
    """To the last message sent; without an emoji it takes one back."""
    target = mock.ledger.latest_send(phone.id, person) or mock.ids.wamid(person)
    return {"message_id": target, **(given or {"emoji": "👍"})}


def _changed(mock: Mock, phone: PhoneNumber, person: str) -> Payload:
    last = mock.conversations.last_received((phone.id, person))
    return {"original_message_id": last.wamid if last else mock.ids.wamid(person, inbound=True)}


def _edit(mock: Mock, phone: PhoneNumber, person: str, given: Mapping[str, Any]) -> Payload:
    """The message as it is now; a picture whose caption changed has an id that can be fetched."""
    message = dict(given.get("message") or {"type": "text", "text": {"body": "Ciao!"}})
    kind = str(message.get("type"))
    if kind in SAMPLES:
        message[kind] = media_content(mock, phone, kind, message.get(kind) or {})
    return {**_changed(mock, phone, person), **given, "message": message}


def _revoke(mock: Mock, phone: PhoneNumber, person: str, given: Mapping[str, Any]) -> Payload:
    return {**_changed(mock, phone, person), **given}


def _system(_mock: Mock, _phone: PhoneNumber, person: str, given: Mapping[str, Any]) -> Payload:
    """A change of number, to another one, or of user id (Meta: system messages, August 2026)."""
    numbered = person.isdecimal()
    kind = given.get("type", "user_changed_number" if numbered else "user_changed_user_id")
    new = f"{person[:-1]}{(ord(person[-1]) + 1) % 10}"
    name = {"user_changed_number": "wa_id", "user_changed_user_id": "user_id"}.get(kind)
    changed = {name: new} if name is not None and (numbered or name == "user_id") else {}
    whole = {"body": f"User Anna changed from {person} to {new}", **changed, "type": kind}
    return {**whole, **given}


_BUILT: Mapping[str, Callable[[Mock, PhoneNumber, str, Mapping[str, Any]], Payload]] = MappingProxyType(
    {"reaction": _reaction, "edit": _edit, "revoke": _revoke, "system": _system}
)
