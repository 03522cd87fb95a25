"""How many requests a limiter admitted, and whether that was its limit (RATE-01, -02, -06)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.limiter.kinds import Kind
from conformance.limiter.observation import admissions, exchanges, refusals, span, usable
from conformance.target.expect import precondition
from conformance.target.verdicts import Mismatch, NoVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.limiter.kinds import Fit
    from conformance.limiter.observation import Observation
    from conformance.target.exchange import Exchange

SLOW = 0.8
"""The part of a window that spending a budget may take; a window that ends meanwhile would be counted with the next."""
EARLIER = 1.5
"""Seconds by which a refusal may promise less than a whole window before the key counts as used before us."""

ROUNDED = 1.1
"""Seconds by which a promise may exceed what is left of a window, for being rounded up."""
AT_EDGE = 0.1
"""Seconds before a window's end that are left out of it, for timers that are a little early."""


@dataclass(frozen=True)
class Budget:
    """What was agreed with the target: `limit` requests in `window` seconds, and the limiter's kind, where it is known."""

    limit: int
    window: float
    fit: Fit | None = None

    def most(self, series: Sequence[Observation]) -> int:
        """What a right limiter of the measured kind may admit while this series was sent."""
        if self.fit is None:
            return self.limit
        if self.fit.kind is Kind.ALIGNED:
            return self.limit * (1 + self._edges(series))
        if self.fit.kind is Kind.TOKEN_BUCKET:
            return self.limit + math.ceil(span(series) * self.limit / self.window)
        return self.limit

    def _edges(self, series: Sequence[Observation]) -> int:
        """Edges of clock-aligned windows that may have passed since the first request."""
        assert self.fit is not None
        slack = 0.3
        first, last = series[0].sent - slack, max(seen.received for seen in series) + slack
        return math.floor((last - self.fit.phase) / self.window) - math.floor((first - self.fit.phase) / self.window)


def used_before(series: Sequence[Observation], window: float) -> bool:
    """The first refusal's `Retry-After` says that the key's window had begun before our first request."""
    refused = refusals(series)
    if not refused or (promised := refused[0].retry_after) is None:
        return False
    return refused[0].received - series[0].sent + promised < window - EARLIER


def exact(series: Sequence[Observation], budget: Budget, again: Sequence[Observation] = ()) -> int:
    """A fresh key was admitted exactly `limit` times in one go, then refused; the count.

    `again` is the same key's next window, which nobody but us can have begun: it tells a limiter that admits too few from
    a key that somebody had used before. Raises `Mismatch`, `NoVerdict`.
    """
    admitted = len(admissions(usable(series)))
    no_more_in_a_window(series, budget)
    in_time(series, budget)
    if admitted >= budget.limit:
        _then_refused(series, budget)
        return admitted
    precondition(
        admitted, "the key was refused at its first request: it was in use before us, or shares a budget (RATE-07)"
    )
    exact_later = bool(again) and len(admissions(usable(again))) == budget.limit
    if exact_later or (not again and used_before(series, budget.window)):
        raise NoVerdict(
            f"only {admitted} of {budget.limit} were admitted, "
            + (
                "but all of them in the key's next window"
                if exact_later
                else "in a window that began before our first one"
            )
            + ": the key was in use before us; run again when it has rested"
        )
    raise Mismatch(f"{budget.limit} admissions of a fresh key", f"{admitted}, then 429", *deciding(series))


def rolled_over(series: Sequence[Observation], window: float) -> bool:
    """The last refusal's `Retry-After` says that its window began after our first request: an earlier one had ended."""
    refused = refusals(series)
    if not refused or (promised := refused[-1].retry_after) is None:
        return False
    return refused[-1].sent + promised - series[0].received > window + ROUNDED


