"""Work that is done in order, after the caller has had its answer."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

_log = logging.getLogger("reference.wacrm")

T = TypeVar("T")


class OrderedWork(Generic[T]):
    """Handles items one after the other in a task of its own, which lives as long as there is something to do."""

    def __init__(
        self, handle: Callable[[T], Awaitable[None]], idle: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._handle = handle
        self._idle = idle
        self._items: deque[T] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, item: T) -> None:
        self._items.append(item)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop at once; what was not yet handled is dropped."""
        self._items.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._items:
            item = self._items.popleft()
            try:
                await self._handle(item)
            except Exception:  # noqa: BLE001 - the work outlives its items
                # whatever one item holds, the items behind it are handled
                _log.exception("an item was dropped")
            await asyncio.sleep(0)
        if self._idle is not None:
            await self._idle()
