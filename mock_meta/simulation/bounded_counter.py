"""Counting per key in bounded memory."""

from collections.abc import Hashable

from mock_meta.simulation.bounded_map import BoundedMap


class BoundedCounter(BoundedMap[Hashable, int]):
    """How often each key was counted; a key that is forgotten starts again."""

    def count(self, key: Hashable) -> int:
        """Count the key once more; its number from 1."""
        number = (self.get(key) or 0) + 1
        self.put(key, number)
        return number
