from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness import score
from harness.score import Outcome

if TYPE_CHECKING:
    from pathlib import Path


def outcome(*kills: bool) -> Outcome:
    return Outcome(
        "a-fault", "PAGE-05", "a | defect", kills, tuple("fail" if k else "pass" for k in kills), ("PAGE-03",)
    )


@pytest.mark.parametrize(
    ("successes", "trials", "interval"),
    [(0, 0, (0.0, 1.0)), (10, 10, (0.7225, 1.0)), (81, 263, (0.2553, 0.3662)), (0, 10, (0.0, 0.2775))],
)
def test_wilson_agrees_with_published_values(successes: int, trials: int, interval: tuple[float, float]) -> None:
    assert score.wilson(successes, trials) == pytest.approx(interval, abs=5e-4)


def test_a_fault_is_killed_only_when_every_run_killed_it() -> None:
    assert (outcome(True, True).word, outcome(True, False).word, outcome(False, False).word) == (
        "killed",
        "FLAKY",
        "SURVIVED",
    )


def test_survivors_and_flakes_are_named() -> None:
    data = score.as_json([outcome(True), outcome(True, False), outcome(False)], [])
    assert (data["killed"], data["survivors"], data["flakes"]) == (1, ["a-fault"], ["a-fault"])


def test_outcomes_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "kills.json").write_text(json.dumps(score.as_json([outcome(True, False)], [])))
    assert score.read(tmp_path / "kills.json") == {"a-fault": outcome(True, False)}
    assert outcome(True, False).score == "1 of 2"
