"""The pytest plugin that makes a test run a judgement: options, stack, verdicts, results. `-p conformance.runner.plugin`.

Verdicts are decided here and nowhere else (design, decision 3).
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from conformance.contract import requirements
from conformance.contract.baseline import BaselineError
from conformance.contract.baseline import load as load_baseline
from conformance.meta.provider import ProviderError
from conformance.runner import options, preflight
from conformance.runner.fixtures import *  # noqa: F403 - fixtures become known by standing in a plugin
from conformance.runner.progress import Progress
from conformance.runner.run_state import Judgement, check_name
from conformance.runner.stack import Stack, StackError, introduce
from conformance.target.expect import Lacking, Mismatch, NoVerdict
from conformance.target.keys import KeyPool
from conformance.target.probe import Exchange, NoAnswerError, Probe
from reports import console, junit
from reports.results import Verdict, write_json

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from conformance.target.target import Target

DEAD_AFTER = 3
"""Refused connections in a row, after which the target counts as dead and the run ends."""
NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|(?<=\+)\d{7,15}|hx[0-9a-f]{16}")
CONTEXT = 4
"""Writes before the deciding exchange that a finding shows, newest kept."""


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(trylast=True)  # after the terminal reporter, whose writer the progress line shares
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(clause): the clause of requirements.yaml that the check judges")
    known = requirements.load()
    try:
        baseline = load_baseline(config.getoption("baseline"), known)
    except BaselineError as error:
        raise pytest.UsageError(str(error)) from None
    judgement = Judgement(known, options.selection(config, known), options.seed(config), baseline)
    if hasattr(config, "workerinput"):
        judgement.take_over(config.workerinput["judgement"])
        config.option.loadgroup = True  # the controller's choice of dist comes too late for its workers
        config.pluginmanager.register(Bench(judgement), "wacrm-bench")
        return
    config.pluginmanager.register(Bench(judgement), "wacrm-bench")
    config.pluginmanager.register(Gate(config, judgement), "wacrm-gate")


class Bench:
    """Where checks run: in the one process, or in each of xdist's workers. Selects checks and decides verdicts."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Files of groups that are not selected stay unread: importing what generates traffic alone takes a second."""
        group = collection_path.name.removeprefix("test_").removesuffix(".py").partition("_")[0].upper()
        is_check = collection_path.name.startswith("test_")
        return True if is_check and not self.judgement.selects_some_of(group) else None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the selected clauses' checks; checks that spend keys of which there is one go to one worker."""
        kept = [item for item in items if self.judgement.selects(_clause(item))]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
        for item in items:
            item.user_properties.append(("clause", _clause(item)))
            if "role_keys" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group("role-keys"))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            show_groups(session.items)
        self.judgement.collected = {check_name(item.nodeid): _clause(item) for item in session.items}

    def pytest_runtest_setup(self) -> None:
        if self.judgement.probe is not None:
            self.judgement.probe.trail.clear()

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
            report.user_properties.append(("finding", finding(call.excinfo.value, self.judgement.probe)))
        report.outcome = "skipped" if verdict is Verdict.SKIP else "failed"
        if verdict is Verdict.SKIP:
            report.longrepr = (str(item.path), 0, reason)
        self._notice_death(item.session)
        return report

    def _notice_death(self, session: pytest.Session) -> None:
        probe = self.judgement.probe
        if probe is not None and probe.refused_in_a_row >= DEAD_AFTER:
            self.judgement.died = "the target died in mid-run: it refuses connections"
            session.shouldstop = self.judgement.died

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["judgement"] = self.judgement.for_controller()


def decide(error: BaseException) -> tuple[Verdict, str]:
    """The one place where what happened becomes a verdict."""
    match error:
        case Mismatch():
            return Verdict.FAIL, f"expected {error.expected}; actual {error.actual}"
        case NoVerdict():
            return Verdict.NO_VERDICT, str(error)
        case Lacking() | pytest.skip.Exception():
            return Verdict.SKIP, str(error)
        case NoAnswerError():
            return Verdict.ERROR, f"the target gave no usable answer: {error}"
        case _:
            return Verdict.ERROR, f"{type(error).__name__}: {error}"


