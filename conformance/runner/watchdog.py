"""Watches the parts of a run from a thread of its own, and ends the run with the first that ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from conformance.runner.watch import Death, Part, first_death

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 0.5
"""Seconds between two looks: a look at a process of ours costs nothing."""


class Watchdog:
    """Calls `on_death` once, from its own thread."""

    def __init__(self, parts: list[Part], on_death: Callable[[Death], None]) -> None:
        self._parts, self._on_death = parts, on_death
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            if (death := first_death(self._parts)) and not self._stop.is_set():
                self._on_death(death)
                return
