from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reports.previous import PreviousError, read
from reports.results import Verdict, write_json
from tests.reports.test_results import results

if TYPE_CHECKING:
    from pathlib import Path


def test_the_checks_of_a_whole_run(tmp_path: Path) -> None:
    write_json(results(Verdict.PASS, Verdict.FAIL, Verdict.NO_VERDICT), tmp_path / "results.json")
    previous = read(tmp_path / "results.json")
    assert previous.red == {"test_x.py::test_PAGE-02", "test_x.py::test_PAGE-03"}
    assert [previous.is_open(f"test_x.py::test_PAGE-0{n}") for n in (1, 2, 3, 4)] == [False, False, True, False]
    assert previous.seed == 7


def test_the_checks_of_a_run_that_was_cut_off(tmp_path: Path) -> None:
    lines = [
        {"check": "a", "verdict": "fail", "seed": 5},
        {"check": "a", "verdict": "no-verdict", "seed": 5},
        {"check": "b", "verdict": "pass", "seed": 5},
    ]
    (tmp_path / "checks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"check": "c", "ver')
    previous = read(tmp_path / "checks.jsonl")
    assert [previous.is_open(name) for name in "abc"] == [True, False, True]
    assert previous.seed == 5


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"clauses": [{}], "seed": 1}'])
def test_another_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(PreviousError, match=r"x\.json: no results\.json"):
        read(tmp_path / "x.json")
