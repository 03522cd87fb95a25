"""What generation must know of a system, beside its specification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.contract.openapi import Specification
    from conformance.generation.defects import Trait
    from conformance.generation.traffic import Answer, Request


@dataclass(frozen=True)
class Broken:
    """What an earlier answer promised and a later one broke."""

    promise: str
    expected: str
    actual: str


class Memory(Protocol):
    """What the run has created, changed and deleted, and what must therefore be read."""

    @property
    def created(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of what the run made and did not delete, by collection."""

    def check(self, request: Request, answer: Answer) -> Iterator[Broken]:
        """What this answer breaks; then it is remembered."""


class Rewriting(Protocol):
    """Makes a generated request harmless: fictional numbers, hosts that never resolve, ids that exist."""

    def __call__(self, request: Request) -> Request: ...

    def renumbered(self, request: Request) -> Request:
        """The same request with other numbers: a number that is known now would get another answer."""


@dataclass(frozen=True)
class Rules:
    """Made anew for every run. `clause` is what a defect breaks, except for the traits that `clauses` names.

    `narrowed` changes a copy of the document before the generator reads it; `reading_back` is the read that shows
    whether a write was kept; `excused` are answers of 5xx that tell the caller about its own request.
    """

    specification: Specification
    memory: Memory
    rewriting: Rewriting
    clause: str
    clauses: Mapping[Trait, str] = field(default_factory=dict)
    narrowed: Callable[[dict[str, Any]], None] = lambda _document: None
    reading_back: Callable[[Request, Answer], Request | None] = lambda _request, _answer: None
    excused: Callable[[Answer], bool] = lambda _answer: False
