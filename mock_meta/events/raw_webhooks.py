"""What a payload of the caller's own says becomes true: its messages can be read and answered, its files fetched."""

from collections.abc import Iterator, Mapping
from typing import Any

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.business.media import SAMPLES
from mock_meta.events.inbound import received
from mock_meta.events.inbound_content import media_content
from mock_meta.ledger.subjects import changes_in, objects_in
from mock_meta.mock import Mock


def remember(mock: Mock, account: Account, payload: object) -> None:
    """Of payloads that are malformed on purpose, what is well-formed."""
    for phone, message in _messages(account, payload):
        kind = message["type"]
        file = message.get(kind)
        if kind in SAMPLES and isinstance(file, Mapping) and isinstance(file.get("id"), str):
            _keep(mock, phone, kind, file)
        mock.conversations.add_received(received(phone, dict(message), mock.clock()))


def _keep(mock: Mock, phone: PhoneNumber, kind: str, file: Mapping[str, Any]) -> None:
    """Unless the file is there already."""
    if mock.media.find(file["id"], mock.clock()) is None:
        mime = file.get("mime_type")
        media_content(mock, phone, kind, {"id": file["id"], "mime_type": mime if isinstance(mime, str) else None})


def _messages(account: Account, payload: object) -> Iterator[tuple[PhoneNumber, Mapping[str, Any]]]:
    for change in changes_in(payload):
        value = change.get("value")
        metadata = value.get("metadata") if isinstance(value, Mapping) else None
        phone = account.phones.get(str(metadata.get("phone_number_id"))) if isinstance(metadata, Mapping) else None
        if phone is None or change.get("field") != "messages" or not isinstance(value, Mapping):
            continue
        for message in objects_in(value.get("messages")):
            names = (message.get("from"), message.get("from_user_id"))
            texts = (message.get("id"), message.get("type"), next((one for one in names if one is not None), None))
            if all(isinstance(text, str) for text in texts) and all(isinstance(one, str | None) for one in names):
                yield phone, message
