"""The progress line tells which check runs, and what a long one is at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.progress import Task

from conformance.contract.baseline import Baseline
from conformance.runner.options import Selection
from conformance.runner.progress import Progress
from conformance.runner.run_state import RunState
from conformance.wacrm.system import SYSTEM

if TYPE_CHECKING:
    import pytest


class Writer:
    """pytest's terminal writer, as far as it is used, in a log."""

    hasmarkup = False

    def __init__(self) -> None:
        self._file = io.StringIO()


def run_state() -> RunState:
    everything = Selection(frozenset(), frozenset(), frozenset())
    return RunState(SYSTEM, {}, everything, 1, Baseline([]))


def test_what_a_long_check_is_at_is_told_until_the_next_one_begins() -> None:
    running = run_state()
    progress = Progress(Writer(), running)
    progress.now("checks/test_spec.py::test_answers_conform[getMe]")
    running.doing = "312 generated requests (valid)"
    assert "312 generated requests (valid)  answers_conform[getMe]" in progress.line(100)
    progress.now("checks/test_spec.py::test_answers_conform[listContacts]")
    assert "generated" not in progress.line(100)


def test_how_far_it_is_is_told_and_how_long_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    running = run_state()
    progress = Progress(Writer(), running)
    progress.expect(40)
    assert progress.line(100).startswith("0/40  0 s")
    monkeypatch.setattr(Task, "time_remaining", 150.0)
    assert progress.line(100).startswith("0/40  0 s, about 2 min left")
