"""Messages: sent through Meta, kept with their status, listed by conversation."""

from dataclasses import dataclass

from reference.wacrm.domain.contacts import Contacts
from reference.wacrm.domain.conversations import Conversations
from reference.wacrm.domain.keys import Keys
from reference.wacrm.domain.phones import Phones
from reference.wacrm.domain.statuses import Status, advances
from reference.wacrm.meta.composing import Composer
from reference.wacrm.meta.early_statuses import EarlyStatuses
from reference.wacrm.meta.graph_client import SendError
from reference.wacrm.meta.sending import Sender
from reference.wacrm.protocol.bodies import MEDIA, Event, MessageCreate, MessageType
from reference.wacrm.protocol.envelope import ApiError, Code, Json, bad_request
from reference.wacrm.storage.clock import Clock, Ids
from reference.wacrm.storage.database import Row, Storage
from reference.wacrm.storage.keyset_pages import Window
from reference.wacrm.webhooks.dispatcher import Dispatcher


@dataclass
class MessagesSQL:
    add: str = """
        INSERT OR IGNORE INTO messages (id, account_id, conversation_id, direction, sender_type, content_type,
            content_text, media_url, template_name, wamid, status, reply_to_message_id, interactive_reply_id,
            quoted_wamid, said_at, created_at)
        VALUES (:id, :account, :conversation, :direction, :sender_type, :content_type, :content_text, :media_url,
            :template_name, :wamid, :status, :reply_to, :reply_id, :quoted_wamid, :said_at, :now)"""
    by_id: str = "SELECT * FROM messages WHERE account_id = :account AND id = :id"
    by_wamid: str = "SELECT * FROM messages WHERE account_id = :account AND wamid = :wamid"
    progress: str = """
        UPDATE messages SET status = :status, reported = :reported WHERE account_id = :account AND id = :id"""
    newer: str = """
        SELECT 1 FROM messages WHERE conversation_id = :conversation AND said_at > :said_at AND id <> :id LIMIT 1"""
    page: str = """
        SELECT * FROM messages WHERE account_id = :account AND conversation_id = :conversation
          AND (created_at, id) < (:before, :before_id) ORDER BY created_at DESC, id DESC LIMIT :rows"""


@dataclass(frozen=True)
class Draft:
    """A message before it has an id.

    `status` is what it is stored with; `said_at` are the unix seconds at which it was written, None for now.
    """

    direction: str
    sender_type: str
    content_type: str
    content_text: str | None
    media_url: str | None
    template_name: str | None
    wamid: str
    status: str
    reply_to: str | None = None
    reply_id: str | None = None
    quoted_wamid: str | None = None
    said_at: int | None = None


@dataclass(frozen=True)
class Services:
    """What a send needs besides the messages' own rows."""

    keys: Keys
    contacts: Contacts
    conversations: Conversations
    phones: Phones
    composer: Composer
    sender: Sender
    early_statuses: EarlyStatuses
    dispatcher: Dispatcher


