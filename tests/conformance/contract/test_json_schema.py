"""Formats are asserted, whatever else is installed."""

from __future__ import annotations

import pytest

from conformance.contract.json_schema import problems

UUID = "2eb8aa08-aa98-11ea-b4aa-73b441d16380"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uuid", UUID),
        ("uuid", UUID.upper()),
        ("date-time", "2026-11-29T18:48:38Z"),
        ("date-time", "2026-11-29t18:48:38.123456789z"),
        ("date-time", "2026-11-29T18:48:38+00:00"),
        ("uri", "https://crm.example.test/a?b=c"),
        ("uri-reference", "/a"),
        ("uuid", 5),  # another keyword's to refuse
    ],
)
def test_what_has_the_format_passes(name: str, value: object) -> None:
    assert problems({"format": name}, value) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uuid", UUID.replace("-", "")),
        ("uuid", f"{UUID}\n"),
        ("date-time", "2026-02-30T18:48:38Z"),
        ("date-time", "2026-11-29T18:48:38"),
        ("date-time", "2026-11-29 18:48:38Z"),  # RFC 3339, section 5.6: T, in the production that JSON Schema names
        ("date-time", "2026-11-29T18:48:38Z\n"),
        ("uri", "/a"),
        ("uri", "https://crm.example.test/\n"),
        ("uri", "https://crm.example.test/a b"),
        ("uri-reference", "a b"),
    ],
)
def test_what_has_not_is_named(name: str, value: object) -> None:
    (said,) = problems({"format": name}, value)
    assert f"expected a {name}" in said
