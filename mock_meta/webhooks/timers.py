"""Actions to come, which can be dropped all at once."""

import asyncio
import itertools
from collections.abc import Callable


class Timers:
    """Its length is the number of actions that are not due yet."""

    def __init__(self) -> None:
        self._handles: dict[int, asyncio.TimerHandle] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._handles)

    def after(self, delay: float, action: Callable[..., object], *values: object) -> None:
        """Call ``action(*values)`` in ``delay`` seconds."""
        number = next(self._numbers)
        self._handles[number] = asyncio.get_running_loop().call_later(delay, self._due, number, action, values)

    def clear(self) -> None:
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _due(self, number: int, action: Callable[..., object], values: tuple[object, ...]) -> None:
        del self._handles[number]
        action(*values)
