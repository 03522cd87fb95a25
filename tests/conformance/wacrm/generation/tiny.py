"""A deployment of a few lines, correct in two ways and broken in any of several, behind the `send` that the judge uses."""

from __future__ import annotations

import json
import random
import re
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from conformance.contract.json_schema import is_uuid

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = "2026-07-01T15:44:00.000Z"
EVENTS = {"message.received", "message.status_updated", "conversation.created"}


class Plant(StrEnum):
    """A planted defect."""

    WRONG_STATUS = "a new contact is answered with 202"
    MISSING_MEMBER = "a contact without name is read without company"
    BOUNDARY = "the largest page fails"
    CONTENT_TYPE = "errors are called HTML"
    WRONG_CODE = "a bad request is called invalid"
    ACCEPTS_NUMBER = "a number is taken for a name"
    ACCEPTS_NOTHING = "a webhook needs no events"
    UNDEAD = "a deleted webhook can be read"
    LISTED = "a deleted webhook is listed"
    LOST_UPDATE = "a change is answered and not kept"
    LOST = "a contact with tags is gone"


@dataclass(frozen=True)
class Answered:
    status: int
    answer_headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Failed(Exception):  # noqa: N818 - an answer, raised
    status: int
    code: str


@dataclass
class Tiny:
    """Contacts and webhooks; every other operation is forbidden to the key. `lenient` normalises, clamps and ignores."""

    plants: frozenset[Plant] = frozenset()
    lenient: bool = False
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[tuple[str, str, bytes | None]] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    def __call__(self, method: str, path: str, *, content: bytes | None, headers: Mapping[str, str]) -> Answered:
        del headers
        self.log.append((method, path, content))
        split = urlsplit(path)
        try:
            status, body = self._route(method, split.path, parse_qs(split.query), content)
        except Failed as failed:
            return self._failed(failed)
        return Answered(status, {"content-type": "application/json; charset=utf-8"}, json.dumps(body).encode())

    def _id(self) -> str:
        """The same ids in every test: what the generator does next depends on them."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def _failed(self, failed: Failed) -> Answered:
        media = "text/html" if Plant.CONTENT_TYPE in self.plants else "application/json"
        code = "invalid" if Plant.WRONG_CODE in self.plants and failed.status == 400 else failed.code
        body = {"error": {"code": code, "message": "no"}}
        return Answered(failed.status, {"content-type": media}, json.dumps(body).encode())

    def _route(self, method: str, path: str, query: dict[str, list[str]], content: bytes | None) -> tuple[int, Any]:
        _, kind, *rest = path.split("/")
        if kind not in {"contacts", "webhooks"}:
            raise Failed(403, "forbidden")
        stored = self.contacts if kind == "contacts" else self.webhooks
        if rest:
            return self._single(method, kind, rest[0], stored, content)
        if method == "GET":
            return 200, self._list(kind, stored, query)
        return self._create_contact(content) if kind == "contacts" else self._create_webhook(content)

    def _single(
        self, method: str, kind: str, id_: str, stored: dict[str, dict[str, Any]], content: bytes | None
    ) -> tuple[int, Any]:
        if method == "GET" and Plant.UNDEAD in self.plants and id_ in self.deleted:
            return 200, {"data": self.deleted[id_]}
        if not is_uuid(id_) or id_ not in stored:
            raise Failed(404, "not_found")
        if Plant.LOST in self.plants and stored[id_].get("tags"):
            raise Failed(404, "not_found")
        if method == "DELETE":
            self.deleted[id_] = stored.pop(id_)
            return 200, {"data": {"id": id_, "deleted": True}}
        row = dict(stored[id_]) if method == "GET" else self._update(kind, stored[id_], content)
        if Plant.MISSING_MEMBER in self.plants and method == "GET" and row.get("name", "") is None:
            del row["company"]
        return 200, {"data": row}

    def _list(self, kind: str, stored: dict[str, dict[str, Any]], query: dict[str, list[str]]) -> Any:
        limit = query.get("limit", ["50"])[0]
        if not self.lenient and (not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= 100):
            raise Failed(400, "bad_request")
        if Plant.BOUNDARY in self.plants and limit == "100":
            raise Failed(500, "internal")
        rows = list(stored.values())
        if Plant.LISTED in self.plants and kind == "webhooks":
            rows += self.deleted.values()
        return {"data": rows[-50:], "meta": {"next_cursor": None}}

    def _create_contact(self, content: bytes | None) -> tuple[int, Any]:
        body = self._object(content)
        phone = body.get("phone")
        if not isinstance(phone, str) or not re.fullmatch(r"\+[1-9]\d{6,14}", self._phone(phone)):
            raise Failed(400, "bad_request")
        changes = self._contact_changes(body)
        for known in self.contacts.values():
            if known["phone"] == self._phone(phone):
                return 200, {"data": known}
        row = {"id": self._id(), "phone": self._phone(phone), "name": None, "email": None, "company": None}
        row |= {"avatar_url": None, "tags": [], "created_at": NOW, "updated_at": NOW} | changes
        self.contacts[str(row["id"])] = row
        return 202 if Plant.WRONG_STATUS in self.plants else 201, {"data": row}

    def _phone(self, phone: str) -> str:
        return "+" + re.sub(r"\D", "", phone) if self.lenient else phone

    def _contact_changes(self, body: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name in ("name", "email", "company"):
            if name in body and not isinstance(body[name], str | None):
                if Plant.ACCEPTS_NUMBER not in self.plants or name != "name":
                    raise Failed(400, "bad_request")
                changes[name] = str(body[name])
            elif name in body:
                changes[name] = body[name]
        tags = body.get("tags", [] if self.lenient else None)
        if tags is None and (self.lenient or "tags" not in body):
            return changes
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise Failed(400, "bad_request")
        return changes | {"tags": [{"id": self._id(), "name": tag, "color": "#3b82f6"} for tag in tags]}

    def _create_webhook(self, content: bytes | None) -> tuple[int, Any]:
        body = self._object(content)
        if Plant.ACCEPTS_NOTHING in self.plants:
            body = {"events": ["message.received"]} | body
        if not {"url", "events"} <= set(body):
            raise Failed(400, "bad_request")
        row = {
            "id": self._id(),
            "is_active": True,
            "last_delivery_at": None,
            "failure_count": 0,
            "created_at": NOW,
        }
        row |= self._webhook_changes(body)
        self.webhooks[str(row["id"])] = row
        return 201, {"data": row | {"secret": "whsec_x"}}

    def _webhook_changes(self, body: dict[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {name: body[name] for name in ("url", "events", "is_active") if name in body}
        if self.lenient:
            given = {name: value for name, value in given.items() if name != "is_active" or value is not None}
        url, events = given.get("url", "https://x.invalid"), given.get("events", ["message.received"])
        sound = (
            isinstance(url, str) and url.strip().lower().startswith("https://") and not re.search(r"[\s{}|^`<>]", url)
        )
        listed = isinstance(events, list) and bool(events) and all(isinstance(e, str) and e in EVENTS for e in events)
        if not sound or not listed or not isinstance(given.get("is_active", True), bool):
            raise Failed(400, "bad_request")
        return given

    def _update(self, kind: str, row: dict[str, Any], content: bytes | None) -> dict[str, Any]:
        body = self._object(content)
        changes = self._contact_changes(body) if kind == "contacts" else self._webhook_changes(body)
        if "tags" not in body:
            changes.pop("tags", None)
        if Plant.LOST_UPDATE not in self.plants:
            row.update(changes)
        return row | changes

    def _object(self, content: bytes | None) -> dict[str, Any]:
        try:
            body = json.loads(content or b"")
        except ValueError:
            raise Failed(400, "bad_request") from None
        if not isinstance(body, dict):
            raise Failed(400, "bad_request")
        return body
