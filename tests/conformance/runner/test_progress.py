"""The progress line tells which check runs, and what a long one is at."""

from __future__ import annotations

from conformance.contract.baseline import Baseline
from conformance.runner.options import Selection
from conformance.runner.progress import Progress
from conformance.runner.run_state import RunState
from conformance.wacrm.system import SYSTEM


class Writer:
    hasmarkup = False
    fullwidth = 100


def test_what_a_long_check_is_at_is_told_until_the_next_one_begins() -> None:
    everything = Selection(frozenset(), frozenset(), frozenset())
    run_state = RunState(SYSTEM, {}, everything, 1, Baseline([]))
    progress = Progress(Writer(), run_state)
    progress.now("checks/test_spec.py::test_answers_conform[getMe]")
    run_state.doing = "312 generated requests (valid)"
    assert "312 generated requests (valid)  answers_conform[getMe]" in progress.line(100)
    progress.now("checks/test_spec.py::test_answers_conform[listContacts]")
    assert "generated" not in progress.line(100)
