"""Where a run is led from: brings up what it needs, records every report, writes what the run leaves."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.runner import options, preflight
from conformance.runner.process import StackError
from conformance.runner.progress import Progress
from conformance.runner.stack import Stack
from conformance.target.keys import KeyPool
from conformance.target.probe import Probe
from reports import console, junit
from reports.results import write_json

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from conformance.runner.run_state import RunState
    from conformance.target.target import Target


class Controller:
    def __init__(self, config: pytest.Config, run_state: RunState) -> None:
        self.config, self.run_state = config, run_state
        self.progress = Progress(config.get_terminal_writer(), run_state)
        self.lifetime = ExitStack()
        if getattr(config.option, "dist", "no") == "load":
            config.option.dist = "loadgroup"

    # -- the stack ----------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self) -> None:
        if self.config.option.collectonly:
            return
        try:
            target = self._bring_up(self.lifetime.enter_context(Stack(self.run_state.seed)))
            self._preflight(target)
        except (StackError, preflight.SetupError) as error:
            raise pytest.UsageError(str(error)) from None
        self.run_state.begin(target)
        self.progress.start()

    def _bring_up(self, stack: Stack) -> Target:
        """The target, with a receiver, known to the services around it; the embedded reference when nothing else is named."""
        system, target = self.run_state.system, options.external_target(self.config)
        if target is None:
            stack.start_receiver()
            target = system.start_reference(stack, options.embedded(self.config))
        elif target.receiver is not None:
            stack.start_receiver(target.receiver, inner=target.capabilities.probe_private_networks)
        system.connect(target)
        self.run_state.receiver = stack.receiver
        return target

    def _preflight(self, target: Target) -> None:
        """What the system settles before the first check."""
        workers = len(getattr(self.config.option, "tx", None) or [])
        if workers > len(target.keys.full):
            raise preflight.SetupError(
                f"{workers} workers need {workers} keys in keys.full, there are {len(target.keys.full)}"
            )
        pool = KeyPool(target.keys.flat(), target.target.limit, target.target.window)
        probe = Probe(target.target.api, target.target.timeout, target.target.verify, self.run_state.system.sends)
        try:
            self.run_state.system.preflight(probe, pool, target)
        finally:
            probe.close()
        self.run_state.after_preflight(probe, pool)

    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        """Hand a worker its target and its share of the keys."""
        workers = len(self.config.option.tx)
        node.workerinput["run_state"] = self.run_state.for_worker(int(node.gateway.id.removeprefix("gw")), workers)

    @pytest.hookimpl(optionalhook=True)  # xdist's
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self.progress.expect(len(ids))

    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        self.run_state.add_worker(getattr(node, "workeroutput", {}).get("run_state"))

    def pytest_unconfigure(self) -> None:
        self.lifetime.close()

    # -- what is recorded and shown ----------------------------------------------------------------------------------------

    def pytest_report_teststatus(self, report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
        """Nothing but counts: the progress line and the summary speak. A file that cannot be collected is pytest's to tell."""
        if isinstance(report, pytest.CollectReport):
            return None
        verdict: Any = dict(report.user_properties).get("verdict")
        if verdict and report.outcome == "failed":
            return {"fail": "failed", "error": "error", "no-verdict": "no-verdict"}[verdict[0]], "", ""
        if report.outcome == "skipped":
            return "skipped", "", ""
        return ("passed", "", "") if report.when == "call" else ("", "", "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.run_state.record(report)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.progress.now(nodeid)

    @pytest.hookimpl(wrapper=True, trylast=True)  # inside the terminal reporter's, which shows what is decided here
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        yield
        self.progress.stop()
        if self.run_state.target is not None and exitstatus in {0, 1, 2, 5}:
            results = self.run_state.finish(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
            session.exitstatus = results.exit_code

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's, not public
        results = self.run_state.finished
        if results is None:
            return
        folder = Path(self.config.getoption("out")) / results.run
        folder.mkdir(parents=True, exist_ok=True)
        write_json(results, folder / "results.json")
        junit.write(results, folder / "junit.xml")
        tw = terminalreporter._tw  # noqa: SLF001 - pytest gives no public way to the writer
        tw.write(console.render(results, str(folder), colour=tw.hasmarkup, width=min(tw.fullwidth, 100)))
