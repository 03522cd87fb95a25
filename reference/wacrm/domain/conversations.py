"""Conversations: one per contact, with what the inbox shows of it."""

from dataclasses import dataclass

from reference.wacrm.domain.tags import Tags
from reference.wacrm.protocol.envelope import Json, bad_request, not_found
from reference.wacrm.storage.clock import Clock, Ids
from reference.wacrm.storage.database import Row, Storage
from reference.wacrm.storage.keyset_pages import Window

STATUSES = ("open", "pending", "closed")


@dataclass
class ConversationsSQL:
    add: str = """
        INSERT OR IGNORE INTO conversations (id, account_id, contact_id, status, created_at, updated_at)
        VALUES (:id, :account, :contact, 'open', :now, :now)"""
    by_contact: str = "SELECT * FROM conversations WHERE account_id = :account AND contact_id = :contact"
    by_id: str = """
        SELECT v.*, c.phone, c.name, c.email, c.company FROM conversations v JOIN contacts c ON c.id = v.contact_id
        WHERE v.account_id = :account AND v.id = :id"""
    page: str = """
        SELECT v.*, c.phone, c.name, c.email, c.company FROM conversations v JOIN contacts c ON c.id = v.contact_id
        WHERE v.account_id = :account AND (v.created_at, v.id) < (:before, :before_id)
          AND (:status IS NULL OR v.status = :status) AND (:contact IS NULL OR v.contact_id = :contact)
        ORDER BY v.created_at DESC, v.id DESC LIMIT :rows"""
    note: str = """
        UPDATE conversations SET last_message_text = :text, last_message_at = :at, updated_at = :at,
            unread_count = unread_count + :unread WHERE account_id = :account AND id = :id"""
    note_older: str = """
        UPDATE conversations SET updated_at = :at, unread_count = unread_count + :unread
        WHERE account_id = :account AND id = :id"""


class Conversations:
    def __init__(self, db: Storage, clock: Clock, ids: Ids, tags: Tags) -> None:
        self.sql = ConversationsSQL()
        self._db = db
        self._clock = clock
        self._ids = ids
        self._tags = tags

    def find_or_add(self, account: str, contact: str) -> tuple[Row, bool]:
        """The contact's conversation, and whether it was made now."""
        values = {"id": self._ids.new(), "account": account, "contact": contact, "now": self._clock.now()}
        created = self._db.run(self.sql.add, values) == 1
        row = self.find_contact(account, contact)
        assert row is not None
        return row, created

    def find_contact(self, account: str, contact: str) -> Row | None:
        return self._db.row(self.sql.by_contact, {"account": account, "contact": contact})

    def find(self, account: str, identity: str) -> Row | None:
        return self._db.row(self.sql.by_id, {"account": account, "id": identity})

    def require(self, account: str, text: str) -> Row:
        """The row, with the contact's members joined in.

        Raises:
            ApiError: 404 for an id that is unknown, another account's, or no id at all.

        """
        identity = Ids.parse(text)
        row = self.find(account, identity) if identity else None
        if row is None:
            raise not_found()
        return row

    def note_message(self, account: str, conversation: str, text: str | None, at: str, *, inbound: bool) -> None:
        """The newest message changes what the inbox shows; one from the customer is unread."""
        values = {"account": account, "id": conversation, "text": text, "at": at, "unread": int(inbound)}
        self._db.run(self.sql.note, values)

    def note_older_message(self, account: str, conversation: str, at: str, *, inbound: bool) -> None:
        """A message that came after later ones: unread like any other, and not the last."""
        values = {"account": account, "id": conversation, "at": at, "unread": int(inbound)}
        self._db.run(self.sql.note_older, values)

    def status_filter(self, text: str | None) -> str | None:
        """Raises ApiError 400 for a status that conversations never have."""
        if text is not None and text not in STATUSES:
            raise bad_request(f"status must be one of {', '.join(STATUSES)}.")
        return text

    def page(self, account: str, window: Window, status: str | None, contact: str | None) -> list[Row]:
        values = {"account": account, "status": status, "contact": contact}
        return self._db.rows(self.sql.page, values | window.values())

    def present_all(self, rows: list[Row]) -> list[Json]:
        tags = self._tags.of(row["contact_id"] for row in rows)
        return [self.present(row, tags[row["contact_id"]]) for row in rows]

    def present(self, row: Row, tags: list[Json]) -> Json:
        """A conversation as the API shows it, the contact and its tags embedded."""
        members = ("id", "contact_id", "status", "assigned_agent_id", "last_message_text", "last_message_at")
        counts_and_times = ("unread_count", "created_at", "updated_at")
        shown = {m: row[m] for m in members + counts_and_times}
        return shown | {"contact": self.present_contact(row, tags)}

    def present_contact(self, row: Row, tags: list[Json]) -> Json:
        return {"id": row["contact_id"]} | {m: row[m] for m in ("phone", "name", "email", "company")} | {"tags": tags}
