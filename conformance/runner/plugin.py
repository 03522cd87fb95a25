"""The pytest plugin that makes a test run a run of the gate: `-p conformance.runner.plugin`."""

from __future__ import annotations

import sys

import pytest

from conformance.contract import requirements
from conformance.contract.baseline import BaselineError
from conformance.contract.baseline import load as load_baseline
from conformance.runner import options, system
from conformance.runner.controller import Controller
from conformance.runner.run_state import RUN_STATE, RunState
from conformance.runner.worker import Worker
from reports.redaction import Redactor, redacted

pytest_plugins = ("conformance.runner.fixtures", "conformance.runner.limiter_checks")


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(trylast=True)  # after the terminal reporter, whose writer the progress line shares
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(clause): the clause that the check checks")
    run_state = config.stash[RUN_STATE] = _new_run_state(config)
    config.pluginmanager.import_plugin(run_state.system.fixtures)
    if hasattr(config, "workerinput"):
        run_state.take_over(config.workerinput["run_state"])
        sys.stdout, sys.stderr = redacted(sys.stdout, run_state.redactor), redacted(sys.stderr, run_state.redactor)
        config.option.loadgroup = True  # the controller's choice of dist comes too late for its workers
    else:
        config.pluginmanager.register(Controller(config, run_state), "wacrm-harness-controller")
    config.pluginmanager.register(Worker(run_state), "wacrm-harness-worker")


def _new_run_state(config: pytest.Config) -> RunState:
    try:
        tested = system.chosen(config.getoption("system"), config.getoption("target"))
        known = requirements.load(tested.requirements)
        baseline = load_baseline(config.getoption("baseline"), known)
    except (system.UnknownSystemError, BaselineError) as error:
        raise pytest.UsageError(str(error)) from None
    selected, before = options.selection(config, known), options.previous(config, "changed_since")
    redactor = next(filter(lambda one: isinstance(one, Redactor), config.pluginmanager.get_plugins()), Redactor())
    red = before.red if before else frozenset()
    return RunState(tested, known, selected, options.seed(config, selected), baseline, redactor=redactor, known=red)
