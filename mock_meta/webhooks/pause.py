"""Webhooks held back on command: Meta's side of an outage, after which everything arrives at once."""

import asyncio


class Pause:
    """A gate for webhooks. What is under way when it is closed goes out."""

    def __init__(self) -> None:
        self._held: asyncio.Event | None = None

    @property
    def paused(self) -> bool:
        return self._held is not None

    def pause(self) -> None:
        self._held = self._held or asyncio.Event()

    def resume(self) -> None:
        if self._held is not None:
            self._held.set()
            self._held = None

    async def over(self) -> None:
        """Wait until webhooks may leave."""
        while self._held is not None:
            await self._held.wait()
