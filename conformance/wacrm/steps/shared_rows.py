"""Rows that several checks look at, created when first asked for, and again with other data when that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from conformance.target.verdicts import NoVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

T = TypeVar("T")

TRIES = 3
"""Failures after which rows are given up: a deployment that cannot have them would make every check wait for them."""


class SharedRows(Generic[T]):
    """Rows by name. A failure is one check's, and the next one tries again; all name the first cause."""

    def __init__(self) -> None:
        self._made: dict[str, T] = {}
        self._causes: dict[str, list[str]] = {}

    def get(self, name: str, create: Callable[[], T]) -> T:
        """The rows of this name. Raises NoVerdict with the first cause when they cannot be created."""
        causes = self._causes.setdefault(name, [])
        if name not in self._made and len(causes) < TRIES:
            try:
                self._made[name] = create()
            except NoVerdict as failure:
                causes.append(str(failure))
        if name not in self._made:
            raise NoVerdict(causes[0])
        return self._made[name]

    def all(self) -> Collection[T]:
        """What was created."""
        return self._made.values()
