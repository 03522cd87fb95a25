"""What a worker has not told the master yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loadtests.measurement.observations import Observations

if TYPE_CHECKING:
    from loadtests.users.message_records import Asked, Written


@dataclass
class Outbox:
    asked: list[Asked] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    observations: Observations = field(default_factory=Observations)

    def observe(self, kind: str, example: str) -> None:
        """Something that must not happen, by its kind, with what shows it."""
        self.observations.add(kind, example)

    def drain(self) -> dict[str, Any]:
        drained = {
            "asked": [row.row() for row in self.asked],
            "written": [row.row() for row in self.written],
            "observations": self.observations.rows(),
        }
        self.asked, self.written, self.observations = [], [], Observations()
        return drained
