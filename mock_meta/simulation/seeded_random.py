"""Draws that depend on a key and on nothing else."""

from hashlib import blake2b
from struct import Struct

_WORDS = Struct(">8Q").unpack
_SPAN = 2.0**-64


class SeededRandom:
    """The draws of one key, in order. ``random.Random(key)`` would set up 2.5 kB of state for a handful of them."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._blocks = 0
        self._left: list[int] = []

    def random(self) -> float:
        """Evenly from 0 (inclusive) to 1 (exclusive)."""
        if not self._left:
            self._left.extend(_WORDS(blake2b(f"{self._blocks}|{self._key}".encode("utf-8", "surrogatepass")).digest()))
            self._blocks += 1
        return min(self._left.pop() * _SPAN, _BELOW_ONE)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()


_BELOW_ONE = 1.0 - 2.0**-53
