"""Tags of an account: one per name, compared without case."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Storage

DEFAULT_COLOR = "#3b82f6"


@dataclass
class TagsSQL:
    add: str = """
        INSERT OR IGNORE INTO tags (id, account_id, name, name_folded, color)
        VALUES (:id, :account, :name, :folded, :color)"""
    find: str = "SELECT id FROM tags WHERE account_id = :account AND name_folded = :folded"
    attach: str = "INSERT OR IGNORE INTO contact_tags (contact_id, tag_id) VALUES (:contact, :tag)"
    detach: str = "DELETE FROM contact_tags WHERE contact_id = :contact"
    of_contacts: str = """
        SELECT ct.contact_id, t.id, t.name, t.color FROM contact_tags ct JOIN tags t ON t.id = ct.tag_id
        WHERE ct.contact_id IN (SELECT value FROM json_each(:contacts)) ORDER BY t.name_folded"""


class Tags:
    def __init__(self, db: Storage, ids: Ids) -> None:
        self.sql = TagsSQL()
        self._db = db
        self._ids = ids

    def fold(self, name: str) -> str:
        """What two names have in common when they differ in case only."""
        return name.casefold()

    def find_or_add(self, account: str, name: str) -> str:
        """The id of the account's tag of that name."""
        values = {"account": account, "folded": self.fold(name)}
        row = self._db.row(self.sql.find, values)
        if row is None:
            self._db.run(self.sql.add, values | {"id": self._ids.new(), "name": name, "color": DEFAULT_COLOR})
            row = self._db.row(self.sql.find, values)
            assert row is not None
        found: str = row["id"]
        return found

    def set(self, account: str, contact: str, names: Iterable[str]) -> None:
        """Make the contact's set exactly these."""
        self.clear(contact)
        self.attach(account, contact, names)

    def attach(self, account: str, contact: str, names: Iterable[str]) -> None:
        for name in names:
            self._db.run(self.sql.attach, {"contact": contact, "tag": self.find_or_add(account, name)})

    def clear(self, contact: str) -> None:
        self._db.run(self.sql.detach, {"contact": contact})

    def of(self, contacts: Iterable[str]) -> dict[str, list[Json]]:
        """Tags per contact id; a contact without any has an empty list."""
        found: defaultdict[str, list[Json]] = defaultdict(list)
        for row in self._db.rows(self.sql.of_contacts, {"contacts": json.dumps(list(contacts))}):
            found[row["contact_id"]].append({"id": row["id"], "name": row["name"], "color": row["color"]})
        return found
