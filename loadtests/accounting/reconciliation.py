"""The books of a run: what users asked, what Meta holds, what the receiver got, joined by SQLite on disk.

Memory stays the same however many messages there are; the file grows by some 300 bytes for each.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

EXAMPLES = 5
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


class Trouble(StrEnum):
    """What can be wrong with a message. `undecided` is no defect by itself, nor `unaccounted` when a worker was lost."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    MISADDRESSED = "misaddressed"
    ALTERED = "altered"
    UNEXPECTED = "unexpected"
    UNDECIDED = "undecided"
    UNACCOUNTED = "unaccounted"


MEANING = {
    Trouble.LOST: "accepted by the API, and Meta was never asked",
    Trouble.DUPLICATED: "at Meta more than once",
    Trouble.MISADDRESSED: "at Meta for another number",
    Trouble.ALTERED: "at Meta with other content",
    Trouble.UNEXPECTED: "refused by the API, and at Meta all the same",
    Trouble.UNDECIDED: "no answer came: sent or not, nobody was told",
    Trouble.UNACCOUNTED: "at Meta, and nobody reported to have asked for it",
}

SENDS = {
    # a recipient of a broadcast whom Meta refused was not lost: the broadcast counts it as failed
    Trouble.LOST: """SELECT a.scenario, a.nonce, a.recipient, a.wamid, a.at FROM asked a WHERE a.outcome = 'accepted' AND NOT EXISTS
        (SELECT 1 FROM meta m WHERE m.nonce = a.nonce AND (m.accepted OR a.batch IS NOT NULL))""",
    Trouble.DUPLICATED: """SELECT a.scenario, a.nonce, a.recipient, a.wamid, a.at FROM asked a WHERE
        (SELECT COUNT(*) FROM meta m WHERE m.nonce = a.nonce AND m.accepted) > 1""",
    Trouble.MISADDRESSED: """SELECT a.scenario, a.nonce, m.recipient, m.wamid, a.at FROM asked a JOIN meta m USING (nonce)
        WHERE m.accepted AND m.recipient <> a.recipient""",
    Trouble.ALTERED: """SELECT a.scenario, a.nonce, a.recipient, m.wamid, a.at FROM asked a JOIN meta m USING (nonce)
        WHERE m.accepted AND m.digest <> a.digest""",
    Trouble.UNEXPECTED: """SELECT a.scenario, a.nonce, a.recipient, m.wamid, a.at FROM asked a JOIN meta m USING (nonce)
        WHERE m.accepted AND a.outcome = 'refused'""",
    Trouble.UNDECIDED: """SELECT a.scenario, a.nonce, a.recipient, a.wamid, a.at FROM asked a WHERE a.outcome = 'unanswered'""",
    Trouble.UNACCOUNTED: """SELECT 'nobody', m.nonce, m.recipient, m.wamid, m.at FROM meta m
        WHERE m.accepted AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.nonce = m.nonce)""",
}
"""Each gives scenario, nonce, recipient, wamid and unix time of every message in that trouble."""
OF_OVERLOAD = {Trouble.UNEXPECTED, Trouble.UNDECIDED}
"""What comes of asking for more than a target can do, and is not held against it then: time-outs."""


ARRIVED = {
    Trouble.LOST: """SELECT 'inbound', w.nonce, w.sender, w.wamid, w.at FROM written w
        WHERE w.acknowledged IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events e WHERE e.wamid = w.wamid)""",
    Trouble.DUPLICATED: """SELECT 'inbound', w.nonce, w.sender, w.wamid, w.at FROM written w WHERE
        (SELECT COUNT(*) FROM events e WHERE e.wamid = w.wamid) > 1""",
    Trouble.ALTERED: """SELECT 'inbound', w.nonce, w.sender, w.wamid, w.at FROM written w JOIN events e USING (wamid)
        WHERE e.digest NOT IN (w.digest, '')""",
}
"""The same for customers' messages and the `message.received` events that the receiver got."""


@dataclass(frozen=True)
class Account:
    """How many messages are in a trouble, by scenario, and some of them."""

    trouble: Trouble
    where: str
    by_scenario: dict[str, int]
    examples: list[str]

    @property
    def count(self) -> int:
        return sum(self.by_scenario.values())


class Books:
    """A file at `path`, which must not exist. Rows are added in any order; `close_books` joins them."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = {PAGES};{SCHEMA}"
        )

    def _add(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(sql, rows)
        self._db.execute("COMMIT")

    def asked(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """As `records.Asked.row` gives them."""
        self._add("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def written(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """As `records.Written.row` gives them."""
        self._add("INSERT OR IGNORE INTO written VALUES (?, ?, ?, ?, ?, NULL)", rows)

    def meta(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """(nonce, seq, recipient, digest, accepted, wamid, at, done): one per request to send at Meta."""
        self._add("INSERT OR REPLACE INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def acknowledged(self, rows: Iterable[tuple[float, str]]) -> None:
        """(unix time, wamid) of customers' messages whose webhook the deployment answered with 200."""
        self._add("UPDATE written SET acknowledged = COALESCE(acknowledged, ?) WHERE wamid = ?", rows)

    def reported(self, rows: Iterable[tuple[str, str, float]]) -> None:
        """(wamid, status, unix time) that the deployment was told and acknowledged; the first report counts."""
        for status in STATUSES:
            told = [(wamid, at) for wamid, said, at in rows if said == status]
            self._add(
                f"INSERT INTO reported (wamid, {status}) VALUES (?, ?) "  # noqa: S608 - one of four words
                f"ON CONFLICT (wamid) DO UPDATE SET {status} = COALESCE({status}, excluded.{status})",
                told,
            )

    def events(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """(wamid, delivery id, digest, at, conversation) of `message.received` events."""
        self._add("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def sends(self, overloads: Sequence[tuple[float, float]] = ()) -> list[Account]:
        """What is wrong with messages to customers. `overloads` are spans of unix time (see `OF_OVERLOAD`)."""
        self._db.executescript(INDEXES)
        return [
            self._account(trouble, "at Meta", sql, overloads if trouble in OF_OVERLOAD else ())
            for trouble, sql in SENDS.items()
        ]

    def arrivals(self) -> list[Account]:
        """What is wrong with customers' messages on their way to the receiver."""
        return [self._account(trouble, "at the receiver", sql, ()) for trouble, sql in ARRIVED.items()]

    def _account(self, trouble: Trouble, where: str, sql: str, spared: Sequence[tuple[float, float]]) -> Account:
        times = " OR ".join(["c5 BETWEEN ? AND ?"] * len(spared)) or "0"
        found = f"WITH found (c1, c2, c3, c4, c5) AS ({sql}) SELECT {{}} FROM found WHERE NOT ({times})"  # noqa: S608 - our own texts
        values = [moment for span in spared for moment in span]
        with closing(self._db.cursor()) as cursor:
            by_scenario = dict(cursor.execute(found.format("c1, COUNT(*)") + " GROUP BY c1", values))
            rows = cursor.execute(found.format("c2, c3, c4") + f" LIMIT {EXAMPLES}", values).fetchall()
        shown = [f"{nonce} to +{recipient}{f' ({wamid})' if wamid else ''}" for nonce, recipient, wamid in rows]
        return Account(trouble, where, by_scenario, shown)

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
