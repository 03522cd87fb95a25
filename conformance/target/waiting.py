"""Waiting for what the target, mock Meta or the receiver shows later: a condition and a deadline, never a bare sleep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that something may take to show, unless the target file says otherwise (`target.patience`)."""
POLL = 0.05
"""Seconds between two questions to the target, whose limiter counts them."""
POLL_OWN = 0.02
"""Seconds between two questions to mock Meta or to the receiver."""
QUIET = 0.4
"""Seconds without anything new after which no more is expected."""
LONGEST = 300.0
"""Seconds after which waiting ends even while something changes."""
SLOWER = 1.3
"""By how much a pause grows, up to `slowest`."""


def polls(patience: float, poll: float = POLL, slowest: float | None = None) -> Iterator[None]:
    """Now, and then every `poll` seconds (growing to `slowest`) until `patience` seconds are over, at least once."""
    deadline = time.monotonic() + patience
    yield
    while time.monotonic() < deadline:
        time.sleep(poll)
        poll = poll if slowest is None else min(poll * SLOWER, slowest)
        yield


def eventually(read: Any, patience: float, poll: float = POLL) -> Any:  # noqa: ANN401 - whatever the callable gives
    """Call `read()` until it gives something true, or the deadline; its last value either way."""
    for _ in polls(patience, poll):
        if value := read():
            break
    return value


def settled(
    read: Callable[[], list[T]], *, at_least: int, patience: float, quiet: float = QUIET, poll: float = POLL_OWN
) -> list[T]:
    """What is read once there are `at_least` and none came for `quiet` seconds, or at the deadline."""
    found: list[T] = []
    changed = time.monotonic()
    for _ in polls(patience, poll):
        before, found = found, read()
        changed = changed if len(found) == len(before) else time.monotonic()
        if len(found) >= at_least and time.monotonic() - changed >= quiet:
            break
    return found


def while_it_changes(read: Callable[[], T], done: Callable[[T], object], quiet: float, poll: float = POLL) -> T:
    """What is read once it is `done`, or has not changed for `quiet` seconds, or after `LONGEST`.

    For many things that come one after the other: what comes late is late, not lost.
    """
    value, changed = read(), time.monotonic()
    for _ in polls(LONGEST, poll):
        if done(value):
            break
        asked, before = time.monotonic(), value
        value = read()
        if value != before:
            changed = time.monotonic()
        elif asked - changed >= quiet:
            break
    return value


def pause(seconds: float) -> None:
    """Let the target's clock move on, or what must not happen have its chance: where there is no condition to wait for."""
    time.sleep(seconds)
