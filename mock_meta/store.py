"""The ledger's entries in SQLite: in memory, or in a file that outlives the process.

Rows and not objects: a million messages cost half a kilobyte each and the garbage collector nothing, and a filter is a query.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mock_meta.entries import Entry, Outcome, RequestEntry, WebhookEntry, digits_in, parsed_body, person_key
from mock_meta.subjects import Subjects

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
  seq INTEGER PRIMARY KEY, at REAL, method TEXT, path TEXT, query TEXT, version TEXT, operation TEXT, scheme TEXT,
  token_known INTEGER, content_type TEXT, raw BLOB, phone_number_id TEXT, recipient TEXT, type TEXT, wamid TEXT,
  outcome TEXT, status INTEGER, error TEXT, problems TEXT, duration REAL);
CREATE TABLE IF NOT EXISTS webhooks (
  seq INTEGER PRIMARY KEY, at REAL, delivery INTEGER, attempt INTEGER, url TEXT, waba_id TEXT, signing TEXT, body BLOB,
  status INTEGER, error TEXT, duration REAL, answer TEXT, phone_number_id TEXT, field TEXT);
CREATE TABLE IF NOT EXISTS about (subject, seq INTEGER, PRIMARY KEY (subject, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempts ON webhooks (delivery);
"""
_TABLES = ("requests", "webhooks", "about")
_REQUEST = "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WEBHOOK = "INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ABOUT = "INSERT OR IGNORE INTO about VALUES (?, ?)"
_MEMORY = ":memory:"


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


class Store:
    """A database of entries. Raises sqlite3.Error for a file that is none, or cannot be written."""

    def __init__(self, file: str | None = None) -> None:
        self.file = file
        self._db = sqlite3.connect(file or _MEMORY, isolation_level=None)
        if file is not None:
            # A process that is killed loses no commit; the log is moved into the file by checkpoint(), not by a send.
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;")
        self._db.executescript(_SCHEMA)

    def last_seq(self) -> int:
        """The highest number ever given, also to entries that a reset removed."""
        (cleared,) = self._db.execute("PRAGMA user_version").fetchone()
        rows = self._db.execute("SELECT max(seq) FROM requests UNION ALL SELECT max(seq) FROM webhooks")
        return max(int(cleared), *(int(seq or 0) for (seq,) in rows))

    def last_delivery(self) -> int:
        (found,) = self._db.execute("SELECT max(delivery) FROM webhooks").fetchone()
        return int(found or 0)

    def write(self, entries: Sequence[Entry]) -> None:
        """All of them, in one transaction."""
        requests = [one for one in entries if isinstance(one, RequestEntry)]
        webhooks = [one for one in entries if isinstance(one, WebhookEntry)]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany(_REQUEST, map(_request_row, requests))
            self._db.executemany(_WEBHOOK, map(_webhook_row, webhooks))
            self._db.executemany(_ABOUT, [(_text(name), one.seq) for one in entries for name in one.about()])

    def set_duration(self, seq: int, seconds: float) -> None:
        self._db.execute("UPDATE requests SET duration = ? WHERE seq = ?", (seconds, seq))

    def clear(self, last_seq: int) -> None:
        """Remove all entries; ``last_seq`` stays in force."""
        with self._db:
            self._db.execute("BEGIN")
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # names from above
        self._db.execute(f"PRAGMA user_version = {last_seq}")

    def close(self) -> None:
        self._db.close()

    def select(self, query: Query) -> list[Entry]:
        """The first ``limit`` matching entries in order."""
        found: list[Entry] = []
        if query.kind != WebhookEntry.kind:
            found += [_request(row) for row in self._rows("requests", "raw", query)]
        if query.kind != RequestEntry.kind and not (query.operation or query.outcome):
            found += [_webhook(row) for row in self._rows("webhooks", "body", query)]
        found.sort(key=lambda one: one.seq)
        return found[: query.limit]

    def attempts(self, delivery: int) -> list[WebhookEntry]:
        """What is on record of a delivery."""
        rows = self._db.execute("SELECT * FROM webhooks WHERE delivery = ? ORDER BY seq", (delivery,))
        return [_webhook(row) for row in rows]

    def latest_send(self, phone_number_id: str, digits: str) -> str | None:
        """The id of the last message the number sent to the person."""
        row = self._db.execute(
            "SELECT wamid FROM requests WHERE seq IN (SELECT seq FROM about WHERE subject = ?) "
            "AND phone_number_id = ? AND wamid IS NOT NULL ORDER BY seq DESC LIMIT 1",
            (_text(person_key(digits)), phone_number_id),
        ).fetchone()
        return row[0] if row else None

    def _rows(self, table: str, content: str, query: Query) -> Iterable[tuple[Any, ...]]:
        terms: list[str] = ["seq > ?"]
        values: list[Any] = [query.since]
        subjects = [query.wamid, None if query.to is None else person_key(digits_in(query.to))]
        for subject in subjects:
            if subject is not None:
                terms.append("seq IN (SELECT seq FROM about WHERE subject = ? AND seq > ?)")
                values += [_text(subject), query.since]
        for column in ("phone_number_id", "operation", "outcome"):
            if getattr(query, column) is not None:
                terms.append(f"{column} = ?")
                values.append(_text(getattr(query, column)))
        if query.contains is not None:
            needles = spellings(query.contains)
            terms.append(" OR ".join(f"instr({content}, ?)" for _ in needles).join("()"))
            values += needles
        where = " AND ".join(terms)
        return self._db.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY seq LIMIT ?", (*values, query.limit))  # noqa: S608  # no values in it


