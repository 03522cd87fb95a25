"""Contacts: one per phone number and account."""

from dataclasses import dataclass

from reference.wacrm.domain.phones import Phones
from reference.wacrm.domain.tags import Tags
from reference.wacrm.protocol.bodies import ContactCreate, ContactPatch
from reference.wacrm.protocol.envelope import Json, bad_request, not_found
from reference.wacrm.storage.clock import Clock, Ids
from reference.wacrm.storage.database import Row, Storage
from reference.wacrm.storage.keyset_pages import Window

FIELDS = ("name", "email", "company")


@dataclass
class ContactsSQL:
    add: str = """
        INSERT OR IGNORE INTO contacts
            (id, account_id, phone, name, name_folded, email, company, created_at, updated_at)
        VALUES (:id, :account, :phone, :name, :name_folded, :email, :company, :now, :now)"""
    by_id: str = "SELECT * FROM contacts WHERE account_id = :account AND id = :id"
    by_phone: str = "SELECT * FROM contacts WHERE account_id = :account AND phone = :phone"
    change: str = """
        UPDATE contacts SET name = :name, name_folded = :name_folded, email = :email, company = :company
        WHERE account_id = :account AND id = :id"""
    touch: str = "UPDATE contacts SET updated_at = :now WHERE account_id = :account AND id = :id"
    page: str = """
        SELECT * FROM contacts
        WHERE account_id = :account AND (created_at, id) < (:before, :before_id)
          AND (:search IS NULL OR instr(name_folded, :search) OR instr(phone, :search))
          AND (:tag IS NULL OR id IN (SELECT contact_id FROM contact_tags WHERE tag_id = :tag))
        ORDER BY created_at DESC, id DESC LIMIT :rows"""


class Contacts:
    def __init__(self, db: Storage, clock: Clock, ids: Ids, tags: Tags, phones: Phones) -> None:
        self.sql = ContactsSQL()
        self._db = db
        self._clock = clock
        self._ids = ids
        self._tags = tags
        self._phones = phones

    def create(self, account: str, body: ContactCreate) -> tuple[Json, bool]:
        """The contact of a phone, and whether it is new; an existing one stays as it is (CONT-02)."""
        if not self._phones.valid(body.phone):
            raise bad_request("phone must be an E.164 number such as +14155550123.")
        with self._db.transaction():
            row, created = self.find_or_add(account, body.phone, body.name, body.email, body.company)
            if created:
                self._tags.attach(account, row["id"], body.tags)
        return self.present(row, self._tags.of([row["id"]])[row["id"]]), created

    def find_or_add(
        self, account: str, phone: str, name: str | None, email: str | None = None, company: str | None = None
    ) -> tuple[Row, bool]:
        """The row of a phone, and whether it was made now."""
        now = self._clock.now()
        values: dict[str, object] = {"id": self._ids.new(), "account": account, "phone": phone, "now": now}
        values |= {"name": name, "name_folded": self.fold(name), "email": email, "company": company}
        created = self._db.run(self.sql.add, values) == 1
        row = self.find_phone(account, phone)
        assert row is not None
        return row, created

    def find(self, account: str, identity: str) -> Row | None:
        return self._db.row(self.sql.by_id, {"account": account, "id": identity})

    def find_phone(self, account: str, phone: str) -> Row | None:
        return self._db.row(self.sql.by_phone, {"account": account, "phone": phone})

    def read(self, account: str, text: str) -> Json:
        """One contact.

        Raises:
            ApiError: 404 for an id that is unknown, another account's, or no id at all.

        """
        row = self.require(account, text)
        return self.present(row, self._tags.of([row["id"]])[row["id"]])

    def require(self, account: str, text: str) -> Row:
        identity = Ids.parse(text)
        row = self.find(account, identity) if identity else None
        if row is None:
            raise not_found()
        return row

    def update(self, account: str, text: str, body: ContactPatch) -> Json:
        """Change what was sent, and nothing else; null clears, `tags` is the new set."""
        with self._db.transaction():
            row = self.require(account, text)
            before = self.read(account, text)
            self.apply(account, row, body)
            if self.read(account, text) != before:
                now = self._clock.after(row["updated_at"])
                self._db.run(self.sql.touch, {"account": account, "id": row["id"], "now": now})
        return self.read(account, text)

    def apply(self, account: str, row: Row, body: ContactPatch) -> None:
        values = {field: self.changed(row, body, field) for field in FIELDS}
        values["name_folded"] = self.fold(values["name"])
        self._db.run(self.sql.change, {"account": account, "id": row["id"]} | values)
        if "tags" in body.model_fields_set:
            self._tags.set(account, row["id"], body.tags)

    def changed(self, row: Row, body: ContactPatch, field: str) -> str | None:
        value: str | None = getattr(body, field) if field in body.model_fields_set else row[field]
        return value

    def page(self, account: str, window: Window, search: str | None, tag: str | None) -> list[Row]:
        """Up to one row more than the window, newest first."""
        values = {"account": account, "search": self.fold(search), "tag": tag}
        return self._db.rows(self.sql.page, values | window.values())

    def fold(self, text: str | None) -> str | None:
        """What `search` compares; an empty search is none."""
        return text.casefold() if text else None

    def present_all(self, rows: list[Row]) -> list[Json]:
        tags = self._tags.of(row["id"] for row in rows)
        return [self.present(row, tags[row["id"]]) for row in rows]

    def present(self, row: Row, tags: list[Json]) -> Json:
        """A contact as the API shows it."""
        members = ("id", "phone", "name", "email", "company", "avatar_url")
        times = ("created_at", "updated_at")
        return {m: row[m] for m in members} | {"tags": tags} | {m: row[m] for m in times}
