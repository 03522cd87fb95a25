"""SPEC: requests generated from `openapi.yaml`, and what their answers prove.

Schemathesis generates (`engine`), `harmless` keeps it from reaching anyone, `judge` and `memory` say what is wrong, and
`reduction` makes it readable. Nothing here knows HTTP: everything leaves through the `send` that the caller gives.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.generation.engine import Mode, generate
from conformance.generation.harmless import Harmless, KnownTemplate
from conformance.generation.judge import Defect, Judge, Problem, Trait
from conformance.generation.memory import Memory
from conformance.generation.reading_back import reading_back
from conformance.generation.reduction import Reduction
from conformance.generation.traffic import Answer, Request, Send, read, send

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = [
    "Answer",
    "Budget",
    "Defect",
    "KnownTemplate",
    "Mode",
    "Problem",
    "Request",
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
    mode: Mode,
    *,
    send: Send,
    number: Callable[[], str],
    seed: int,
    ids: Mapping[str, Sequence[str]] | None = None,
    templates: Sequence[KnownTemplate] = (),
    without: Collection[str] = (),
    budget: Budget | None = None,
) -> Run:
    """Generate requests of one mode and judge their answers.

    `number` hands out fictional E.164 numbers; `ids` are existing ones by collection (`contacts`, `conversations`,
    `broadcasts`, `webhooks`, `tags`), which are read and never written. Operations whose ids are in `without` are not
    called. Raises what `send` raises.
    """
    memory = Memory(ids or {})
    # A string seeds alike in every process; a tuple's hash would not.
    harmless = Harmless(random.Random(f"{seed} {mode}"), number, memory, templates)
    session = _Session(Run(mode), Judge(memory), harmless, send, budget or Budget())
    session.go(seed, without)
    session.run.created = {kind: tuple(found) for kind, found in memory.alive.items() if found}
    return session.run


class _Session:
    def __init__(self, run: Run, judge: Judge, harmless: Harmless, through: Send, budget: Budget) -> None:
        self.run, self._judge, self._harmless = run, judge, harmless
        self._through, self._budget = through, budget
        self._began = time.monotonic()
        self._raised: BaseException | None = None

    def go(self, seed: int, without: Collection[str]) -> None:
        sequences = self.run.mode is Mode.SEQUENCES
        examples = self._budget.sequences if sequences else self._budget.max_examples
        generating = generate(self.run.mode, seed=seed, max_examples=examples, without=without, handle=self._handle)
        self.run.troubles.extend(generating)
        if self._raised is not None:
            raise self._raised
        reduction = Reduction(self._through, self._harmless.renumbered, self._budget.reductions)
        self.run.defects = tuple(reduction.smallest(defect) for defect in self._judge.defects)
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
        generated = read(method, url, body)
        if generated is None:
            raise LookupError(f"the generator made a request that no operation documents: {method} {url}")
        request = self._harmless(generated)
        answer = self._judged(request)
        back = reading_back(request, answer) if self.run.mode is not Mode.INVALID else None
        if back is not None:
            self._judged(back)
        return answer

    def _judged(self, request: Request) -> Answer:
        answer = send(request, self._through)
        self.run.answers[request.operation.label][answer.status or 0] += 1
        self._judge.hear(request, answer)
        return answer

    def _spent(self) -> str | None:
        if time.monotonic() - self._began > self._budget.seconds:
            return f"after {self._budget.seconds:g} s"
        return f"after {self._budget.requests} requests" if self.run.requests >= self._budget.requests else None
