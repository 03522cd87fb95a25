"""The ledger's entries in SQLite: in memory, or in a file that outlives the process.

Rows and not objects: a million messages cost half a kilobyte each and the garbage collector nothing, and a filter is a query.
"""

import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mock_meta.ledger.entries import Entry, RequestEntry, WebhookEntry, digits_in, person_key
from mock_meta.ledger.rows import REQUESTS, WEBHOOKS, Row, request_of, storable, webhook_of

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: BinaryIO) -> None:
        """One byte far beyond the pages that SQLite locks itself, since locks are mandatory here."""
        handle.seek(1 << 40)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: BinaryIO) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


_SCHEMA = f"""
{REQUESTS.create}
{WEBHOOKS.create}
CREATE TABLE IF NOT EXISTS about (subject, seq INTEGER, PRIMARY KEY (subject, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempts ON webhooks (delivery);
"""
_TABLES = ("requests", "webhooks", "about")
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
    """A database of entries. Raises sqlite3.Error or OSError for a file that is none, is in use, or cannot be written."""

    def __init__(self, file: str | None = None) -> None:
        self.file = file
        self._claim = None if file is None else _claimed(file)
        self._db = sqlite3.connect(file or _MEMORY, isolation_level=None)
        try:
            if file is not None:
                # A killed process loses no commit. The log is moved into the file by checkpoint(), not while a send waits.
                self._db.executescript(
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;"
                )
            self._db.executescript(_SCHEMA)
        except sqlite3.Error:
            self.close()
            raise

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
            self._db.executemany(REQUESTS.insert, map(REQUESTS.row, requests))
            self._db.executemany(WEBHOOKS.insert, map(WEBHOOKS.row, webhooks))
            self._db.executemany(_ABOUT, [(storable(name), one.seq) for one in entries for name in one.about()])

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
        if self._claim is not None:
            self._claim.close()

    def select(self, query: Query) -> list[Entry]:
        """The first ``limit`` matching entries in order."""
        found: list[Entry] = []
        if query.kind != WebhookEntry.kind:
            found += [request_of(row) for row in self._rows("requests", "raw", query)]
        if query.kind != RequestEntry.kind and not (query.operation or query.outcome):
            found += [webhook_of(row) for row in self._rows("webhooks", "body", query)]
        found.sort(key=lambda one: one.seq)
        return found[: query.limit]

    def attempts(self, delivery: int) -> list[WebhookEntry]:
        """What is on record of a delivery."""
        rows = self._db.execute("SELECT * FROM webhooks WHERE delivery = ? ORDER BY seq", (delivery,))
        return [webhook_of(row) for row in rows]

    def latest_send(self, phone_number_id: str, digits: str) -> str | None:
        """The id of the last message the number sent to the person."""
        row = self._db.execute(
            "SELECT wamid FROM requests WHERE seq IN (SELECT seq FROM about WHERE subject = ?) "
            "AND phone_number_id = ? AND wamid IS NOT NULL ORDER BY seq DESC LIMIT 1",
            (storable(person_key(digits)), phone_number_id),
        ).fetchone()
        return row[0] if row else None

    def _rows(self, table: str, content: str, query: Query) -> Iterable[Row]:
        terms: list[str] = ["seq > ?"]
        values: list[Any] = [query.since]
        subjects = [query.wamid, None if query.to is None else person_key(digits_in(query.to))]
        for subject in subjects:
            if subject is not None:
                terms.append("seq IN (SELECT seq FROM about WHERE subject = ? AND seq > ?)")
                values += [storable(subject), query.since]
        for column in ("phone_number_id", "operation", "outcome"):
            if getattr(query, column) is not None:
                terms.append(f"{column} = ?")
                values.append(storable(getattr(query, column)))
        if query.contains is not None:
            needles = spellings(query.contains)
            terms.append(" OR ".join(f"instr({content}, ?)" for _ in needles).join("()"))
            values += needles
        where = " AND ".join(terms)
        return self._db.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY seq LIMIT ?", (*values, query.limit))  # noqa: S608  # no values in it


def _claimed(file: str) -> BinaryIO:
    """The file, locked: two mocks would give the same numbers twice. Raises OSError."""
    handle = Path(file).open("ab")  # noqa: SIM115  # held until the store closes
    try:
        _lock(handle)
    except OSError as problem:
        handle.close()
        raise BlockingIOError("another mock writes to it") from problem
    return handle


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
