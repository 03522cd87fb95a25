"""Counting without end in bounded memory."""

from collections.abc import Hashable


class Tally:
    """How often each key was counted. Keys beyond the last ``most`` to twice as many are forgotten, the oldest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._young: dict[Hashable, int] = {}
        self._old: dict[Hashable, int] = {}

    def count(self, key: Hashable) -> int:
        """Count the key once more; its number from 1."""
        number = (self._young.get(key) or self._old.get(key, 0)) + 1
        self._young[key] = number
        if len(self._young) > self._most:
            self._old, self._young = self._young, {}
        return number

    def clear(self) -> None:
        self._young.clear()
        self._old.clear()
