"""What an error message must not contain: stack traces, SQL, file paths, keys (ENV-06)."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.target.keys import Key

_STACK = (
    r"Traceback \(most recent call last\)", r'File "[^"]+", line \d+', r"\bat [\w.<>$\[\] ]+ \([^)]*:\d+:\d+\)",
    r"\bat (?:async )?(?:file://|node:|/)\S+:\d+:\d+", r"\b[\w/-]+\.(?:py|js|mjs|cjs|ts|tsx|go|rb|java|php|cs|rs):\d+",
    r"node_modules", r"site-packages", r"goroutine \d+", r"webpack-internal:", r'"(?:stack|stacktrace|stack_trace|traceback)":',
)  # fmt: skip
_SQL = (
    r"\bSELECT\b.{1,200}\bFROM\b", r"\bINSERT INTO\b", r"\bUPDATE \S+ SET\b", r"\bDELETE FROM\b", r"\bSQLSTATE\b", r"\bPGRST\d+",
    r"relation \S+ does not exist", r"column \S+ (?:of relation \S+ )?does not exist", r"no such (?:table|column)",
    r"violates [\w ]*constraint", r"duplicate key value", r"UNIQUE constraint failed", r"invalid input syntax for",
    r"syntax error at or near", r"out of range for type", r'near "[^"]*": syntax error', r"value too long for type",
    r"invalid byte sequence for encoding", r"\b(?:sqlite3|psycopg\d?|asyncpg|PostgrestError|PrismaClient\w*|sqlalchemy)\b",
    r"operator does not exist", r"failed to parse (?:logic tree|filter)", r"unsupported Unicode escape sequence",
)  # fmt: skip
_PATH = (
    r"(?<![\w.:/])/(?:usr|var|home|app|srv|opt|tmp|root|etc|workspace|build|Users|private|proc)/[\w.-]+",
    r"\b[A-Za-z]:\\\\?[\w.-]+\\", r"file:///?\w", r"(?<![\w/])(?:\./|\.\./)*(?:src|dist|lib|\.next)/[\w./-]+\.\w+",
)  # fmt: skip
KINDS = (("a stack trace", _STACK), ("SQL", _SQL), ("a file path", _PATH))
SHORTEST_PART = 8
"""Length of a part of a key that identifies it."""


def leaks(text: str, sent: str = "", keys: Iterable[Key] = (), secrets: Iterable[str] = ()) -> Iterator[str]:
    """Descriptions of what an answer must not contain. It may repeat what was `sent` (path, query, body), but no key."""
    plain = text.replace("\\/", "/")
    known = f"{sent}\n{unquote_plus(sent)}"
    for kind, patterns in KINDS:
        for pattern in patterns:
            found = re.search(pattern, plain, re.DOTALL)
            if found and found[0] not in known:
                yield f"{kind}: {found[0][:200]!r}"
    yield from (f"the key {key}, or a part of it" for key in keys if _shows(text, key.secret))
    yield from ("a secret of the target file" for secret in secrets if secret and secret in text)


def _shows(text: str, secret: str) -> bool:
    random = secret.removeprefix("Bearer ").removeprefix("wacrm_live_")
    parts = {random[:SHORTEST_PART], random[-SHORTEST_PART:], hashlib.sha256(secret.encode()).hexdigest()}
    return any(len(part) >= SHORTEST_PART and part in text for part in parts)
