"""SQLite behind one class: statements in, rows out, transactions that hold or leave nothing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

Row = sqlite3.Row
Values = Mapping[str, object]

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, phone_number_id TEXT UNIQUE, waba_id TEXT, access_token TEXT);
CREATE TABLE IF NOT EXISTS api_keys (
  key_hash TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL, scopes TEXT NOT NULL,
  revoked_at TEXT, expires_at TEXT);
CREATE TABLE IF NOT EXISTS contacts (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, phone TEXT NOT NULL, name TEXT, name_folded TEXT,
  email TEXT, company TEXT, avatar_url TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS contacts_by_phone ON contacts (account_id, phone);
CREATE INDEX IF NOT EXISTS contacts_order ON contacts (account_id, created_at, id);
CREATE TABLE IF NOT EXISTS tags (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL, name_folded TEXT NOT NULL,
  color TEXT NOT NULL, UNIQUE (account_id, name_folded));
CREATE TABLE IF NOT EXISTS contact_tags (
  contact_id TEXT NOT NULL REFERENCES contacts, tag_id TEXT NOT NULL REFERENCES tags,
  PRIMARY KEY (contact_id, tag_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contact_tags_by_tag ON contact_tags (tag_id, contact_id);
CREATE TABLE IF NOT EXISTS conversations (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts,
  contact_id TEXT NOT NULL REFERENCES contacts,
  status TEXT NOT NULL, assigned_agent_id TEXT, last_message_text TEXT, last_message_at TEXT,
  unread_count INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS conversations_by_contact ON conversations (contact_id);
CREATE INDEX IF NOT EXISTS conversations_order ON conversations (account_id, created_at, id);
CREATE TABLE IF NOT EXISTS messages (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts,
  conversation_id TEXT NOT NULL REFERENCES conversations, direction TEXT NOT NULL, sender_type TEXT NOT NULL,
  content_type TEXT NOT NULL, content_text TEXT, media_url TEXT, template_name TEXT, wamid TEXT NOT NULL,
  status TEXT NOT NULL, reported INTEGER NOT NULL DEFAULT 0, reply_to_message_id TEXT, interactive_reply_id TEXT,
  quoted_wamid TEXT, said_at INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS messages_by_wamid ON messages (account_id, wamid);
CREATE INDEX IF NOT EXISTS messages_order ON messages (conversation_id, created_at, id);
CREATE INDEX IF NOT EXISTS messages_said ON messages (conversation_id, said_at);
CREATE INDEX IF NOT EXISTS messages_quoting ON messages (account_id, quoted_wamid);
CREATE TABLE IF NOT EXISTS broadcasts (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL, template_name TEXT NOT NULL,
  template_language TEXT NOT NULL, status TEXT NOT NULL, total_recipients INTEGER NOT NULL, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS broadcast_recipients (
  id TEXT PRIMARY KEY, broadcast_id TEXT NOT NULL REFERENCES broadcasts, account_id TEXT NOT NULL, phone TEXT NOT NULL,
  params TEXT NOT NULL, state TEXT NOT NULL, wamid TEXT, sent_at TEXT, delivered_at TEXT, read_at TEXT, failed_at TEXT,
  replied_at TEXT,
  UNIQUE (broadcast_id, phone));
CREATE INDEX IF NOT EXISTS recipients_by_wamid ON broadcast_recipients (account_id, wamid);
CREATE INDEX IF NOT EXISTS recipients_by_phone ON broadcast_recipients (account_id, phone, sent_at);
CREATE TABLE IF NOT EXISTS early_statuses (
  seq INTEGER PRIMARY KEY, account_id TEXT NOT NULL, wamid TEXT NOT NULL, recipient TEXT, status TEXT NOT NULL,
  received_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS early_by_wamid ON early_statuses (account_id, wamid);
CREATE INDEX IF NOT EXISTS early_by_age ON early_statuses (received_at);
CREATE TABLE IF NOT EXISTS webhook_endpoints (
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts, url TEXT NOT NULL, events TEXT NOT NULL,
  secret TEXT NOT NULL, is_active INTEGER NOT NULL, last_delivery_at TEXT, failure_count INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS endpoints_order ON webhook_endpoints (account_id, created_at, id);
"""


class Storage:
    """One connection, used from one event loop.

    A unit of work never awaits between its statements, so units of work of one process cannot interleave; between
    processes that share a file, `transaction` takes the write lock first.
    """

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        self._connection.row_factory = Row
        self._connection.execute("PRAGMA busy_timeout = 5000")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)

    def rows(self, sql: str, values: Values) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Values) -> Row | None:
        found: Row | None = self._connection.execute(sql, values).fetchone()
        return found

    def run(self, sql: str, values: Values) -> int:
        """Execute, and say how many rows were changed."""
        return self._connection.execute(sql, values).rowcount

    def run_many(self, sql: str, values: Sequence[Values]) -> None:
        self._connection.executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing of it; a transaction inside another belongs to the outer one."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
