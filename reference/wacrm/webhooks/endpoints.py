"""Webhook endpoints: where an account's events go."""

import json
import secrets
from dataclasses import dataclass

from reference.wacrm.protocol.bodies import Event, WebhookCreate, WebhookPatch
from reference.wacrm.protocol.envelope import Json, not_found
from reference.wacrm.storage.clock import Clock, Ids
from reference.wacrm.storage.database import Row, Storage
from reference.wacrm.storage.keyset_pages import Window
from reference.wacrm.webhooks.allowed_targets import Targets


@dataclass
class EndpointsSQL:
    add: str = """
        INSERT INTO webhook_endpoints (id, account_id, url, events, secret, is_active, created_at)
        VALUES (:id, :account, :url, :events, :secret, 1, :now)"""
    by_id: str = "SELECT * FROM webhook_endpoints WHERE account_id = :account AND id = :id"
    page: str = """
        SELECT * FROM webhook_endpoints WHERE account_id = :account AND (created_at, id) < (:before, :before_id)
        ORDER BY created_at DESC, id DESC LIMIT :rows"""
    change: str = """
        UPDATE webhook_endpoints SET url = :url, events = :events, is_active = :is_active,
            failure_count = :failure_count WHERE account_id = :account AND id = :id"""
    delete: str = "DELETE FROM webhook_endpoints WHERE account_id = :account AND id = :id"
    active: str = (
        "SELECT * FROM webhook_endpoints WHERE account_id = :account AND is_active = 1 ORDER BY created_at, id"
    )
    success: str = """
        UPDATE webhook_endpoints SET failure_count = 0, last_delivery_at = :now
        WHERE account_id = :account AND id = :id"""
    failure: str = """
        UPDATE webhook_endpoints SET failure_count = failure_count + 1,
            is_active = CASE WHEN failure_count + 1 >= :most THEN 0 ELSE is_active END
        WHERE account_id = :account AND id = :id"""


class Endpoints:
    """`failures` consecutive failures switch an endpoint off."""

    def __init__(self, db: Storage, clock: Clock, ids: Ids, targets: Targets, failures: int) -> None:
        self.sql = EndpointsSQL()
        self.failures = failures
        self._db = db
        self._clock = clock
        self._ids = ids
        self._targets = targets

    def create(self, account: str, body: WebhookCreate) -> Json:
        """The new endpoint with its secret, which is never shown again (HOOK-01)."""
        values = {
            "id": self._ids.new(),
            "account": account,
            "url": self._targets.check(body.url),
            "events": self.events(body.events),
            "secret": self.new_secret(),
            "now": self._clock.now(),
        }
        self._db.run(self.sql.add, values)
        row = self.require(account, str(values["id"]))
        return self.present(row) | {"secret": row["secret"]}

    def new_secret(self) -> str:
        return f"whsec_{secrets.token_urlsafe(32)}"

    def events(self, events: list[Event]) -> str:
        """As stored: each event once, in the order given."""
        return json.dumps(list(dict.fromkeys(events)))

    def find(self, account: str, identity: str) -> Row | None:
        return self._db.row(self.sql.by_id, {"account": account, "id": identity})

    def require(self, account: str, text: str) -> Row:
        """Raises ApiError 404 for an id that is unknown, another account's, or no id at all."""
        identity = Ids.parse(text)
        row = self.find(account, identity) if identity else None
        if row is None:
            raise not_found()
        return row

    def read(self, account: str, text: str) -> Json:
        return self.present(self.require(account, text))

    def update(self, account: str, text: str, body: WebhookPatch) -> Json:
        """Change what was sent; `is_active: true` also clears the count of failures."""
        row = self.require(account, text)
        self._db.run(self.sql.change, {"account": account, "id": row["id"]} | self.changed(row, body))
        return self.read(account, text)

    def changed(self, row: Row, body: WebhookPatch) -> dict[str, object]:
        sent = body.model_fields_set
        values: dict[str, object] = {m: row[m] for m in ("url", "events", "is_active", "failure_count")}
        if "url" in sent:
            values["url"] = self._targets.check(body.url)
        if "events" in sent:
            values["events"] = self.events(body.events)
        if "is_active" in sent:
            values["is_active"] = body.is_active
            values["failure_count"] = 0 if body.is_active else row["failure_count"]
        return values

    def delete(self, account: str, text: str) -> Json:
        row = self.require(account, text)
        self._db.run(self.sql.delete, {"account": account, "id": row["id"]})
        return {"id": row["id"], "deleted": True}

    def page(self, account: str, window: Window) -> list[Row]:
        return self._db.rows(self.sql.page, {"account": account} | window.values())

    def subscribed(self, account: str, event: Event) -> list[Row]:
        """The account's active endpoints that want this event."""
        rows = self._db.rows(self.sql.active, {"account": account})
        return [row for row in rows if event in json.loads(row["events"])]

    def note_success(self, account: str, identity: str) -> None:
        self._db.run(self.sql.success, {"account": account, "id": identity, "now": self._clock.now()})

    def note_failure(self, account: str, identity: str) -> None:
        self._db.run(self.sql.failure, {"account": account, "id": identity, "most": self.failures})

    def present(self, row: Row) -> Json:
        """An endpoint as the API shows it, without its secret."""
        shown = {"id": row["id"], "url": row["url"], "events": json.loads(row["events"])}
        shown |= {"is_active": bool(row["is_active"]), "last_delivery_at": row["last_delivery_at"]}
        return shown | {"failure_count": row["failure_count"], "created_at": row["created_at"]}
