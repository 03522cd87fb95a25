"""The live line: how far, what verdicts, what is running. On a terminal it is rewritten, in a log it comes now and then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from reports.results import Verdict

if TYPE_CHECKING:
    from conformance.runner.run_state import RunState

REFRESH = 0.2
LOG_EVERY = 10.0
"""Seconds between two lines where nothing can be rewritten."""


class Progress:
    """Writes to pytest's terminal writer from a thread of its own, so that a long wait is seen as one."""

    def __init__(self, writer: Any, run_state: RunState) -> None:  # noqa: ANN401 - pytest's, not public
        self._writer, self._judgement = writer, run_state
        self._live = bool(writer.hasmarkup)
        self._current, self._began = "", time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        address = self._judgement.target.target if self._judgement.target else None
        if address is not None:
            what = "the embedded reference" if address.embedded else address.api
            self._writer.line(
                f"Judging {what} (limit {address.limit} per {address.window:g} s and key, seed {self._judgement.seed})"
            )
        self._thread.start()

    def now(self, nodeid: str) -> None:
        self._current, self._judgement.doing = nodeid.rpartition("::")[2].removeprefix("test_"), ""

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._live:
            self._writer.write("\r\x1b[K")

    def _run(self) -> None:
        while not self._stop.wait(REFRESH if self._live else LOG_EVERY):
            if self._live:
                self._writer.write(f"\r\x1b[K{self.line(self._writer.fullwidth - 1)}", flush=True)
            else:
                self._writer.line(self.line(100))

    def line(self, width: int) -> str:
        """`[ 34/120]  12 s  34 pass  1 fail  patch_clears_fields`"""
        counts = self._judgement.counts
        done, total = sum(counts.values()), len(self._judgement.collected)
        parts = [
            f"[{done:>{len(str(total))}}/{total}]" if total else f"[{done}]",
            f"{time.monotonic() - self._began:.0f} s",
        ]
        parts += [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts.get(verdict)]
        pool = self._judgement.pool
        if pool is not None and pool.waiting_until > time.monotonic():
            parts.append(f"waiting {pool.waiting_until - time.monotonic():.0f} s for the rate limit")
        # what is being done comes first: it moves, and a narrow terminal cuts the end
        return "  ".join([*parts, *filter(None, [self._judgement.doing]), self._current])[:width]
