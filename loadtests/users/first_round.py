"""Before chance chooses tasks, each is run once in every worker, so that a short run leaves none out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadtests.users.scenario import TaskDefinition


class FirstRound:
    def __init__(self) -> None:
        self._left: deque[TaskDefinition] | None = None

    def plan(self, definitions: Iterable[TaskDefinition]) -> None:
        """The first user that starts brings the list."""
        if self._left is None:
            self._left = deque(dict.fromkeys(definitions))

    def next(self) -> TaskDefinition | None:
        """A task that had no turn yet."""
        return self._left.popleft() if self._left else None
