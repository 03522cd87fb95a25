"""What the generated requests have created, changed and deleted, and what must therefore be read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.contract import json_schema
from conformance.generation.system_rules import Broken
from conformance.generation.traffic import answer_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.contract.json_schema import Json
    from conformance.generation.traffic import Answer, Request

NOT_FOUND = 404

# What no other party changes between two requests of one run. A webhook's counters move by themselves, and times may be
# written in two spellings.
STABLE = {
    "contacts": ("id", "phone", "name", "email", "company", "tags"),
    "conversations": ("id", "contact_id"),
    "broadcasts": ("id", "name", "template_name", "template_language", "total_recipients"),
    "webhooks": ("id", "url", "events"),
}


NAMED = (("contact_id", "contacts"), ("conversation_id", "conversations"), ("broadcast_id", "broadcasts"))
"""Members that name something else."""


@dataclass
class Memory:
    """`given` are ids that exist already, by collection; others may change them, so only their existence is known."""

    given: Mapping[str, Sequence[str]]
    alive: dict[str, dict[str, Mapping[str, Json]]] = field(default_factory=lambda: defaultdict(dict))
    dead: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    sent: list[tuple[str, str]] = field(default_factory=list)
    """(number, message id) of what was sent, for replies."""
    conversations: dict[str, str] = field(default_factory=dict)
    """Conversation by contact."""
    cursors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Cursors that the deployment issued, by operation."""
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Ids that a list or another thing named."""

    def made(self, kind: str, id_: str) -> bool:
        """Whether this run created it, so that it may be changed and deleted."""
        return id_ in self.alive[kind] or id_ in self.dead[kind]

    def knows(self, kind: str, id_: str) -> bool:
        known = (self.alive[kind], self.dead[kind], self.seen[kind], self.given.get(kind, ()))
        return any(id_ in ids for ids in known)

    @property
    def created(self) -> dict[str, tuple[str, ...]]:
        """Ids of what the run made and did not delete, by collection."""
        return {kind: tuple(found) for kind, found in self.alive.items() if found}

    def check(self, request: Request, answer: Answer) -> Iterator[Broken]:
        """The promises that this answer breaks, then remember it."""
        data = _data(answer)
        if request.id is not None and json_schema.is_uuid(request.id):
            yield from self._check_single(request, request.id, answer, data)
        elif isinstance(data, list):
            yield from self._check_list(request, data)
        self._remember(request, answer, data)
        self._look(request, answer_json(answer))

    def _check_single(self, request: Request, id_: str, answer: Answer, data: Json) -> Iterator[Broken]:
        kind, status = request.kind, answer.status or 0
        if id_ in self.dead[kind] and status < 400:
            yield Broken("deleted", f"404 for {kind[:-1]} after its deletion", f"HTTP {status}")
        elif id_ in self.alive[kind] and status == NOT_FOUND:
            yield Broken("created", f"the {kind[:-1]} that was created", f"HTTP {status}")
        elif not self.knows(kind, id_) and status < 400:
            yield Broken("unknown", f"404 for a {kind[:-1]} id that was never issued", f"HTTP {status}")
        elif (
            request.operation.path.endswith("{id}") and isinstance(data, dict) and request.operation.method != "DELETE"
        ):
            yield from self._compare(request, id_, data)

    def _compare(self, request: Request, id_: str, data: Mapping[str, Json]) -> Iterator[Broken]:
        """The answer is about the id, and says what was said before, but for what this request changes."""
        sent = request.json if request.operation.method == "PATCH" else {}
        known: dict[str, Json] = {"id": id_, **self.alive[request.kind].get(id_, {})}
        for name, value in known.items():
            if (
                name in data
                and (not isinstance(sent, dict) or name not in sent)
                and _plain(data[name]) != _plain(value)
            ):
                expected = f"{name} to be {json_schema.shown(value)} as before"
                yield Broken(f"unchanged {name}", expected, json_schema.shown(data[name]))

    def _check_list(self, request: Request, rows: list[Json]) -> Iterator[Broken]:
        ids = {row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)}
        if request.id is None and ids & self.dead[request.kind]:
            yield Broken(
                "deleted", f"no deleted {request.kind[:-1]} in the list", f"{(ids & self.dead[request.kind]).pop()}"
            )
        query = dict(request.query)
        owner = query.get("contact_id", "")
        if request.operation.id == "listConversations" and set(query) == {"contact_id"} and owner in self.conversations:
            wanted = self.conversations[owner]
            if wanted not in ids:
                yield Broken("listed", f"the contact's conversation {wanted} in the list", f"{len(rows)} others")

    def _remember(self, request: Request, answer: Answer, data: Json) -> None:
        if not isinstance(data, dict) and answer.status != 204:
            return
        operation = request.operation
        if operation.method == "DELETE":
            self._bury(request)
        elif operation.id == "sendMessage":
            self._remember_send(request, data)
        elif operation.id == "createBroadcast" and isinstance(data.get("broadcast_id"), str):
            self.alive["broadcasts"].setdefault(data["broadcast_id"], {})
        elif operation.path in {"/contacts", "/webhooks"} or request.id in self.alive[request.kind]:
            self._keep(request.kind, data)

    def _look(self, request: Request, body: Json) -> None:
        """Note the ids and the cursor that an answer names, whatever brought them about."""
        data, meta = (body.get("data"), body.get("meta")) if isinstance(body, dict) else (None, None)
        for row in data if isinstance(data, list) else [data]:
            for name, kind in (("id", request.kind), *NAMED):
                if isinstance(row, dict) and isinstance(row.get(name), str):
                    self.seen[kind].add(row[name])
        if isinstance(meta, dict) and isinstance(meta.get("next_cursor"), str):
            self.cursors[request.operation.id].append(meta["next_cursor"])

    def _keep(self, kind: str, data: Mapping[str, Json]) -> None:
        if isinstance(data.get("id"), str) and data["id"] not in self.dead[kind]:
            self.alive[kind][data["id"]] = {name: data[name] for name in STABLE[kind] if name in data}

    def _bury(self, request: Request) -> None:
        if request.id is not None and self.alive[request.kind].pop(request.id, None) is not None:
            self.dead[request.kind].add(request.id)

    def _remember_send(self, request: Request, data: Mapping[str, Json]) -> None:
        ids = {name: data.get(name) for name in ("message_id", "conversation_id", "contact_id")}
        if not all(isinstance(value, str) for value in ids.values()):
            return
        self.sent.append((str(request.json["to"]), str(ids["message_id"])))
        self.alive["conversations"].setdefault(str(ids["conversation_id"]), {})
        self.alive["contacts"].setdefault(str(ids["contact_id"]), {})
        self.conversations[str(ids["contact_id"])] = str(ids["conversation_id"])


def _data(answer: Answer) -> Json:
    """`data` of a success; None for anything else."""
    if not 200 <= (answer.status or 0) < 300:
        return None
    body = answer_json(answer)
    return body.get("data") if isinstance(body, dict) else None


def _plain(value: Json) -> Json:
    """Tags and events have no order, and a tag is its name here."""
    if isinstance(value, list):
        return sorted({str(item.get("name")) if isinstance(item, dict) else str(item) for item in value})
    return value