def finding(mismatch: Mismatch, probe: Probe | None) -> dict[str, Any]:
    """A mismatch as data: its exchanges, after the writes that led to them."""
    shown = [e for n, e in enumerate(mismatch.exchanges) if e not in mismatch.exchanges[:n]]
    trail: list[Exchange] = list(probe.trail) if probe is not None else []
    exchanges = [*led_to(shown, trail)[-CONTEXT:], *shown] if shown else trail[-CONTEXT:]
    records = [vars(exchange.recorded()) for exchange in exchanges]
    return {
        "expected": mismatch.expected,
        "actual": mismatch.actual,
        "exchanges": records,
        "evidence": mismatch.evidence,
    }


def led_to(shown: list[Exchange], trail: list[Exchange]) -> list[Exchange]:
    """Writes before the deciding exchange that name what it names: an id, a telephone number, a word of the run."""
    names = {name for exchange in shown for name in NAMES.findall(unquote(exchange.url) + exchange.sent)}
    before = [e for e in trail if e.method != "GET" and e not in shown and e.at <= shown[0].at]
    return [e for e in before if names & set(NAMES.findall(e.url + e.sent + e.text))]


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
        raise pytest.UsageError(f"{item.nodeid} judges no clause: it lacks @requirement")
    return str(marker.args[0])


class Gate:
    """Where the run is led from: brings up the stack, hears every report, writes what the run leaves."""

    def __init__(self, config: pytest.Config, judgement: Judgement) -> None:
        self.config, self.judgement = config, judgement
        self.progress = Progress(config.get_terminal_writer(), judgement)
        self.lifetime = ExitStack()
        if getattr(config.option, "dist", "no") == "load":
            config.option.dist = "loadgroup"

    # -- the stack ----------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self) -> None:
        if self.config.option.collectonly:
            return
        try:
            target = self._bring_up(self.lifetime.enter_context(Stack(self.judgement.seed)))
            self._check(target)
        except (StackError, ProviderError, preflight.SetupError) as error:
            raise pytest.UsageError(str(error)) from None
        self.judgement.begin(target)
        self.progress.start()

    def _bring_up(self, stack: Stack) -> Target:
        """The target, with a receiver, introduced to mock Meta; the embedded reference when nothing else is named."""
        target = options.external_target(self.config)
        if target is None:
            stack.start_receiver()
            target = stack.start_reference(options.embedded(self.config))
        elif target.receiver is not None:
            stack.start_receiver(target.receiver, inner=target.capabilities.probe_private_networks)
        if target.meta is not None and not target.target.embedded:
            introduce(target)
        self.judgement.receiver = stack.receiver
        return target

    def _check(self, target: Target) -> None:
        """The target is reachable, its keys are what the file says, the interlock is closed."""
        workers = len(getattr(self.config.option, "tx", None) or [])
        if workers > len(target.keys.full):
            raise preflight.SetupError(
                f"{workers} workers need {workers} keys in keys.full, there are {len(target.keys.full)}"
            )
        pool = KeyPool(target.keys.flat(), target.target.limit, target.target.window)
        probe = Probe(target.target.api, target.target.timeout, target.target.verify)
        try:
            preflight.reachable(probe, pool)
            preflight.interlock(probe, pool, target)
            if not target.target.embedded:
                preflight.roles(probe, pool, target)
        finally:
            probe.close()
        self.judgement.after_preflight(probe, pool)

    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        """Hand a worker its target and its share of the keys."""
        workers = len(self.config.option.tx)
        node.workerinput["judgement"] = self.judgement.for_worker(int(node.gateway.id.removeprefix("gw")), workers)

    @pytest.hookimpl(optionalhook=True)  # xdist's
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self.progress.expect(len(ids))

    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        self.judgement.add_worker(getattr(node, "workeroutput", {}).get("judgement"))

    def pytest_unconfigure(self) -> None:
        self.lifetime.close()

    # -- what is heard and shown ----------------------------------------------------------------------------------------

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
        self.judgement.hear(report)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.progress.now(nodeid)

    @pytest.hookimpl(wrapper=True, trylast=True)  # inside the terminal reporter's, which shows what is decided here
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None]:
        yield
        self.progress.stop()
        if self.judgement.target is not None and exitstatus in {0, 1, 2, 5}:
            results = self.judgement.finish(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
            session.exitstatus = results.exit_code

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's, not public
        results = self.judgement.finished
        if results is None:
            return
        folder = Path(self.config.getoption("out")) / results.run
        folder.mkdir(parents=True, exist_ok=True)
        write_json(results, folder / "results.json")
        junit.write(results, folder / "junit.xml")
        tw = terminalreporter._tw  # noqa: SLF001 - pytest gives no public way to the writer
        tw.write(console.render(results, str(folder), colour=tw.hasmarkup, width=min(tw.fullwidth, 100)))