def checkpoint(file: str) -> None:
    """Move committed pages from the log into the file; for a thread of its own, because it waits for the disk."""
    database = sqlite3.connect(file)
    try:
        database.execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        database.close()


def spellings(text: str) -> tuple[bytes, ...]:
    """The text as it can stand in a body: plain, in JSON, in ASCII JSON, in Meta's escaped form."""
    plain, ascii_only = json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]
    forms = dict.fromkeys((text, plain, ascii_only, ascii_only.replace("/", "\\/")))
    return tuple(form.encode("utf-8", "surrogatepass") for form in forms)


def _text(value: Any) -> Any:  # noqa: ANN401  # what SQLite takes
    """A value for SQLite, whose text is UTF-8: what that cannot hold is stored as bytes."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def _string(value: Any) -> Any:  # noqa: ANN401  # what SQLite gives
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def _request_row(one: RequestEntry) -> tuple[Any, ...]:
    return (
        one.seq,
        one.at,
        one.method,
        _text(one.path),
        json.dumps(one.query) if one.query else None,
        one.version,
        one.operation,
        one.scheme,
        one.token_known,
        one.content_type,
        one.raw,
        _text(one.phone_number_id),
        _text(one.to),
        _text(one.type),
        one.wamid,
        one.outcome,
        one.status,
        json.dumps(one.error) if one.error else None,
        json.dumps(one.problems) if one.problems else None,
        one.duration,
    )


def _request(row: tuple[Any, ...]) -> RequestEntry:
    return RequestEntry(
        seq=row[0],
        at=row[1],
        method=row[2],
        path=_string(row[3]),
        query=json.loads(row[4]) if row[4] else {},
        version=row[5],
        operation=row[6],
        scheme=row[7],
        token_known=bool(row[8]),
        content_type=row[9],
        raw=row[10],
        phone_number_id=_string(row[11]),
        to=_string(row[12]),
        type=_string(row[13]),
        wamid=row[14],
        outcome=Outcome(row[15]),
        status=row[16],
        error=json.loads(row[17]) if row[17] else None,
        problems=json.loads(row[18]) if row[18] else [],
        duration=row[19],
    )


def _webhook_row(one: WebhookEntry) -> tuple[Any, ...]:
    return (
        one.seq,
        one.at,
        one.delivery,
        one.attempt,
        _text(one.url),
        one.waba_id,
        one.signing,
        one.body,
        one.status,
        _text(one.error),
        one.duration,
        _text(one.answer),
        _text(one.phone_number_id),
        _text(one.field),
    )


def _webhook(row: tuple[Any, ...]) -> WebhookEntry:
    return WebhookEntry(
        seq=row[0],
        at=row[1],
        delivery=row[2],
        attempt=row[3],
        url=_string(row[4]),
        waba_id=row[5],
        signing=row[6],
        body=row[7],
        status=row[8],
        error=_string(row[9]),
        duration=row[10],
        answer=_string(row[11]),
        phone_number_id=_string(row[12]),
        field=_string(row[13]),
        subjects=Subjects(parsed_body(row[7])),
    )