def too_many(series: Sequence[Observation], budget: Budget) -> Mismatch:
    """The finding for more admissions than the limit, with the cause where its size gives it away (RATE-12).

    Raises `NoVerdict` when two windows took part, because somebody had begun one before us.
    """
    precondition(
        not rolled_over(series, budget.window),
        "the key's window ended among our requests, so it had begun before them: the key was in use before us",
    )
    admitted = len(admissions(series))
    refused = len(refusals(series))
    actual = f"{admitted} admissions in {span(series):.2f} s, {refused} refusals"
    hint = []
    if refused and admitted >= budget.limit * 1.5:
        hint.append(
            f"{admitted / budget.limit:.1f} times the limit: RATE-12 tells how many limiters the deployment has"
        )
    if not refused:
        actual = f"all {admitted} were admitted"
    return Mismatch(
        f"at most {budget.limit} admissions of one key in {budget.window:g} s", actual, *deciding(series), evidence=hint
    )


def deciding(series: Sequence[Observation]) -> list[Exchange]:
    """The first request, the last admission and the first refusal: what a finding about a count shows."""
    shown = [series[0], *admissions(series)[-1:], *refusals(series)[:1]]
    return exchanges(dict.fromkeys(shown))


def in_time(series: Sequence[Observation], budget: Budget) -> None:
    precondition(
        span(series) <= budget.window * SLOW,
        f"sending {len(series)} requests took {span(series):.1f} s of a window of {budget.window:g} s: too slow to count",
    )


def _then_refused(series: Sequence[Observation], budget: Budget) -> None:
    if not refusals(series):
        raise NoVerdict(
            f"the experiment ended after {len(series)} requests, before the limit of {budget.limit} was passed"
        )


def whole_again(series: Sequence[Observation], budget: Budget, first: int) -> int:
    """After the reset the key was admitted as often as in its first window, but never less than `limit` times (RATE-06).

    `series` are the requests since the reset, `first` the admissions before it; too many in both is RATE-01's. The
    count. Raises `Mismatch`, `NoVerdict`.
    """
    admitted = len(admissions(usable(series)))
    precondition(
        not series[0].refused,
        "the key was still refused when its window should have ended: another clause is about that",
    )
    no_more_in_a_window(series, replace(budget, limit=max(first, budget.limit)))
    in_time(series, budget)
    if admitted < min(budget.limit, max(first, 1)):
        raise Mismatch(
            f"the whole budget of {budget.limit} after the reset", f"{admitted}, then 429", *deciding(series)
        )
    _then_refused(series, budget)
    return admitted


def since_reopening(series: Sequence[Observation]) -> list[Observation]:
    """From the last time that a refused key was admitted again."""
    reopened = [n for n, (a, b) in enumerate(itertools.pairwise(series)) if a.refused and not b.refused]
    return list(series[reopened[-1] + 1 :]) if reopened else []


def no_more_in_a_window(series: Sequence[Observation], budget: Budget) -> None:
    """Within a window of the key's first request, refusals and waits included, no more than the limit was admitted (RATE-01).

    Checked is what certainly lies within the window: what was answered before it can have ended. Raises `Mismatch`.
    """
    ends = series[0].sent + budget.window - AT_EDGE
    within = [seen for seen in usable(series) if seen.received < ends]
    if within and len(admissions(within)) > budget.most(within):
        raise too_many(within, budget)


def as_long(after: Sequence[Observation], budget: Budget) -> float:
    """A window that begins with our own request lasts as long as documented (RATE-01); how long it says that it does.

    `after` are the requests of a key's second window, the first of them sent just after the first window had ended. A
    limiter without windows is not checked. Raises `Mismatch`, `NoVerdict`.
    """
    refused = [seen for seen in refusals(usable(after)) if seen.retry_after is not None]
    precondition(refused and not after[0].refused, "no refusal in the key's second window says when it ends")
    length = refused[0].received + (refused[0].retry_after or 0) - after[0].sent
    gradual = budget.fit is not None and budget.fit.kind in {Kind.TOKEN_BUCKET, Kind.SLIDING_COUNTER}
    if length < budget.window - EARLIER - AT_EDGE and not gradual:
        raise Mismatch(
            f"windows of {budget.window:g} s",
            f"one that ends {length:.1f} s after it began, as Retry-After says",
            *deciding(after),
        )
    return round(length, 2)
