"""The records of a run: what users asked, what Meta holds, what the receiver got, in tables of SQLite on disk.

Memory stays the same however many messages there are; the file grows by some 300 bytes for each.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BATCH = 5000
STATUSES = ("sent", "delivered", "read", "failed")
PAGES = -8 * 1024
"""SQLite's page cache, in KiB (negative by its convention)."""

SCHEMA = """
CREATE TABLE asked (nonce TEXT PRIMARY KEY, scenario TEXT, recipient TEXT, digest TEXT, outcome TEXT, at REAL, wamid TEXT,
  conversation TEXT, batch TEXT) WITHOUT ROWID;
CREATE TABLE meta (nonce TEXT, seq INTEGER, recipient TEXT, digest TEXT, accepted INTEGER, wamid TEXT, at REAL, done REAL,
  PRIMARY KEY (nonce, seq)) WITHOUT ROWID;
CREATE TABLE written (wamid TEXT PRIMARY KEY, nonce TEXT, sender TEXT, digest TEXT, at REAL, acknowledged REAL) WITHOUT ROWID;
CREATE TABLE events (wamid TEXT, delivery TEXT, digest TEXT, at REAL, conversation TEXT, PRIMARY KEY (wamid, delivery))
  WITHOUT ROWID;
CREATE TABLE reported (wamid TEXT PRIMARY KEY, sent REAL, delivered REAL, read REAL, failed REAL) WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS asked_by_batch ON asked (batch) WHERE batch IS NOT NULL;
CREATE INDEX IF NOT EXISTS asked_by_conversation ON asked (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX IF NOT EXISTS written_by_sender ON written (sender);
CREATE INDEX IF NOT EXISTS written_by_nonce ON written (nonce);
"""


class Records:
    """A file at `path`, which must not exist. Rows are added in any order."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = {PAGES};{SCHEMA}"
        )

    def _add(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(sql, rows)
        self._db.execute("COMMIT")

    def add_asked(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """As `message_records.Asked.row` gives them."""
        self._add("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def add_written(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """As `message_records.Written.row` gives them."""
        self._add("INSERT OR IGNORE INTO written VALUES (?, ?, ?, ?, ?, NULL)", rows)

    def add_meta(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """(nonce, seq, recipient, digest, accepted, wamid, at, done): one per request to send at Meta."""
        self._add("INSERT OR REPLACE INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def add_acknowledged(self, rows: Iterable[tuple[float, str]]) -> None:
        """(unix time, wamid) of customers' messages whose webhook the deployment answered with 200."""
        self._add("UPDATE written SET acknowledged = COALESCE(acknowledged, ?) WHERE wamid = ?", rows)

    def add_reported(self, rows: Iterable[tuple[str, str, float]]) -> None:
        """(wamid, status, unix time) that the deployment was told and acknowledged; the first report counts."""
        for status in STATUSES:
            told = [(wamid, at) for wamid, said, at in rows if said == status]
            self._add(
                f"INSERT INTO reported (wamid, {status}) VALUES (?, ?) "  # noqa: S608 - one of four words
                f"ON CONFLICT (wamid) DO UPDATE SET {status} = COALESCE({status}, excluded.{status})",
                told,
            )

    def add_events(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """(wamid, delivery id, digest, at, conversation) of `message.received` events."""
        self._add("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def index(self) -> None:
        """Make joins fast; call it when all rows are there."""
        self._db.executescript(INDEXES)

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """What a query gives, row by row."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute(sql, values)
            while batch := cursor.fetchmany(BATCH):
                yield from batch

    def number(self, sql: str, *values: object) -> int:
        row = self._db.execute(sql, values).fetchone()
        return int(row[0] or 0)

    def close(self) -> None:
        self._db.close()
