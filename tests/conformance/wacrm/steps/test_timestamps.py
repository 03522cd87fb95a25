from __future__ import annotations

import pytest

from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.timestamps import fraction_digits, is_sub_millisecond, parse_timestamp


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01T12:00:00Z",
        "2026-07-01T12:00:00.000000+00:00",
        "2026-07-01 14:00:00+02:00",
        "2026-07-01T12:00:00.000",
    ],
)
def test_one_moment_in_different_forms(text: str) -> None:
    assert parse_timestamp(text) == parse_timestamp("2026-07-01T12:00:00.000Z")


@pytest.mark.parametrize("text", [None, "", "yesterday", 1790000000])
def test_anything_but_a_timestamp_gives_no_verdict(text: object) -> None:
    with pytest.raises(NoVerdict, match="not an ISO 8601"):
        parse_timestamp(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("12:00:05Z", 0), ("12:00:05.000Z", 0), ("12:00:05.120Z", 3), ("12:00:05.123456+00:00", 6)],
)
def test_significant_fraction_digits(text: str, count: int) -> None:
    assert fraction_digits(text) == count


def test_finer_than_milliseconds() -> None:
    assert is_sub_millisecond("2026-07-01T12:00:00.123456Z")
    assert not is_sub_millisecond("2026-07-01T12:00:00.123Z")
