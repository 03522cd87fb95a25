"""Webhooks held back on command: Meta's side of an outage, after which everything arrives at once."""

import asyncio
from collections.abc import Mapping

from mock_meta.posting import Poster, Reply


class Pausable:
    """A poster that can be told to wait. What is under way when it is paused goes out."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
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

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises PostError as the poster does; the wait is not part of its timeout."""
        while self._held is not None:
            await self._held.wait()
        return await self._poster.post(url, body, headers)

    async def get(self, url: str, headers: Mapping[str, str]) -> Reply:
        return await self._poster.get(url, headers)

    async def close(self) -> None:
        await self._poster.close()
