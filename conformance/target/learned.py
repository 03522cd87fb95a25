"""What a run has learned about its target: how long each kind of thing takes to show, and which kinds never show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT = 2.0
"""Seconds that are waited for a kind of thing once a whole patience has passed without one."""
MULTIPLE = 5.0
"""Times the longest wait that ended well: a slow target is waited for longer."""


@dataclass
class Learned:
    """One per process of a run. A kind is what is waited for, in words, such as `delivered_count`."""

    _longest: dict[str, float] = field(default_factory=dict)
    _missed: set[str] = field(default_factory=set)
    _facts: dict[str, bool] = field(default_factory=dict)

    def patience(self, kind: str, full: float) -> float:
        """Seconds to wait for this kind: `full` until one wait for it has ended without it, then little."""
        if kind not in self._missed:
            return full
        return min(full, max(SHORT, MULTIPLE * self._longest.get(kind, 0.0)))

    def came(self, kind: str, seconds: float = 0.0) -> None:
        self._longest[kind] = max(seconds, self._longest.get(kind, 0.0))

    def missed(self, kind: str) -> None:
        self._missed.add(kind)

    def ever_came(self, kind: str) -> bool:
        return kind in self._longest

    def fact(self, sentence: str, find_out: Callable[[], bool]) -> bool:
        """Whether the sentence is true of the target, found out once."""
        if sentence not in self._facts:
            self._facts[sentence] = find_out()
        return self._facts[sentence]
