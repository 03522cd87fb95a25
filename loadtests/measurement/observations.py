"""What must not happen and was seen: by kind, with a count and some examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = 5
Row = tuple[str, int, list[str]]
"""Kind, count, examples: the form that Locust's messages carry."""


@dataclass
class Observations:
    by_kind: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def add(self, kind: str, *examples: str, count: int = 1) -> None:
        """`count` more of this kind."""
        before, shown = self.by_kind.get(kind, (0, []))
        self.by_kind[kind] = (before + count, [*shown, *examples][:EXAMPLES])

    def absorb(self, rows: Iterable[Row]) -> None:
        """What `rows` of other observations gave."""
        for kind, count, examples in rows:
            self.add(kind, *examples, count=count)

    def rows(self) -> list[Row]:
        return [(kind, count, examples) for kind, (count, examples) in self.by_kind.items()]

    def counts(self) -> dict[str, int]:
        return {kind: count for kind, (count, _) in self.by_kind.items()}
