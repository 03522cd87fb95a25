"""Judges one generated request and its answer; the same defect found again is one defect."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.contract import json_schema, openapi
from conformance.generation.tolerance import must_be_refused
from conformance.generation.traffic import ABSENT, UNPARSABLE, answer_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.generation.memory import Memory
    from conformance.generation.traffic import Answer, Request

JSON = "application/json"


class Trait(StrEnum):
    """What is wrong with an answer."""

    STATUS = "status"
    SERVER_ERROR = "server error"
    CONTENT_TYPE = "content type"
    HEADERS = "headers"
    SCHEMA = "schema"
    ACCEPTED = "accepted invalid input"
    SEQUENCE = "broken sequence"

    @property
    def clause(self) -> str:
        match self:
            case Trait.ACCEPTED:
                return "SPEC-02"
            case Trait.SEQUENCE:
                return "SPEC-03"
            case _:
                return "SPEC-01"


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


class Judge:
    """Collects the defects of one run."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._found: dict[tuple[str, ...], Defect] = {}

    @property
    def defects(self) -> tuple[Defect, ...]:
        """By clause and operation, in the order of the contract."""
        order = [operation.label for operation in openapi.operations()]
        return tuple(sorted(self._found.values(), key=lambda defect: (defect.clause, order.index(defect.operation))))

    def hear(self, request: Request, answer: Answer) -> None:
        """Judge an answer, and remember what it says exists."""
        for problem in (*problems(request, answer), *self._sequence(request, answer)):
            self._note(request, answer, problem)

    def _sequence(self, request: Request, answer: Answer) -> Iterator[Problem]:
        for broken in self.memory.judge(request, answer):
            yield Problem(Trait.SEQUENCE, broken.promise, broken.expected, broken.actual)

    def _note(self, request: Request, answer: Answer, problem: Problem) -> None:
        found = self._found.get(key(request, problem, answer))
        new = Defect(problem.trait.clause, request.operation.label, problem, request, answer)
        if found is not None:
            smallest = new if request.size < found.request.size else found
            new = replace(smallest, count=found.count + 1)
        self._found[new.key] = new


def key(request: Request, problem: Problem, answer: Answer) -> tuple[str, ...]:
    """What makes two problems the same defect: operation, trait, status, place."""
    status = "" if problem.trait is Trait.SEQUENCE else str(answer.status)
    return (request.operation.id, problem.trait, status, problem.where)


def problems(request: Request, answer: Answer) -> Iterator[Problem]:
    """What is wrong with an answer by itself. An invalid request that is not refused has that problem alone."""
    refusal = must_be_refused(request)
    if refusal is not None and (answer.status or 0) < 400:  # noqa: PLR2004
        yield Problem(Trait.ACCEPTED, _place(refusal.where), f"4xx ({refusal.reason})", f"HTTP {answer.status}")
    elif _failed(answer):
        yield Problem(
            Trait.SERVER_ERROR, "", "no server error, whatever the input", f"HTTP {answer.status}: {_excerpt(answer)}"
        )
    else:
        yield from _conformity(request, answer)


def _failed(answer: Answer) -> bool:
    """5xx, but for the two that tell the caller about its own request: `meta_error` and `template_malformed`."""
    if (answer.status or 0) < 500:  # noqa: PLR2004
        return False
    body = answer_json(answer)
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return (answer.status, code) not in {(502, "meta_error"), (500, "template_malformed")}


def _conformity(request: Request, answer: Answer) -> Iterator[Problem]:
    id_, status = request.operation.id, answer.status or 0
    if status not in request.operation.statuses:
        documented = ", ".join(map(str, request.operation.statuses))
        yield Problem(Trait.STATUS, "", f"one of the statuses {documented}", f"HTTP {status}: {_excerpt(answer)}")
        return
    body = answer_json(answer)
    media = answer.answer_headers.get("content-type", "")
    if body is not ABSENT and media.partition(";")[0].strip().lower() != JSON:
        yield Problem(Trait.CONTENT_TYPE, "", f"content type {JSON}", media or "no content type")
    for text in openapi.validate_headers(id_, status, answer.answer_headers):
        yield _problem(Trait.HEADERS, text)
    if body is UNPARSABLE:
        yield Problem(Trait.SCHEMA, "", "a JSON body", _excerpt(answer))
        return
    for text in openapi.validate(id_, status, None if body is ABSENT else body):
        yield _problem(Trait.SCHEMA, text)


def _problem(trait: Trait, text: str) -> Problem:
    expected, _, actual = text.partition(", got ")
    return Problem(trait, _place(expected), expected, actual)


def _place(text: str) -> str:
    """Rows of a list are one place."""
    return re.sub(r"\[\d+\]", "[]", text)


def _excerpt(answer: Answer) -> str:
    return json_schema.shown(answer.content.decode("utf-8", "replace"))
