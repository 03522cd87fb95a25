"""Where checks run: in the one process, or in each of xdist's workers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from conformance.runner.record import check_name
from conformance.runner.verdict import decide, finding, operation
from conformance.runner.watch import first_death, parts
from conformance.target.verdicts import Mismatch, NoVerdict
from reports.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from conformance.runner.run_state import RunState


class Worker:
    """Selects checks and records their verdicts."""

    def __init__(self, run_state: RunState) -> None:
        self.run_state = run_state

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Files of groups that are not selected stay unread: importing what generates traffic alone takes a second."""
        group = collection_path.name.removeprefix("test_").removesuffix(".py").partition("_")[0].upper()
        is_check = collection_path.name.startswith("test_")
        return True if is_check and not self.run_state.selects_some_of(group) else None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the selected clauses' checks; checks that spend keys of which there is one go to one worker."""
        kept = [item for item in items if self.run_state.selects(_clause(item), check_name(item.nodeid))]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
        for item in items:
            item.user_properties.append(("clause", _clause(item)))
            if "role_keys" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group("role-keys"))

    @pytest.hookimpl(tryfirst=True)  # before xdist tells the controller that this is done
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            show_groups(session.items)
        self.run_state.collected = {check_name(item.nodeid): _clause(item) for item in session.items}
        if hasattr(session.config, "workerinput"):
            self.run_state.tell_collected()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.run_state.clause = _clause(item)
        if self.run_state.died is not None:
            raise NoVerdict(self.run_state.died.sentence)
        if self.run_state.probe is not None:
            self.run_state.probe.trail.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is None or isinstance(call.excinfo.value, KeyboardInterrupt):
            return report
        verdict, reason = decide(call.excinfo.value)
        report.user_properties.append(("verdict", [str(verdict), reason]))
        if isinstance(call.excinfo.value, Mismatch):
            report.user_properties.append(("finding", finding(call.excinfo.value, self.run_state.probe)))
        report.outcome = "skipped" if verdict is Verdict.SKIP else "failed"
        if verdict is Verdict.SKIP:
            report.longrepr = (str(item.path), 0, reason)
        else:
            report.user_properties.append(("operation", operation(call.excinfo.value, self.run_state.probe)))
            self._look_for_a_death(report)
        return report

    def _look_for_a_death(self, report: pytest.TestReport) -> None:
        """A part that has ended may be why this check did not pass: the controller ends the run with it."""
        assert self.run_state.target is not None
        death = self.run_state.died or first_death(parts(self.run_state.target, self.run_state.receiver))
        if death is not None:
            self.run_state.died = death
            report.user_properties.append(("death", asdict(death)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["run_state"] = self.run_state.for_controller()


def show_groups(items: Sequence[pytest.Item]) -> None:
    """Put each item's xdist group into its node id, where xdist's scheduler looks for it.

    xdist 3.8 does this itself, but in an attribute that pytest 9.2 no longer reads.
    """
    for item in items:
        groups = sorted({str(marker.args[0]) for marker in item.iter_markers("xdist_group")})
        suffix = f"@{'_'.join(groups)}"
        if groups and not item.nodeid.endswith(suffix) and hasattr(item, "_id"):
            item._id = type(item._id).parse(item.nodeid + suffix)  # noqa: SLF001 - there is no public way


def _clause(item: pytest.Item) -> str:
    marker = item.get_closest_marker("requirement")
    if marker is None:
        raise pytest.UsageError(f"{item.nodeid} checks no clause: it lacks @requirement")
    return str(marker.args[0])