class Messages:
    def __init__(self, db: Storage, clock: Clock, ids: Ids, services: Services) -> None:
        self.sql = MessagesSQL()
        self._db = db
        self._clock = clock
        self._ids = ids
        self._with = services

    async def send(self, account: str, body: MessageCreate) -> Json:
        """Send, then store: a message that Meta refused leaves no contact, no conversation and no row.

        Raises:
            ApiError: 400 before anything is sent; 502 when Meta refused or did not answer.

        """
        self.check(body)
        payload = self._with.composer.payload(body)
        whatsapp = self._with.keys.whatsapp(account)
        if whatsapp is None:
            raise ApiError(Code.WHATSAPP_NOT_CONFIGURED, "No WhatsApp Business integration is connected.")
        quoted = self.quoted(account, body)
        to = self._with.phones.digits(body.to)
        wire = self._with.composer.envelope(to, body.type, payload, quoted["wamid"] if quoted else None)
        try:
            wamid = await self._with.sender.send(account, whatsapp, wire)
        except SendError as error:
            raise ApiError(Code.META_ERROR, str(error)) from None
        return self.record(account, body, wamid, quoted)

    def check(self, body: MessageCreate) -> None:
        if not self._with.phones.valid(body.to):
            raise bad_request("to must be an E.164 number such as +14155550123.")

    def quoted(self, account: str, body: MessageCreate) -> Row | None:
        """The message that is replied to: it must belong to the conversation with this number."""
        if body.reply_to_message_id is None:
            return None
        identity = Ids.parse(body.reply_to_message_id)
        row = self.find(account, identity) if identity else None
        if row is None or row["conversation_id"] != self.conversation_of(account, body.to):
            raise bad_request("reply_to_message_id must name a message of the same conversation.")
        return row

    def conversation_of(self, account: str, phone: str) -> str | None:
        contact = self._with.contacts.find_phone(account, phone)
        found = self._with.conversations.find_contact(account, contact["id"]) if contact else None
        return found["id"] if found else None

    def record(self, account: str, body: MessageCreate, wamid: str, quoted: Row | None) -> Json:
        """Store an accepted message with contact and conversation, and catch up with statuses that came before."""
        with self._db.transaction():
            contact, contact_created = self._with.contacts.find_or_add(account, body.to, body.name)
            conversation, created = self._with.conversations.find_or_add(account, contact["id"])
            message = self.add(account, conversation["id"], self.draft(body, wamid, quoted))
            message = message or self.stored(account, wamid)
        if created:
            self.announce(account, conversation)
        for status in self._with.early_statuses.claim(account, wamid):
            self.apply_status(account, wamid, status)
        return {
            "message_id": message,
            "whatsapp_message_id": wamid,
            "conversation_id": conversation["id"],
            "contact_id": contact["id"],
            "contact_created": contact_created,
        }

    def draft(self, body: MessageCreate, wamid: str, quoted: Row | None) -> Draft:
        is_template = body.type is MessageType.TEMPLATE and body.template is not None
        return Draft(
            direction="outbound",
            sender_type="agent",
            content_type=body.type.value,
            content_text=None if is_template else body.text or None,
            media_url=body.media_url if body.type in MEDIA else None,
            template_name=body.template.name if is_template and body.template else None,
            wamid=wamid,
            status=Status.SENT.value,
            reply_to=quoted["id"] if quoted else None,
        )

    def add(self, account: str, conversation: str, draft: Draft) -> str | None:
        """The new message's id; None when its wamid is stored already (META-04)."""
        identity, now = self._ids.new(), self._clock.now()
        values = vars(draft) | {"id": identity, "account": account, "conversation": conversation, "now": now}
        values["said_at"] = int(self._clock.seconds()) if draft.said_at is None else draft.said_at
        if not self._db.run(self.sql.add, values):
            return None
        inbound = draft.direction == "inbound"
        if self.is_newest(values):
            self._with.conversations.note_message(account, conversation, draft.content_text, now, inbound=inbound)
        else:
            self._with.conversations.note_older_message(account, conversation, now, inbound=inbound)
        return identity

    def is_newest(self, message: Json) -> bool:
        """Whether nothing in the conversation was written later: Meta's webhooks come in any order (CONV-14)."""
        return self._db.row(self.sql.newer, message) is None

    def stored(self, account: str, wamid: str) -> str:
        """The id of the message that has this wamid."""
        row = self.find_wamid(account, wamid)
        assert row is not None
        found: str = row["id"]
        return found

    def announce(self, account: str, conversation: Row) -> None:
        data = {"conversation_id": conversation["id"], "contact_id": conversation["contact_id"]}
        self._with.dispatcher.publish(account, Event.CONVERSATION_CREATED, data)

    def find(self, account: str, identity: str) -> Row | None:
        return self._db.row(self.sql.by_id, {"account": account, "id": identity})

    def find_wamid(self, account: str, wamid: str) -> Row | None:
        return self._db.row(self.sql.by_wamid, {"account": account, "wamid": wamid})

    def apply_status(self, account: str, wamid: str, status: str) -> bool:
        """Move an outbound message forward; False when no message has this wamid."""
        row = self.find_wamid(account, wamid)
        if row is None:
            return False
        if row["direction"] == "outbound" and advances(row["reported"], status):
            self.progress(account, row, status)
        return True

    def progress(self, account: str, row: Row, status: str) -> None:
        reported = Status(status).rank
        self._db.run(self.sql.progress, {"account": account, "id": row["id"], "status": status, "reported": reported})
        data = {"whatsapp_message_id": row["wamid"], "conversation_id": row["conversation_id"], "status": status}
        self._with.dispatcher.publish(account, Event.STATUS_UPDATED, data)

    def page(self, account: str, window: Window, conversation: str) -> list[Row]:
        values = {"account": account, "conversation": conversation}
        return self._db.rows(self.sql.page, values | window.values())

    def present(self, row: Row) -> Json:
        """A message as the API shows it."""
        before = ("id", "conversation_id", "direction", "sender_type", "content_type", "content_text", "media_url")
        after = ("status", "reply_to_message_id", "interactive_reply_id", "created_at")
        shown = {m: row[m] for m in (*before, "template_name")} | {"whatsapp_message_id": row["wamid"]}
        return shown | {m: row[m] for m in after}
