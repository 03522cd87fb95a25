"""Waiting for what the target or mock Meta does later: a condition and a deadline, never a bare sleep."""

from __future__ import annotations

import time
from typing import Any

POLL = 0.05


def eventually(probe: Any, patience: float, poll: float = 0.05) -> Any:  # noqa: ANN401 - whatever the callable gives
    """Call `probe()` until it gives something true, or the deadline; its last value either way."""
    deadline = time.monotonic() + patience
    value = probe()
    while not value and time.monotonic() < deadline:
        time.sleep(poll)
        value = probe()
    return value
