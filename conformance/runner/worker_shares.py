"""Which worker spends which share of keys and numbers: one that replaces another takes over its share."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count


@dataclass
class WorkerShares:
    _held: dict[str, int] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)

    def take(self, worker: str) -> tuple[int, bool]:
        """The lowest share that nobody holds, and whether somebody held it before."""
        share = next(n for n in count() if n not in self._held.values())
        replaces = share in self._used
        self._held[worker] = share
        self._used.add(share)
        return share, replaces

    def give_back(self, worker: str) -> None:
        self._held.pop(worker, None)
