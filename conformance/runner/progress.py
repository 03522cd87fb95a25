"""How far the run is, with what verdicts, what is running and how long it may take. Shown and estimated by rich.

On a terminal one line is rewritten. In a log, where rich shows nothing before the end, a line comes now and then.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from reports.results import Verdict

if TYPE_CHECKING:
    from conformance.runner.run_state import RunState

REFRESH = 0.2
LOG_EVERY = 10.0
"""Seconds between two lines where nothing can be rewritten."""
LOG_WIDTH = 80
BAR_WIDTH = 10


class Progress:
    """Writes where pytest's terminal writer does, from a thread of its own, so that a long wait is seen as one."""

    def __init__(self, writer: Any, run_state: RunState) -> None:  # noqa: ANN401 - pytest's, not public
        self._writer, self._run_state = writer, run_state
        console = Console(file=writer._file, no_color=not writer.hasmarkup)  # noqa: SLF001 - the only way to the file
        self._live = console.is_terminal and not console.is_dumb_terminal
        state = TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True))
        self._bar = Bar(
            BarColumn(BAR_WIDTH), state, console=console, auto_refresh=False, transient=True, expand=True,
            redirect_stdout=False, redirect_stderr=False, disable=not self._live,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=None)
        self._checks = 0
        self._current, self._began = "", time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        address = self._run_state.target.target if self._run_state.target else None
        if address is not None:
            what = "the embedded reference" if address.embedded else address.api
            self._writer.line(
                f"Checking {what} (limit {address.limit} per {address.window:g} s and key, seed {self._run_state.seed})"
            )
        self._bar.start()
        self._thread.start()

    def expect(self, checks: int) -> None:
        """How many checks there are, where other processes have collected them."""
        self._checks = checks

    def now(self, nodeid: str) -> None:
        self._current, self._run_state.doing = nodeid.rpartition("::")[2].removeprefix("test_"), ""

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._bar.stop()

    def _run(self) -> None:
        while not self._stop.wait(REFRESH if self._live else LOG_EVERY):
            if self._live:
                self._bar.update(self._task, description=self.line(self._bar.console.width), refresh=True)
            else:
                self._writer.line(self.line(LOG_WIDTH))

    def line(self, width: int) -> str:
        """`34/120  12 s, about 30 s left  34 pass  1 fail  patch_clears_fields`"""
        counts = self._run_state.counts
        done, total = sum(counts.values()), self._checks or len(self._run_state.collected)
        self._bar.update(self._task, completed=done, total=total or None)
        parts = [f"{done}/{total}" if total else "collecting checks", self._times()]
        parts += [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts.get(verdict)]
        pool = self._run_state.pool
        if pool is not None and pool.waiting_until > time.monotonic():
            parts.append(f"waiting {pool.waiting_until - time.monotonic():.0f} s for the rate limit")
        # what is being done comes first: it moves, and a narrow terminal cuts the end
        return "  ".join([*parts, *filter(None, [self._run_state.doing]), self._current])[:width]

    def _times(self) -> str:
        remaining = self._bar.tasks[self._task].time_remaining
        left = "" if remaining is None else f", about {_rounded(remaining)} left"
        return f"{_rounded(time.monotonic() - self._began)}{left}"


def _rounded(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two digits
