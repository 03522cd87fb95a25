"""Malformed and unusual input: JSON values, bodies, query strings, ids (ENV-02, ENV-04, ENV-05)."""

from __future__ import annotations

import copy
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Pointer = tuple[str | int, ...]
"""The place of a value in a JSON document: `("recipients", 0, "to")`."""

METACHARACTERS = (
    "'; DROP TABLE contacts;-- %_\\ a,b)(c.eq.d\" ${jndi:x} {{7*7}} ../../etc/passwd <b>&amp; $gt __proto__"
)
"""What SQL, LIKE, PostgREST filters, templates, paths, markup and prototypes read as more than text."""
UNUSUAL_TEXT = "\u202e\u200b\ufeff\uffff e\u0301\u0327 İß ﬀ 👩\u200d👩\u200d👧 \U0001f1ee\U0001f1f9 \u0085\u2028\u0007"

JSON_VALUES: Mapping[str, bytes] = MappingProxyType({
    "null": b"null",
    "true": b"true",
    "negative": b"-1",
    "beyond double": b"1e400",
    "400 digits": b"9" * 400,
    "empty text": b'""',
    "NUL": rb'"\u0000"',
    "lone surrogate": rb'"\ud800"',
    "words": json.dumps(METACHARACTERS).encode(),
    "odd text": json.dumps(UNUSUAL_TEXT, ensure_ascii=False).encode(),
    "long text": b'"' + b"x" * 40_000 + b'"',
    "list": b"[]",
    "object": b"{}",
    "nested": b"[" * 300 + b"]" * 300,
    "prototype": b'{"__proto__": {"a": 1}, "constructor": {"prototype": null}, "toString": 1, "length": -1}',
})  # fmt: skip
"""JSON texts that take the place of a member's value, by what they are."""

UNPARSABLE: Mapping[str, bytes] = MappingProxyType({
    "open object": b"{",
    "missing value": b'{"phone": }',
    "single quotes": b"{'phone': 1}",
    "trailing garbage": b'{"a": 1} x',
    "two objects": b"{}{}",
    "no UTF-8": b"\xff\xfe{}",
    "NUL": b"\x00",
    "undefined": b"undefined",
    "crossed": b"{]",
    "a form": b"phone=%2B12025550100&name=x",
    "XML": b"<?xml version='1.0'?><phone/>",
    "cut": b'{"phone": "+1202',
})  # fmt: skip
"""Bodies that are not JSON."""

NOT_OBJECTS: Mapping[str, bytes] = MappingProxyType({
    "list": b"[]", "list of objects": b"[{}]", "text": b'"text"', "number": b"1", "true": b"true", "null": b"null",
})  # fmt: skip
"""Bodies that are JSON but not an object."""

EXTREME_BODIES: Mapping[str, bytes] = MappingProxyType({
    "deep list": b"[" * 20_000 + b"]" * 20_000,
    "deep object": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "deep member": b'{"name":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "many members": json.dumps({f"m{i}": i for i in range(5_000)}).encode(),
    "odd names": rb'{"": 1, "\u0000": 1, "\ud800": 1, "__proto__": null, "constructor": null, "a.b": 1, "$where": "1"}',
    "one name twice": b'{"phone": 1, "phone": [], "to": 1, "to": {}, "url": 1, "url": []}',
    "bad UTF-8 in text": b'{"name": "\xff\xfe\xc0\x80", "phone": "\xed\xa0\x80", "to": "\xff", "url": "\xff"}',
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "huge number": b'{"x": ' + b"9" * 10_000 + b', "y": 1e999999, "z": -0.0}',
    "NaN": b'{"name": NaN, "phone": Infinity, "to": -Infinity}',
})  # fmt: skip
"""Bodies that are hard to parse."""

CONTENT_TYPES = (
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
    "application/xml", "nonsense", "application/json; charset=utf-16", "application/json; charset=nonsense", ";", "/",
)  # fmt: skip
"""Content types that are wrong for JSON in UTF-8."""

QUERIES: Mapping[str, str] = MappingProxyType({
    "empty": "{}=",
    "NUL": "{}=%00",
    "bad UTF-8": "{}=%ff%fe",
    "half an escape": "{}=%2",
    "negative": "{}=-1",
    "beyond double": "{}=1e400",
    "words": "{}=" + quote(METACHARACTERS, safe=""),
    "quote": "{}=%22",
    "odd text": "{}=" + quote(UNUSUAL_TEXT, safe=""),
    "long": "{}=" + "x" * 3000,
    "twice": "{0}=1&{0}=2",
    "list": "{0}[]=1&{0}[]=2",
    "object": "{}[$gt]=1",
})  # fmt: skip
"""Query strings; the parameter's name is filled in."""
PAGING_QUERIES = ("NUL", "bad UTF-8", "beyond double", "words", "long", "twice")
"""The queries that are tried with `limit` and `cursor`; more cursors are in `altered_cursors`."""

_UUID = "0b6f4d6e-52a1-4b07-9d0a-3d1d2f9b8a01"
INVALID_UUIDS = (
    "x", "-1", "12345", "undefined", _UUID[:-1], f"{_UUID}0", f"{_UUID[:-1]}g",
    "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz", f"{_UUID} OR 1=1", "*", "é😀", "a" * 300,
)  # fmt: skip
"""Texts that are not a UUID in any spelling."""
MALFORMED_IDS = (
    "\u0000",
    f"{_UUID}\u0000",
    "\ud800",
    "' OR '1'='1",
    "..%2f",
    "{id}",
    UNUSUAL_TEXT,
    "1e400",
    "x" * 3000,
)
"""Texts that are hard for path parsers and databases."""


def escaped(id_: str) -> str:
    """An id escaped for a path. A lone surrogate becomes the bytes that naive encoders produce."""
    return quote(id_, safe="", errors="surrogatepass")


def pointers(body: Any) -> Iterator[Pointer]:  # noqa: ANN401 - JSON
    """The place of every member and of the first item of every list, at any depth; the body itself is excluded."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(body, dict):
        items = list(body.items())
    elif isinstance(body, list):
        items = list(enumerate(body[:1]))
    for name, value in items:
        yield (name,)
        yield from ((name, *rest) for rest in pointers(value))


def with_value_at(body: Any, pointer: Pointer, token: bytes) -> bytes:  # noqa: ANN401 - JSON
    """The body as JSON, with the value at this place replaced by a JSON text."""
    changed = copy.deepcopy(body)
    inner = changed
    for step in pointer[:-1]:
        inner = inner[step]
    inner[pointer[-1]] = _PLACEHOLDER
    return json.dumps(changed).encode().replace(json.dumps(_PLACEHOLDER).encode(), token)


_PLACEHOLDER = "the malformed value is placed here"
