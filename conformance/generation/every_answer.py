"""Every answer of a run, whatever check caused it, held against the specification beside the traffic (SPEC-04).

A thread checks what the probes hear. What differs in values alone is checked once: strings are told apart by what a schema
can ask of them.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from conformance.generation.checker import conformity
from conformance.generation.traffic import UNPARSABLE, answer_json, read

if TYPE_CHECKING:
    from conformance.contract.openapi import Specification
    from conformance.generation.defects import Problem
    from conformance.generation.traffic import Request
    from conformance.target.exchange import Exchange

MAX_BODY, MAX_URL, MAX_HEADER = 2**20, 8 * 2**10, 2**10
"""Requests with more than this are refused by what stands in front of some deployments, in statuses of its own (ENV-08)."""
FORMS = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "time": re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-][01]\d:[0-5]\d)"),
    "phone": re.compile(r"\+[1-9]\d{6,14}"),
    "text": re.compile(r"(?=.*[^a-z_.]).+", re.DOTALL),
}
LINK = re.compile(r"[a-z]+:")
Shape = Any


@dataclass
class Found:
    """A problem, the first answer that had it, and the clauses of the checks that were answered so."""

    problem: Problem
    exchange: Exchange
    clauses: set[str] = field(default_factory=set)


class AnswerAudit:
    """What is wrong with the answers that were heard, once per operation, status and problem."""

    def __init__(self, specification: Specification) -> None:
        self.checked = 0
        self._specification = specification
        self._found: dict[tuple[object, ...], Found] = {}
        self._known: dict[tuple[object, ...], tuple[Problem, ...]] = {}
        self._heard: SimpleQueue[tuple[Exchange, str] | threading.Event | None] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def hear(self, exchange: Exchange, clause: str) -> None:
        self._heard.put((exchange, clause))

    def found(self, patience: float) -> list[Found]:
        """The problems of all that was heard before; those of the last answers may be missing after `patience` seconds."""
        reached = threading.Event()
        self._heard.put(reached)
        reached.wait(patience)
        return list(self._found.values())

    def close(self) -> None:
        self._heard.put(None)

    def _run(self) -> None:
        while (next_ := self._heard.get()) is not None:
            if isinstance(next_, threading.Event):
                next_.set()
            else:
                self._check(*next_)

    def _check(self, exchange: Exchange, clause: str) -> None:
        request = read(self._specification, exchange.method, exchange.url, exchange.body)
        if request is None or exchange.trouble is not None or _oversized(exchange):
            return
        self.checked += 1
        for problem in self._problems(request, exchange):
            key = (request.operation.id, exchange.status, problem.trait, problem.where)
            self._found.setdefault(key, Found(problem, exchange)).clauses.add(clause)

    def _problems(self, request: Request, exchange: Exchange) -> tuple[Problem, ...]:
        headers = frozenset((name, shape(value)) for name, value in exchange.answer_headers.items() if name[:2] == "x-")
        media = exchange.answer_headers.get("content-type"), shape(exchange.answer_headers.get("retry-after"))
        key = (request.operation.id, exchange.status, media, headers, shape(answer_json(exchange)))
        if key not in self._known:
            self._known[key] = tuple(conformity(request, exchange))
        return self._known[key]


def shape(value: Any) -> Shape:  # noqa: ANN401 - JSON
    """The value without what no schema asks for; the rows of a list are one set."""
    match value:
        case dict():
            return frozenset((name, shape(inner)) for name, inner in value.items())
        case list():
            return "list", min(len(value), 1), frozenset(shape(inner) for inner in value)
        case str():
            return _form(value)
        case bool() | None:
            return value
        case int() | float():
            return type(value).__name__, value >= 0
    return "unparsable" if value is UNPARSABLE else "absent"


def _form(text: str) -> str:
    for name, form in FORMS.items():
        if form.fullmatch(text):
            return text.partition(":")[0] if name == "text" and LINK.match(text) else f"<{name}>"
    return text


def _oversized(exchange: Exchange) -> bool:
    long_header = any(len(value) > MAX_HEADER for value in exchange.headers.values())
    return long_header or len(exchange.body) > MAX_BODY or len(exchange.url) > MAX_URL


def described(found: Found) -> str:
    """`GET /contacts 429: $.error: expected …, got …`."""
    where = f"{found.exchange.method} {found.exchange.url.partition('/api/v1')[2].partition('?')[0]} {found.exchange.status}"
    return f"{where}: expected {found.problem.expected}, got {json.dumps(found.problem.actual, ensure_ascii=False)}"
