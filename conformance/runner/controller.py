"""Where a run is led from: brings up what it needs, records every report, writes what the run leaves."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract import baseline
from conformance.runner import options, preflight
from conformance.runner.process import StackError
from conformance.runner.progress import Progress
from conformance.runner.stack import Stack
from conformance.runner.watch import MOCK_META, Death, Part, parts
from conformance.runner.watchdog import Watchdog
from conformance.runner.worker_shares import WorkerShares
from conformance.target.keys import KeyPool
from conformance.target.probe import Probe
from reports import console, junit
from reports.folder import FolderError, RunFolder
from reports.results import ExitCode, write_json

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from conformance.runner.run_state import RunState
    from conformance.target.target import Target
    from reports.results import Results


PHASES = {"setup", "call", "teardown"}


class Controller:
    def __init__(self, config: pytest.Config, run_state: RunState) -> None:
        self.config, self.run_state = config, run_state
        self.progress = Progress(config.get_terminal_writer(), run_state)
        self.lifetime = ExitStack()
        self.folder: RunFolder | None = None
        self.session: pytest.Session | None = None
        self.shares = WorkerShares()
        self.crashed: list[pytest.TestReport] = []
        if getattr(config.option, "dist", "no") == "load":
            config.option.dist = "loadgroup"

    # -- the stack ----------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.session = session
        if self.config.option.collectonly:
            return
        try:
            self._make_folder()
            stack = self.lifetime.enter_context(Stack(self.run_state.seed))
            target = self._bring_up(stack)
            self._preflight(target)
        except (StackError, preflight.SetupError, FolderError) as error:
            raise pytest.UsageError(options.placed(self.config, error)) from None
        except OSError as error:  # the temporary folder is full, or cannot be made
            raise pytest.UsageError(f"the run cannot be set up: {error}") from None
        self.run_state.begin(target)
        self.run_state.shared = stack.directory
        self._watch(stack, target)
        self.progress.start()

    def _make_folder(self) -> None:
        self.folder = RunFolder.make(self.config.getoption("out"), self.run_state.name)
        self.lifetime.callback(self.folder.close)
        written: RunFolder = self.folder
        self.run_state.record.tell = lambda check: written.append({**check, "seed": self.run_state.seed})

    def _bring_up(self, stack: Stack) -> Target:
        """The target, with a receiver, known to the services around it; the embedded reference when nothing else is named."""
        system, target = self.run_state.system, options.external_target(self.config)
        if target is None:
            stack.start_receiver()
            target = system.start_reference(stack, options.embedded(self.config))
        elif target.receiver is not None:
            self.run_state.learn_secrets(target)
            stack.start_receiver(target.receiver, inner=target.capabilities.probe_private_networks)
        self.run_state.learn_secrets(target)
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

    def _watch(self, stack: Stack, target: Target) -> None:
        """Our own processes, and a mock Meta that runs elsewhere; the target is asked when a check fails."""
        watched = [Part(name, trouble) for name, trouble in stack.watched()]
        ours = {part.name for part in watched}
        watched += [p for p in parts(target, None) if p.name == MOCK_META and MOCK_META not in ours]
        watchdog = Watchdog(watched, self._end)
        watchdog.start()
        self.lifetime.callback(watchdog.stop)

    def _end(self, death: Death) -> None:
        """End the run: nothing that comes after the death of a part can be believed."""
        if self.run_state.died is None or not self.run_state.died.ours:
            self.run_state.died = death
        for leader in (self.session, self.config.pluginmanager.get_plugin("dsession")):
            if leader is not None:
                leader.shouldstop = death.sentence

    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        """Hand a worker its target and its share of the keys."""
        workers = len(self.config.option.tx)
        index, replaces = self.shares.take(node.gateway.id)
        node.workerinput["run_state"] = self.run_state.for_worker(index, workers, replaces=replaces)

    @pytest.hookimpl(optionalhook=True)  # xdist's
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self.run_state.hear_collected()
        self.progress.expect(len(ids))

    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        self.shares.give_back(node.gateway.id)
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
        if report.when not in PHASES:  # xdist's, for the check that a worker did not end
            self.crashed.append(report)
            return
        self.run_state.record.add(report, self.run_state.collected)
        death: Any = dict(report.user_properties).get("death")
        if death is not None:
            self._end(Death(**death))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.progress.now(nodeid)

    @pytest.hookimpl(wrapper=True, trylast=True)  # inside the terminal reporter's, which shows what is decided here
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        yield
        self.progress.stop()
        if self.run_state.target is not None and self.folder is not None and exitstatus in {0, 1, 2, 5}:
            interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
            self._hear_the_last_reports()
            if not interrupted:  # a Ctrl-C ends the workers, too
                self._add_crashed()
            results = self.run_state.finish(self.folder.path.name, interrupted=interrupted)
            session.exitstatus = results.exit_code

    def _add_crashed(self) -> None:
        for report in self.crashed:
            self.run_state.record.add(report, self.run_state.collected)

    def _hear_the_last_reports(self) -> None:
        """What workers had found and xdist had not passed on when it was interrupted."""
        dsession: Any = self.config.pluginmanager.get_plugin("dsession")
        with suppress(Empty):
            while dsession is not None:
                name, event = dsession.queue.get_nowait()
                if name == "testreport":
                    self.run_state.record.add(event["rep"], self.run_state.collected)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's, not public
        """The console first: it needs nothing that may be full or gone."""
        results, folder = self.run_state.finished, self.folder
        if results is None or folder is None:
            return
        tw = terminalreporter._tw  # noqa: SLF001 - pytest gives no public way to the writer
        with suppress(BrokenPipeError):  # who listened has gone; the files are still wanted
            tw.write(console.render(results, str(folder.path), colour=tw.hasmarkup, width=min(tw.fullwidth, 100)))
        try:
            self._write(results, folder)
        except FolderError as error:
            terminalreporter.write_line(str(error))
            assert self.session is not None
            self.session.exitstatus = ExitCode.SETUP

    def _write(self, results: Results, folder: RunFolder) -> None:
        """Raises `FolderError`."""
        folder.write("results.json", lambda path: write_json(results, path))
        folder.write("junit.xml", lambda path: junit.write(results, path))
        if folder.trouble:
            raise FolderError(folder.trouble)
        wanted = self.config.getoption("write_baseline")
        if wanted is not None:
            outcomes = [ended.outcome for ended in self.run_state.record.ended.values()]
            accepted = baseline.written(outcomes, datetime.now(UTC).date())
            RunFolder(wanted.parent).write(wanted.name, partial(_put, accepted))


def _put(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
