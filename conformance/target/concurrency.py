"""Several calls at once, for races and for waits that need not be waited for one after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

START_DEADLINE = 10.0


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Start all calls together, each in a thread of its own; their results in order. Raises the first one's exception."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait(START_DEADLINE)
        return call()

    with ThreadPoolExecutor(len(calls)) as executor:
        return list(executor.map(run, calls))
