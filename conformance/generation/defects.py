"""What may be wrong with an answer to a generated request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.generation.traffic import Answer, Request


class Trait(StrEnum):
    """What is wrong with an answer."""

    STATUS = "status"
    SERVER_ERROR = "server error"
    NOT_REFUSED = "server error instead of a refusal"
    CONTENT_TYPE = "content type"
    HEADERS = "headers"
    SCHEMA = "schema"
    ACCEPTED = "accepted invalid input"
    SEQUENCE = "broken sequence"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `where` tells defects of one operation, trait and status apart."""

    trait: Trait
    where: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Defect:
    """A problem of an operation, with the smallest request that showed it and its answer; `count`: how often."""

    clause: str
    operation: str
    problem: Problem
    request: Request
    answer: Answer
    count: int = 1

    @property
    def key(self) -> tuple[str, ...]:
        return key(self.request, self.problem, self.answer)

    @property
    def sentence(self) -> str:
        """`POST /contacts: expected …; actual …`."""
        return f"{self.operation}: expected {self.problem.expected}; actual {self.problem.actual}"


def key(request: Request, problem: Problem, answer: Answer) -> tuple[str, ...]:
    """What makes two problems the same defect: operation, trait, status, place."""
    status = "" if problem.trait is Trait.SEQUENCE else str(answer.status)
    return (request.operation.id, problem.trait, status, problem.where)
