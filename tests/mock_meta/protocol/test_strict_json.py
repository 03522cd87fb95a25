"""The quick JSON reader and writer against Python's own: the same values, the same refusals, the same bytes."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_meta.protocol.signature import meta_dump
from mock_meta.protocol.strict_json import parse_json, parse_slowly

TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    ATOMS, lambda one: st.lists(one, max_size=4) | st.dictionaries(TEXT, one, max_size=4), max_leaves=8
)
ODD = [
    b"",
    b" \t\r\n{} ",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-0",
    b"-0.0",
    b"01",
    b"1.",
    b".5",
    b"+1",
    b"0x1",
    b"1" * 400,
    b"18446744073709551616",
    b"1e-400",
    b'{"a":1,"a":2}',
    b"[1,]",
    b"{a:1}",
    b"'a'",
    b"// a\n1",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\\u0000"',
    b'"\x00"',
    b'"\x7f"',
    b'"\\x41"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"\xef\xbb\xbf{}",
    '{"a":"é"}'.encode("utf-16"),
    '{"a":"é"}'.encode("utf-32"),
    '{"a":"é"}'.encode("latin-1"),
    b"{} {}",
    b"tru",
    b"[" * 100_000,
]


def read(reader: Any, raw: bytes) -> tuple[str, str]:
    """What a reader makes of it, types told apart (``1``, ``1.0`` and ``True`` are equal in Python)."""
    try:
        return ("value", repr(reader(raw)))
    except ValueError:
        return ("refused", "")


@given(VALUES, st.booleans())
def test_whatever_is_json_reads_the_same(value: object, ascii_only: bool) -> None:  # noqa: FBT001  # drawn
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert read(parse_json, raw) == read(parse_slowly, raw)


@given(VALUES, st.data())
def test_whatever_is_almost_json_reads_the_same(value: object, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(value).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    assert read(parse_json, bytes(raw)) == read(parse_slowly, bytes(raw))


@pytest.mark.parametrize("raw", ODD, ids=lambda raw: raw[:16].hex())
def test_corners_read_the_same(raw: bytes) -> None:
    assert read(parse_json, raw) == read(parse_slowly, raw)


def exact(value: object) -> object:
    """The value without floats, whose exponents the two write differently."""
    if isinstance(value, float):
        return math.trunc(value) if abs(value) < 1 << 53 else 0
    if isinstance(value, list):
        return [exact(one) for one in value]
    return {name: exact(one) for name, one in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_metas_form_is_that_of_an_escaping_encoder(value: object) -> None:
    slow = json.dumps(exact(value), ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    assert meta_dump(exact(value)) == slow.encode("ascii")


@given(VALUES)
def test_metas_form_is_the_same_value(value: object) -> None:
    assert json.loads(meta_dump(value)) == value
