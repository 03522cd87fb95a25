from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.verdict import comparison
from loadtests.verdict.comparison import BaselineError, compare, holm, mann_whitney

if TYPE_CHECKING:
    from pathlib import Path


def rows(seed: int, slower: float = 1.0, count: int = 40, operations: int = 8) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [
        {"scenario": "send", "operation": f"op{n}", "p50": (slower if n == 0 else 1) * rng.lognormvariate(-4, 0.3), "p95": None}
        for _ in range(count) for n in range(operations)
    ]  # fmt: skip


def test_two_runs_of_the_same_do_not_differ() -> None:
    false_alarms = sum(one.exceeds_noise for seed in range(20) for one in compare(rows(seed), rows(seed + 100)))
    assert false_alarms <= 1


def test_what_became_slower_is_told_and_nothing_else() -> None:
    found = [one for one in compare(rows(1), rows(2, slower=1.6)) if one.exceeds_noise]
    assert [one.operation for one in found] == ["send/op0"]
    assert "ms before" in str(found[0])


def test_few_slices_tell_nothing() -> None:
    assert compare(rows(1, count=comparison.FEWEST - 1), rows(2, count=40)) == []


def test_the_u_test_is_the_textbooks() -> None:
    """Two samples of 8 without overlap: U = 0, z = (32 - 0.5) / sqrt(8 * 8 * 17 / 12) = 3.308."""
    assert mann_whitney(range(8), range(8, 16)) == pytest.approx(0.00094, abs=2e-5)
    assert mann_whitney([1.0] * 9, [1.0] * 9) == 1.0


def test_holm_asks_more_of_many() -> None:
    assert holm([0.004, 0.5, 0.003]) == [True, False, True]
    assert holm([0.004, 0.5, 0.6]) == [False, False, False]


def test_a_file_that_is_no_load_test_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"measurements": {}}), encoding="utf-8")
    with pytest.raises(BaselineError, match=r"results\.json: not the results of a load test"):
        comparison.load(path)
