"""Cursors that no server issued: arbitrary texts, and altered forms of a real cursor (PAGE-07)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

NEVER_ISSUED = (
    "", " ", "0", "-1", "1", "abc", "null", "undefined", "true", "[]", "{}", "%00", "\u0000", "😀", "é", "../../etc/passwd",
    "' OR '1'='1", '"),or(id.neq.0', "*", "====", "e30", "W10", "bnVsbA", "MTIz", "eyJjcmVhdGVkX2F0IjoxfQ",
    "00000000-0000-0000-0000-000000000000",
    "2026-01-01T00:00:00.000Z", "9999-99-99T99:99:99Z|00000000-0000-0000-0000-000000000000", "A" * 2000,
)  # fmt: skip
"""In base64url, among them: an empty object, an empty list, null, a number, an object with a number as timestamp."""

WRONG_VALUES: tuple[Any, ...] = (
    None, "", -1, 1e300, [], {}, "infinity", "99999-01-01T00:00:00Z", "2026-13-45T99:99:99Z",
    "2026-01-01T00:00:00Z' OR '1'='1", "\u0000",
)  # fmt: skip


def altered(cursor: str) -> list[str]:
    """Altered forms of a real cursor, none equal to it."""
    half = len(cursor) // 2
    forms = [cursor[:-1], cursor[:half], cursor[half:], cursor[1:], cursor[::-1], cursor + cursor, cursor.swapcase()]
    forms += [cursor + "A", cursor + "=", cursor + "%", f"{cursor}'", f"x{cursor}", cursor.replace(cursor[half], "~")]
    return [form for form in dict.fromkeys([*forms, *_rewritten(cursor)]) if form != cursor]


def _rewritten(cursor: str) -> list[str]:
    """A cursor that is base64 of JSON with each value replaced, or base64 of text with each part replaced."""
    text = _decoded(cursor)
    if text is None:
        return []
    try:
        members = json.loads(text)
    except ValueError:
        return [_encoded(changed) for changed in _parts_replaced(text)]
    return [_encoded(json.dumps(changed)) for changed in _values_replaced(members)]


def _values_replaced(members: Any) -> list[Any]:  # noqa: ANN401 - whatever a cursor holds
    if isinstance(members, dict):
        return [{**members, name: value} for name in members for value in WRONG_VALUES]
    if isinstance(members, list):
        return [[*members[:i], value, *members[i + 1 :]] for i in range(len(members)) for value in WRONG_VALUES]
    return list(WRONG_VALUES)


def _parts_replaced(text: str) -> list[str]:
    separator = next((mark for mark in ("|", ",", ";", "_", " ") if mark in text), None)
    if separator is None:
        return [str(value) for value in WRONG_VALUES]
    return [separator.join(parts) for parts in _values_replaced(text.split(separator)) if all(_texts(parts))]


def _texts(parts: list[Any]) -> list[bool]:
    return [isinstance(part, str) for part in parts]


def _decoded(cursor: str) -> str | None:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True).decode()
    except (ValueError, binascii.Error):
        return None


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
