"""Checks generated requests and their answers; the same defect found again is one defect."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.contract import json_schema
from conformance.generation.defects import Defect, Problem, Trait, key
from conformance.generation.tolerance import is_valid, must_be_refused
from conformance.generation.traffic import ABSENT, UNPARSABLE, answer_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.generation.system_rules import Rules
    from conformance.generation.traffic import Answer, Request

JSON = "application/json"


class Checker:
    """Collects the defects of one run."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._found: dict[tuple[str, ...], Defect] = {}

    @property
    def defects(self) -> tuple[Defect, ...]:
        """By clause and operation, in the order of the contract."""
        order = [operation.label for operation in self._rules.specification.operations]
        return tuple(sorted(self._found.values(), key=lambda defect: (defect.clause, order.index(defect.operation))))

    def check(self, request: Request, answer: Answer) -> None:
        """Check an answer, and remember what it says exists."""
        for problem in (*self.problems(request, answer), *self._sequence(request, answer)):
            self._note(request, answer, problem)

    def problems(self, request: Request, answer: Answer) -> Iterator[Problem]:
        """What is wrong with an answer by itself. An invalid request that is not refused has that problem alone."""
        refusal, status = must_be_refused(request), answer.status or 0
        if refusal is not None and status < 400:  # noqa: PLR2004
            yield Problem(Trait.ACCEPTED, _place(refusal.where), f"4xx ({refusal.reason})", f"HTTP {answer.status}")
        elif status >= 500 and not self._rules.excused(answer):  # noqa: PLR2004
            trait = Trait.SERVER_ERROR if is_valid(request) else Trait.NOT_REFUSED
            actual = f"HTTP {answer.status}: {_excerpt(answer)}"
            yield Problem(trait, "", "no server error, whatever the input", actual)
        else:
            yield from conformity(request, answer)

    def _sequence(self, request: Request, answer: Answer) -> Iterator[Problem]:
        for broken in self._rules.memory.check(request, answer):
            yield Problem(Trait.SEQUENCE, broken.promise, broken.expected, broken.actual)

    def _note(self, request: Request, answer: Answer, problem: Problem) -> None:
        found = self._found.get(key(request, problem, answer))
        clause = self._rules.clauses.get(problem.trait, self._rules.clause)
        new = Defect(clause, request.operation.label, problem, request, answer)
        if found is not None:
            smallest = new if request.size < found.request.size else found
            new = replace(smallest, count=found.count + 1)
        self._found[new.key] = new


def conformity(request: Request, answer: Answer) -> Iterator[Problem]:
    """What is wrong with an answer by the specification: status, content type, headers, schema."""
    operation, status = request.operation, answer.status or 0
    if status not in operation.statuses:
        documented = ", ".join(map(str, operation.statuses))
        yield Problem(Trait.STATUS, "", f"one of the statuses {documented}", f"HTTP {status}: {_excerpt(answer)}")
        return
    body = answer_json(answer)
    media = answer.answer_headers.get("content-type", "")
    if body is not ABSENT and media.partition(";")[0].strip().lower() != JSON:
        yield Problem(Trait.CONTENT_TYPE, "", f"content type {JSON}", media or "no content type")
    for text in operation.specification.validate_headers(operation.id, status, answer.answer_headers):
        yield _problem(Trait.HEADERS, text)
    if body is UNPARSABLE:
        yield Problem(Trait.SCHEMA, "", "a JSON body", _excerpt(answer))
        return
    for text in operation.specification.validate(operation.id, status, None if body is ABSENT else body):
        yield _problem(Trait.SCHEMA, text)


def _problem(trait: Trait, text: str) -> Problem:
    expected, _, actual = text.partition(", got ")
    return Problem(trait, _place(expected), expected, actual)


def _place(text: str) -> str:
    """Rows of a list are one place."""
    return re.sub(r"\[\d+\]", "[]", text)


def _excerpt(answer: Answer) -> str:
    return json_schema.shown(answer.content.decode("utf-8", "replace"))
