from __future__ import annotations

import pytest

from conformance.target.verdicts import NoVerdict
from conformance.wacrm.steps.shared_rows import TRIES, SharedRows


def test_rows_are_created_once() -> None:
    rows: SharedRows[list[str]] = SharedRows()
    assert rows.get("contacts", lambda: ["a"]) is rows.get("contacts", lambda: ["b"])
    assert list(rows.all()) == [["a"]]


def test_a_failure_is_tried_again_for_the_next_check() -> None:
    rows: SharedRows[str] = SharedRows()
    failures = [NoVerdict("no contact")]

    def create() -> str:
        if failures:
            raise failures.pop()
        return "a"

    with pytest.raises(NoVerdict, match="no contact"):
        rows.get("contacts", create)
    assert rows.get("contacts", create) == "a"


def test_what_always_fails_is_given_up_with_the_first_cause() -> None:
    rows: SharedRows[str] = SharedRows()
    tried: list[int] = []

    def create() -> str:
        tried.append(len(tried))
        raise NoVerdict(f"cause {len(tried)}")

    for _ in range(TRIES + 2):
        with pytest.raises(NoVerdict, match="cause 1"):
            rows.get("contacts", create)
    assert len(tried) == TRIES
