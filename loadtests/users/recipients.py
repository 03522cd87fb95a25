"""Who is written to: telephone numbers that reach nobody, a share of them for every worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target.numbers import AREA_CODES, BRITISH, FRENCH

if TYPE_CHECKING:
    import random

_RANGES = (*FRENCH, *BRITISH)
_AMERICAN = len(AREA_CODES) * 100
TOTAL = _AMERICAN + sum(10**r.width for r in _RANGES)
"""How many numbers there are (conformance/target/numbers.py: 555-0100 to 555-0199, ARCEP's and Ofcom's)."""
KEPT = 2000
"""How many known recipients a worker remembers, to write to them again."""
STRIDE = 50_021
"""A prime that does not divide TOTAL: steps of it visit every number once, in no order that shows."""


def numbered(index: int) -> str:
    """The fictional number with this index, in E.164 with `+`."""
    index %= TOTAL
    if index < _AMERICAN:
        return f"+1{AREA_CODES[index // 100]}55501{index % 100:02d}"
    index -= _AMERICAN
    for found in _RANGES:
        if index < 10**found.width:
            return f"+{found.prefix}{index:0{found.width}d}"
        index -= 10**found.width
    raise AssertionError("an index beyond all ranges")


class Recipients:
    """Draws for one of `shares` workers. `exhausted` says that new numbers began to repeat."""

    def __init__(self, rng: random.Random, seed: int, share: int, shares: int) -> None:
        self._rng, self._share, self._shares = rng, share, shares
        self._start = seed * 7919 % TOTAL
        self._drawn = 0
        self._known: list[str] = []
        self.exhausted = False

    def new(self) -> str:
        """A number that this run has not used before, as long as there are any."""
        index = self._drawn * self._shares + self._share
        self._drawn += 1
        self.exhausted = self.exhausted or index >= TOTAL
        return numbered(self._start + index * STRIDE)

    def known(self) -> str:
        """A number that was written to before; a new one when there is none."""
        return self._rng.choice(self._known) if self._known else self.new()

    def remember(self, number: str) -> None:
        """Keep a number for `known`. With too many, a random one is replaced."""
        if len(self._known) < KEPT:
            self._known.append(number)
        else:
            self._known[self._rng.randrange(KEPT)] = number
