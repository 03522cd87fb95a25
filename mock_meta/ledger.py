"""What Meta was asked and what it did: the evidence. Append-only, in order, indexed by message and recipient."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mock_meta.jsontext import parse_json

RAW_LIMIT = 64 * 1024


class Kind(StrEnum):
    REQUEST = "request"
    WEBHOOK = "webhook"


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAULT = "fault"


@dataclass(slots=True)
class RequestEntry:
    """One call to the Graph API. ``duration`` in seconds, set when the answer is out."""

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    version: str | None
    operation: str
    scheme: str | None
    token_known: bool
    content_type: str
    raw: bytes
    phone_number_id: str | None
    to: str | None
    type: str | None
    wamid: str | None
    outcome: Outcome
    status: int | None
    error: Mapping[str, Any] | None
    problems: list[str]
    duration: float | None = None
    seq: int = 0
    kind: Kind = Kind.REQUEST

    @property
    def wamids(self) -> Iterable[str]:
        return (self.wamid,) if self.wamid else ()

    @property
    def people(self) -> Iterable[str]:
        return (_digits(self.to),) if self.to else ()

    @property
    def content(self) -> bytes:
        return self.raw

    def shown(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "version": self.version,
            "operation": self.operation,
            "authorization": {"scheme": self.scheme, "known": self.token_known},
            "content_type": self.content_type,
            "body": _parsed(self.raw),
            "raw": self.raw[:RAW_LIMIT].decode("utf-8", "replace"),
            "phone_number_id": self.phone_number_id,
            "to": self.to,
            "type": self.type,
            "wamid": self.wamid,
            "outcome": self.outcome,
            "status": self.status,
            "error": self.error,
            "problems": self.problems,
            "duration": self.duration,
        }


@dataclass(slots=True)
class WebhookEntry:
    """One attempt to deliver a webhook. ``status`` None with ``error`` when nothing answered."""

    at: float
    delivery_id: str
    attempt: int
    url: str
    waba_id: str
    field: str
    wamids: list[str]
    statuses: list[tuple[str, str]]
    people: list[str]
    phone_number_id: str | None
    body: bytes
    status: int | None
    error: str | None
    duration: float
    seq: int = 0
    kind: Kind = Kind.WEBHOOK

    @property
    def content(self) -> bytes:
        return self.body

    def shown(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "kind": self.kind,
            "at": self.at,
            "delivery_id": self.delivery_id,
            "attempt": self.attempt,
            "url": self.url,
            "waba_id": self.waba_id,
            "field": self.field,
            "phone_number_id": self.phone_number_id,
            "wamids": self.wamids,
            "statuses": self.statuses,
            "status": self.status,
            "error": self.error,
            "duration": self.duration,
            "payload": _parsed(self.body),
        }


Entry = RequestEntry | WebhookEntry


@dataclass(frozen=True, slots=True)
class Query:
    """A filter; None means any. ``since`` is exclusive, ``limit`` counts entries."""

    kind: str | None = None
    wamid: str | None = None
    to: str | None = None
    contains: str | None = None
    operation: str | None = None
    outcome: str | None = None
    phone_number_id: str | None = None
    since: int = 0
    limit: int = 1000


@dataclass(slots=True)
class Counters:
    """Running totals for /metrics; reset with the ledger."""

    requests: dict[tuple[str, str], int] = field(default_factory=dict)
    webhooks: dict[str, int] = field(default_factory=dict)


class Ledger:
    """All entries since the last reset. ``seq`` keeps counting across resets, so an old ``since`` stays true."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._first_seq = 1
        self._by_wamid: dict[str, list[int]] = {}
        self._by_person: dict[str, list[int]] = {}
        self.counters = Counters()

    @property
    def last_seq(self) -> int:
        return self._first_seq + len(self._entries) - 1

    def add(self, entry: Entry) -> None:
        entry.seq = self.last_seq + 1
        self._entries.append(entry)
        for wamid in entry.wamids:
            self._by_wamid.setdefault(wamid, []).append(entry.seq)
        for person in entry.people:
            self._by_person.setdefault(person, []).append(entry.seq)
        self._count(entry)

    def clear(self) -> None:
        self._first_seq = self.last_seq + 1
        self._entries.clear()
        self._by_wamid.clear()
        self._by_person.clear()
        self.counters = Counters()

    def find(self, query: Query) -> list[Entry]:
        """The first ``limit`` matching entries in order."""
        needles = spellings(query.contains) if query.contains is not None else ()
        found = (one for one in self._candidates(query) if _matches(one, query) and _holds(one, needles))
        return list(itertools.islice(found, query.limit))

    def _candidates(self, query: Query) -> Iterator[Entry]:
        if query.wamid is not None:
            seqs = self._by_wamid.get(query.wamid, [])
        elif query.to is not None:
            seqs = self._by_person.get(_digits(query.to), [])
        else:
            start = max(0, query.since + 1 - self._first_seq)
            return itertools.islice(self._entries, start, None) if start else iter(self._entries)
        return (self._entries[seq - self._first_seq] for seq in seqs if seq > query.since)

    def _count(self, entry: Entry) -> None:
        if isinstance(entry, RequestEntry):
            key = (entry.operation, entry.outcome.value)
            self.counters.requests[key] = self.counters.requests.get(key, 0) + 1
        else:
            answer = str(entry.status) if entry.status is not None else "none"
            self.counters.webhooks[answer] = self.counters.webhooks.get(answer, 0) + 1


def _matches(entry: Entry, query: Query) -> bool:
    if query.kind is not None and entry.kind != query.kind:
        return False
    if query.phone_number_id is not None and entry.phone_number_id != query.phone_number_id:
        return False
    if query.to is not None and _digits(query.to) not in entry.people:
        return False
    return not (query.operation or query.outcome) or _request_matches(entry, query)


def spellings(text: str) -> tuple[bytes, ...]:
    """The text as it can stand in a body: plain, in JSON, in ASCII JSON, in Meta's escaped form."""
    plain, ascii_only = json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]
    forms = dict.fromkeys((text, plain, ascii_only, ascii_only.replace("/", "\\/")))
    return tuple(form.encode("utf-8", "surrogatepass") for form in forms)


def _holds(entry: Entry, needles: tuple[bytes, ...]) -> bool:
    return not needles or any(needle in entry.content for needle in needles)


def _request_matches(entry: Entry, query: Query) -> bool:
    if not isinstance(entry, RequestEntry):
        return False
    return query.operation in (None, entry.operation) and query.outcome in (None, entry.outcome)


def _digits(text: str) -> str:
    return text if text.isdigit() else "".join(letter for letter in text if letter.isdigit())


def _parsed(raw: bytes) -> Any:  # noqa: ANN401  # JSON goes out
    try:
        return parse_json(raw) if raw else None
    except ValueError:
        return None
