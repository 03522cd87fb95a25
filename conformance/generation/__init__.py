"""Requests generated from a system's specification, and what their answers prove.

Schemathesis generates (`engine`), the system's rules keep it from reaching anyone and remember what was made
(`system_rules`), `checker` says what is wrong, and `reduction` makes it readable. Nothing here knows HTTP: everything
leaves through the `send` that the caller gives.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.generation.checker import Checker
from conformance.generation.defects import Defect, Problem, Trait
from conformance.generation.engine import Mode, generate
from conformance.generation.reduction import Reduction
from conformance.generation.system_rules import Broken, Memory, Rewriting, Rules
from conformance.generation.traffic import Answer, Request, Send, read, send

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "Answer",
    "Broken",
    "Budget",
    "Defect",
    "Memory",
    "Mode",
    "Problem",
    "Request",
    "Rewriting",
    "Rules",
    "Run",
    "Send",
    "Trait",
    "run",
]


@dataclass(frozen=True)
class Budget:
    """When to end: after `seconds` or `requests`, whichever comes first.

    `max_examples` is per operation; `sequences` are of `engine.STEPS` steps at most; `reductions` bounds what making
    findings smaller costs.
    """

    seconds: float = 20.0
    requests: int = 1500
    max_examples: int = 10
    sequences: int = 60
    reductions: int = 100


@dataclass
class Run:
    """What one mode found. `answers` counts statuses by operation; `cut_short` says which bound ended it, if any.

    `created` are ids of what the run made and did not delete, by collection. `troubles` are the generator's own.
    """

    mode: Mode
    defects: tuple[Defect, ...] = ()
    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    created: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cut_short: str | None = None
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        return sum(counts.total() for counts in self.answers.values())

    @property
    def operations(self) -> int:
        """How many operations were called."""
        return len(self.answers)

    def succeeded(self, operation: str) -> bool:
        """Whether an operation (`POST /contacts`) ever answered with success."""
        return any(200 <= status < 300 for status in self.answers.get(operation, ()))  # noqa: PLR2004


def run(
    mode: Mode, rules: Rules, *, send: Send, seed: int, without: Collection[str] = (), budget: Budget | None = None
) -> Run:
    """Generate requests of one mode and check their answers.

    Operations whose ids are in `without` are not called. Raises what `send` raises.
    """
    session = _Session(Run(mode), rules, send, budget or Budget())
    session.go(seed, without)
    session.run.created = dict(rules.memory.created)
    return session.run


class _Session:
    def __init__(self, run: Run, rules: Rules, through: Send, budget: Budget) -> None:
        self.run, self._rules, self._checker = run, rules, Checker(rules)
        self._through, self._budget = through, budget
        self._began = time.monotonic()
        self._raised: BaseException | None = None

    def go(self, seed: int, without: Collection[str]) -> None:
        sequences = self.run.mode is Mode.SEQUENCES
        examples = self._budget.sequences if sequences else self._budget.max_examples
        self.run.troubles.extend(
            generate(self.run.mode, self._rules, seed=seed, max_examples=examples, without=without, handle=self._handle)
        )
        if self._raised is not None:
            raise self._raised
        reduction = Reduction(
            self._through, self._rules.rewriting.renumbered, self._checker.problems, self._budget.reductions
        )
        self.run.defects = tuple(reduction.smallest(defect) for defect in self._checker.defects)
        self.run.seconds = time.monotonic() - self._began

    def _handle(self, method: str, url: str, body: bytes | None) -> Answer | None:
        """Called in the generator's thread: what `send` raises is kept for the caller."""
        self.run.cut_short = self.run.cut_short or self._spent()
        if self.run.cut_short or self._raised:
            return None
        try:
            return self._exchange(method, url, body)
        except BaseException as raised:  # noqa: BLE001 - raised again in the caller's thread
            self._raised = raised
            return None

    def _exchange(self, method: str, url: str, body: bytes | None) -> Answer:
        generated = read(self._rules.specification, method, url, body)
        if generated is None:
            raise LookupError(f"the generator made a request that no operation documents: {method} {url}")
        request = self._rules.rewriting(generated)
        answer = self._checked(request)
        back = self._rules.reading_back(request, answer) if self.run.mode is not Mode.INVALID else None
        if back is not None:
            self._checked(back)
        return answer

    def _checked(self, request: Request) -> Answer:
        answer = send(request, self._through)
        self.run.answers[request.operation.label][answer.status or 0] += 1
        self._checker.check(request, answer)
        return answer

    def _spent(self) -> str | None:
        if time.monotonic() - self._began > self._budget.seconds:
            return f"after {self._budget.seconds:g} s"
        return f"after {self._budget.requests} requests" if self.run.requests >= self._budget.requests else None
