"""A customer's message: from Meta's item to a stored message (Meta fact sheet, section 16.2)."""

import re
from dataclasses import dataclass, replace

from reference.wacrm.domain.broadcasts import Broadcasts
from reference.wacrm.domain.contacts import Contacts
from reference.wacrm.domain.conversations import Conversations
from reference.wacrm.domain.messages import Draft, Messages
from reference.wacrm.domain.phones import Phones
from reference.wacrm.protocol.bodies import Event
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row, Storage
from reference.wacrm.webhooks.dispatcher import Dispatcher

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MEDIA = {"image": "image", "video": "video", "document": "document", "audio": "audio", "sticker": "image"}
_NO_MESSAGE = frozenset({"reaction", "edit", "revoke", "system"})
"""Types of items that are about messages or customers, and say nothing themselves (CONV-11)."""


class MalformedError(ValueError):
    """An item that does not have the documented shape."""


@dataclass(frozen=True)
class Content:
    """What a message says. `media` is Meta's id of the attachment."""

    type: str
    text: str | None = None
    media: str | None = None
    reply_id: str | None = None


@dataclass(frozen=True)
class Services:
    contacts: Contacts
    conversations: Conversations
    messages: Messages
    broadcasts: Broadcasts
    phones: Phones
    dispatcher: Dispatcher


class Inbound:
    def __init__(self, db: Storage, services: Services) -> None:
        self._db = db
        self._with = services

    def receive(self, account: str, item: Json, names: dict[str, str], media_root: str) -> None:
        """Store one message once, with contact and conversation, and publish to the account's webhooks.

        Raises:
            MalformedError: the item lacks what every message has.

        """
        if not self.is_message(item):
            return
        wamid, phone = self.identify(item)
        content = self.content(item)
        quoted = text_at(item, "context", "id")
        if self.seen(account, wamid):
            return
        with self._db.transaction():
            contact, _ = self._with.contacts.find_or_add(account, phone, names.get(item["from"]))
            conversation, created = self._with.conversations.find_or_add(account, contact["id"])
            reply_to = self.quoted(account, conversation, quoted)
            draft = replace(self.draft(wamid, content, quoted, reply_to, media_root), said_at=self.said_at(item))
            self._with.messages.add(account, conversation["id"], draft)
            self._with.broadcasts.note_reply(account, phone, quoted)
        if created:
            self._with.messages.announce(account, conversation)
        self.announce(account, conversation, wamid, content)

    def is_message(self, item: Json) -> bool:
        return item.get("type") not in _NO_MESSAGE

    def said_at(self, item: Json) -> int | None:
        """Meta's timestamp, in unix seconds; None for what is none."""
        stamp = text_at(item, "timestamp")
        return int(stamp) if stamp is not None and _SECONDS.fullmatch(stamp) else None

    def identify(self, item: Json) -> tuple[str, str]:
        """The wamid and the sender's number."""
        wamid, phone = text_at(item, "id"), self._with.phones.from_meta(item.get("from"))
        if not wamid or phone is None:
            raise MalformedError("a message without id or sender")
        return wamid, phone

    def seen(self, account: str, wamid: str) -> bool:
        return self._with.messages.find_wamid(account, wamid) is not None

    def quoted(self, account: str, conversation: Row, wamid: str | None) -> str | None:
        """The id of the quoted message, where it is one of the conversation."""
        row = self._with.messages.find_wamid(account, wamid) if wamid else None
        return row["id"] if row is not None and row["conversation_id"] == conversation["id"] else None

    def draft(self, wamid: str, content: Content, quoted: str | None, reply_to: str | None, media_root: str) -> Draft:
        return Draft(
            direction="inbound",
            sender_type="customer",
            content_type=content.type,
            content_text=content.text,
            media_url=f"{media_root}{content.media}" if content.media else None,
            template_name=None,
            wamid=wamid,
            status="received",
            reply_to=reply_to,
            reply_id=content.reply_id,
            quoted_wamid=quoted,
        )

    def announce(self, account: str, conversation: Row, wamid: str, content: Content) -> None:
        data = {"conversation_id": conversation["id"], "contact_id": conversation["contact_id"]}
        data |= {"whatsapp_message_id": wamid, "content_type": content.type, "text": content.text}
        self._with.dispatcher.publish(account, Event.MESSAGE_RECEIVED, data)

    def content(self, item: Json) -> Content:
        """What is said. A type that the inbox has no form for is kept as `unsupported`: it is not lost."""
        kind = item.get("type")
        match kind:
            case "text":
                return self.text(item)
            case "image" | "video" | "document" | "audio" | "sticker":
                return self.media(item, kind)
            case "location":
                return self.location(item)
            case "button":
                return Content("interactive", text_at(item, kind, "text"), reply_id=text_at(item, kind, "payload"))
            case "interactive":
                return self.interactive(item)
            case str():
                return Content("unsupported")
        raise MalformedError("a message without type")

    def text(self, item: Json) -> Content:
        body = text_at(item, "text", "body")
        if body is None:
            raise MalformedError("a text message without text")
        return Content("text", body)

    def media(self, item: Json, kind: str) -> Content:
        return Content(_MEDIA[kind], text_at(item, kind, "caption"), media=text_at(item, kind, "id"))

    def location(self, item: Json) -> Content:
        """Name and address where they are given, the coordinates in any case."""
        place = item.get("location")
        if not isinstance(place, dict):
            raise MalformedError("a location message without location")
        words = [text_at(place, "name"), text_at(place, "address")]
        position = f"{place.get('latitude')}, {place.get('longitude')}"
        return Content("location", "\n".join([word for word in words if word] + [position]))

    def interactive(self, item: Json) -> Content:
        kind = text_at(item, "interactive", "type")
        if kind in {"button_reply", "list_reply"}:
            title, reply_id = (text_at(item, "interactive", kind, member) for member in ("title", "id"))
            return Content("interactive", title, reply_id=reply_id)
        return Content("unsupported")


def text_at(value: object, *path: str) -> str | None:
    """The string at a path of members, made storable; None when there is none."""
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else None
