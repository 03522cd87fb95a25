"""Many gate runs at a time, which a Ctrl-C ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(jobs: int, items: Iterable[Item], work: Callable[[Item], Result]) -> list[Result]:
    """The results of `work` in the order of `items`. What has not begun when this is interrupted never begins."""
    executor = ThreadPoolExecutor(jobs)
    try:
        return [begun.result() for begun in [executor.submit(work, item) for item in items]]
    finally:
        executor.shutdown(cancel_futures=True)
