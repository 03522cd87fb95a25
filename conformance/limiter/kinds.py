"""What kind of window a limiter has, told from its answers (RATE-11).

Every kind is a model that says of any moment whether it would admit. A model is told what the target really did and asked
about the next request; the kind is the one whose model is wrong least often.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from conformance.limiter.models import (
    Aligned,
    FirstRequest,
    Prolonged,
    Renewed,
    SlidingCounter,
    SlidingLog,
    TokenBucket,
)
from conformance.target.expect import precondition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conformance.limiter.models import Model
    from conformance.limiter.observation import Observation


class Kind(StrEnum):
    """The values are the report's words."""

    FIRST_REQUEST = "fixed window, starts with the key's first request"
    ALIGNED = "fixed window, aligned to a clock"
    SLIDING_LOG = "sliding log"
    SLIDING_COUNTER = "sliding counter"
    TOKEN_BUCKET = "token bucket"  # noqa: S105 - no secret
    PROLONGED = "window prolonged by every refused request"
    RENEWED = "window renewed by every admitted request"
    UNKNOWN = "none of the known kinds"


@dataclass(frozen=True)
class Fit:
    """The kind, and the numbers that show it: how many of the `asked` answers each kind's model gets wrong.

    `phase` is where a clock-aligned window begins, on our monotonic clock.
    """

    kind: Kind
    asked: int
    wrong: dict[Kind, int]
    phase: float = 0.0

    @property
    def numbers(self) -> dict[str, int]:
        """For the report: by kind, answers that it does not explain."""
        return {str(kind): wrong for kind, wrong in sorted(self.wrong.items(), key=lambda pair: pair[1])}


STEPS = 96
"""On how many phases of a window a clock's edges are looked for at first."""
FINER = 3
"""How often the search then narrows to a quarter: 60 s / 96 / 64 is 10 ms."""
CLEARLY = 60
"""A model that is wrong that often is not asked on."""
SLACK = 0.02
"""Seconds by which a decision may lie outside the request's time on the wire, for clocks that are read in milliseconds."""
BUSY = 16
"""By how much finer the second search begins: it looks where requests followed each other, for an edge among them."""
FEW = 2
"""Answers that the right model may get wrong: a timer that is late, a request at an edge."""
APART = 5
"""By how many more the second best model must be wrong."""


def fit(observed: Iterable[Sequence[Observation]], limit: int, window: float) -> Fit:
    """The kind that explains these keys' answers best. Raises `NoVerdict` when nothing was refused, or nothing after that.

    Every series is of one key that was fresh at its beginning. `UNKNOWN` when no model explains the answers, or two do.
    """
    series = [list(one) for one in observed if one]
    precondition(
        any(seen.refused for one in series for seen in one), "no request was refused: there is no window to see"
    )
    wrong = {
        Kind.FIRST_REQUEST: _wrong(series, lambda: FirstRequest(limit, window)),
        Kind.SLIDING_LOG: _wrong(series, lambda: SlidingLog(limit, window)),
        Kind.TOKEN_BUCKET: _wrong(series, lambda: TokenBucket(limit, window)),
        Kind.PROLONGED: _wrong(series, lambda: Prolonged(limit, window)),
        Kind.RENEWED: _wrong(series, lambda: Renewed(limit, window)),
    }
    step = window / STEPS
    grid = [series[0][0].sent + n * step for n in range(STEPS)]
    phase = _with_clock(wrong, series, grid, step, limit, window)
    if _best(wrong) is Kind.UNKNOWN:
        busy = [seen.received for one in series for seen in one if not seen.refused]
        phase = _with_clock(wrong, series, busy, step / BUSY, limit, window)
    return Fit(_best(wrong), sum(map(len, series)), wrong, phase)


def _with_clock(
    wrong: dict[Kind, int], series: Sequence[Sequence[Observation]], at: Sequence[float], step: float, limit: int,
    window: float,
) -> float:  # fmt: skip
    """Add the kinds that go by a clock, with their best phases near `at`; the phase of the fixed window."""
    phase, wrong[Kind.ALIGNED] = _searched(series, lambda phase: Aligned(limit, window, phase), at, step)
    _, wrong[Kind.SLIDING_COUNTER] = _searched(series, lambda phase: SlidingCounter(limit, window, phase), at, step)
    return phase


def _searched(
    series: Sequence[Sequence[Observation]], model: Callable[[float], Model], at: Iterable[float], step: float
) -> tuple[float, int]:
    """The phase with which a model is wrong least often, and how often: of those given, then ever finer around the best."""
    found = {phase: _wrong(series, lambda: model(phase)) for phase in at}  # noqa: B023 - called at once
    for _ in range(FINER):
        step /= 4
        best = _middle(found)
        around = [best + n * step for n in range(-4, 5)]
        found |= {phase: _wrong(series, lambda: model(phase)) for phase in around}  # noqa: B023
    best = _middle(found)
    return best, found[best]


def _middle(found: dict[float, int]) -> float:
    """The middle one of the best phases: those beside it are as good for want of requests at the edge."""
    least = min(found.values())
    best = sorted(phase for phase, wrong in found.items() if wrong == least)
    return best[len(best) // 2]


def _best(wrong: dict[Kind, int]) -> Kind:
    best, second = sorted(wrong, key=lambda kind: wrong[kind])[:2]
    explained = wrong[best] <= FEW
    told_apart = wrong[second] >= wrong[best] + APART
    return best if explained and told_apart else Kind.UNKNOWN


def _wrong(series: Iterable[Sequence[Observation]], model: Callable[[], Model]) -> int:
    """How many answers a model gets wrong, with one limiter per key; `CLEARLY` or more are not counted to the end."""
    wrong = 0
    for one in series:
        wrong += _wrong_of_one(one, model())
        if wrong >= CLEARLY:
            break
    return wrong


def _wrong_of_one(series: Sequence[Observation], model: Model) -> int:
    """A decision fell between sending and answer."""
    wrong = 0
    for seen in series:
        early, late, admitted = seen.sent - SLACK, seen.received + SLACK, not seen.refused
        wrong += not model.allows(early, late, admitted=admitted)
        if wrong >= CLEARLY:
            break
        model.record(early, late, admitted=admitted)
    return wrong


def opening(series: Sequence[Observation]) -> tuple[float, float] | None:
    """Between which seconds after the first request a spent key was first admitted again; None when it never was."""
    spent = next((n for n, seen in enumerate(series) if seen.refused), None)
    if spent is None:
        return None
    reopened = next((n for n in range(spent, len(series)) if not series[n].refused), None)
    if reopened is None:
        return None
    start = series[0].sent
    return round(series[reopened - 1].sent - start, 3), round(series[reopened].received - start, 3)
