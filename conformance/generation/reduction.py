"""Makes a defect's request smaller as long as it still shows the defect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.generation.defects import Trait, key
from conformance.generation.traffic import send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.contract.json_schema import Json
    from conformance.generation.defects import Defect, Problem
    from conformance.generation.traffic import Answer, Request, Send

    Problems = Callable[[Request, Answer], Iterable[Problem]]

ATTEMPTS = 12
SHORT = 8


class Reduction:
    """Looks for smaller requests with at most `budget` requests in all, and `ATTEMPTS` for each defect."""

    def __init__(
        self, through: Send, renumbered: Callable[[Request], Request], problems: Problems, budget: int
    ) -> None:
        self._through, self._renumbered, self._problems, self._left = through, renumbered, problems, budget

    def smallest(self, defect: Defect) -> Defect:
        """The defect, shown by the smallest request found. A sequence stays as it is: it has a history."""
        if defect.problem.trait is Trait.SEQUENCE:
            return defect
        candidates = _smaller(defect.request)
        for _ in range(min(ATTEMPTS, self._left)):
            candidate = next(candidates, None)
            if candidate is None:
                break
            shown = self._shows(defect, candidate)
            if shown is not None:
                defect, candidates = shown, _smaller(shown.request)
        return defect

    def _shows(self, defect: Defect, candidate: Request) -> Defect | None:
        self._left -= 1
        candidate = self._renumbered(candidate)
        answer = send(candidate, self._through)
        for problem in self._problems(candidate, answer):
            if key(candidate, problem, answer) == defect.key:
                return replace(defect, request=candidate, answer=answer, problem=problem)
        return None


def _smaller(request: Request) -> Iterator[Request]:
    for position in range(len(request.query)):
        yield replace(request, query=request.query[:position] + request.query[position + 1 :])
    body = request.json
    if isinstance(body, dict | list):
        yield from (request.with_json(value) for value in _simpler(body))


def _simpler(value: Json) -> Iterator[Json]:
    """The value with one thing less in it, largest steps first."""
    if isinstance(value, dict):
        for name in sorted(value, key=lambda name: -len(repr(value[name]))):
            yield {other: inner for other, inner in value.items() if other != name}
        for name, inner in value.items():
            yield from (value | {name: less} for less in _simpler(inner))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield value[:position] + value[position + 1 :]
            yield from ([*value[:position], less, *value[position + 1 :]] for less in _simpler(inner))
    elif isinstance(value, str) and len(value) > SHORT and not value.startswith(("+", "http")):
        yield value[: len(value) // 2]
