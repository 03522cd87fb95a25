from __future__ import annotations

import pytest

from harness import kills_page
from harness.score import Outcome
from reference.wacrm.faults import FAULTS

KILLED = Outcome("a-fault", "PAGE-05", "a | defect", (True,), ("fail",), ("PAGE-03",))
COMPARISON = {
    "schemathesis": "4.0", "settings": ["--mode=all"], "seeds": [1, 2], "clean": 26, "noticed": {"a-fault": False},
}  # fmt: skip


def test_the_page_escapes_and_counts() -> None:
    page = kills_page.render([KILLED], COMPARISON)
    assert "1 of 1 faults killed by name" in page
    assert "1 were run once" in page
    assert "noticed 0 of 1" in page
    assert "26 failures on the reference without any fault" in page
    assert "| PAGE | 1 | 1 | 0 |" in page
    assert "| 1 of 1 | PAGE-03 |" in page
    assert "a \\| defect" in page
    assert kills_page.faults(page) == ["a-fault"]


def test_without_a_comparison_nothing_is_said_of_it() -> None:
    assert "noticed" not in kills_page.render([KILLED], None)


def test_the_page_lists_the_faults_that_exist() -> None:
    listed = kills_page.faults(kills_page.PAGE.read_text(encoding="utf-8"))
    missing, gone = set(FAULTS) - set(listed), set(listed) - set(FAULTS)
    if missing or gone:
        pytest.fail(
            f"docs/kills.md lacks {sorted(missing)} and has {sorted(gone)}, which do not exist: run wacrm-harness kills --write"
        )


def test_faults_that_no_run_has_tried_stand_apart() -> None:
    some = list(FAULTS.values())[:2]
    section = kills_page.pending(some)
    assert kills_page.faults(section) == [fault.name for fault in sorted(some, key=lambda f: (f.clause, f.name))]
    assert "Not run yet" in section
