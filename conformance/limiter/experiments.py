"""The experiments on keys of their own: they collect observations and check nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from typing import TYPE_CHECKING

from conformance.limiter.charging import Batch
from conformance.limiter.instances import MOST, silence
from conformance.limiter.observation import Observation, Series, admissions, refusals, span
from conformance.limiter.reopening import PUNCTUAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.limiter.instrument import Instrument
    from conformance.limiter.requests import Named, Request
    from conformance.target.keys import Key

SURPLUS = 4
"""Requests after the first refusal: one limiter refuses them all."""
BURST = 5 / 3
"""A burst in parts of the limit: 200 of 120 (RATE-02)."""
FRESH = {"Connection": "close"}
AFTERWARDS = 6
"""Requests of a key after another one was spent, or after it was admitted again."""
JUST_AFTER = PUNCTUAL + 0.01
SHARE = 0.25
"""The part of a window that spending a budget should take: a slow target is asked several requests at a time."""
MOST_TOGETHER = 16


def together(instrument: Instrument, lately: Sequence[Observation]) -> int:
    """How many requests to have under way at a time, from the slowest of the latest ones; one by one where that is quick."""
    trip = max((seen.received - seen.sent for seen in lately), default=0.0)
    return min(MOST_TOGETHER, max(1, math.ceil(instrument.limit * trip / (instrument.window * SHARE))))


def ask_all(instrument: Instrument, key: Key, requests: Iterable[Request]) -> Series:
    """All of them in their order, in groups of as many at a time as a slow target needs. Each is drawn when it is sent."""
    seen, group, left = Series(), Series(), iter(requests)
    while drawn := list(islice(left, together(instrument, group))):
        group = _ask_group(instrument, key, drawn)
        seen += group
    return seen


def _ask_group(instrument: Instrument, key: Key, requests: Sequence[Request]) -> Series:
    return [instrument.ask(key, requests[0])] if len(requests) == 1 else instrument.ask_together(key, requests)


def spend(instrument: Instrument, key: Key, request: Request | None = None, surplus: int = SURPLUS) -> Series:
    """Ask for `request`, or else what the instrument spends budgets with, until `surplus` requests after the first refusal,
    or until far more than the limit was admitted.

    Of requests that were under way together, in whatever order they were decided, the admitted come first.
    """
    seen, group = Series(), Series()
    most = round(instrument.limit * BURST) + surplus
    with instrument.turn():
        while len(seen) < most and len(refusals(seen[-surplus - 1 :])) <= surplus:
            count = together(instrument, group)
            group = _ask_group(instrument, key, list(repeat(request or instrument.spending, count)))
            seen += sorted(group, key=lambda one: one.refused)
    return seen


def promised(instrument: Instrument, seen: Observation) -> float:
    """Just after a refusal says that waiting is over; a missing, absurd or negative value counts as a window."""
    wait = seen.retry_after
    sane = wait is not None and 0 <= wait <= instrument.window + WAITED_BEYOND
    return seen.received + (wait if wait is not None and sane else instrument.window) + JUST_AFTER


WAITED_BEYOND = 10.0
"""Seconds beyond a window that a `Retry-After` is still waited for; what is longer than a window is RATE-04's."""


@dataclass(frozen=True)
class Sequential:
    """A fresh key spent one by one; then, after silence for `Retry-After`, what was refused still, and the next budget."""

    first: Series
    still: Series = field(default_factory=list)
    after: Series = field(default_factory=list)

    @property
    def series(self) -> Series:
        return self.first + self.still + self.after


def sequential(instrument: Instrument, key: Key) -> Sequential:
    """RATE-01, -03, -05 from above, -06.

    A sliding log opens with its oldest entry and is empty when its latest is a window old: that little longer is waited.
    """
    first = spend(instrument, key)
    if not first[-1].refused or not admissions(first):
        return Sequential(first)
    instrument.wait_until(promised(instrument, first[-1]))
    seen = [instrument.ask(key, instrument.spending)]
    rested = admissions(first)[-1].received + instrument.window + JUST_AFTER
    while seen[-1].refused and instrument.now() < rested + min(3.0, instrument.window / 2):
        instrument.wait_until(instrument.now() + instrument.window / 300)
        seen.append(instrument.ask(key, instrument.spending))
    if seen[-1].refused:
        return Sequential(first, seen)
    if rested - seen[-1].received < span(first) + JUST_AFTER:
        instrument.wait_until(rested)
    return Sequential(first, seen[:-1], [seen[-1], *spend(instrument, key)])


def asked_once(instrument: Instrument, key: Key, part: float) -> Series:
    """A key spent, asked once after `part` of the window, then silent for what that refusal said (RATE-05)."""
    seen = spend(instrument, key, surplus=0)
    instrument.wait_until(seen[0].sent + part * instrument.window)
    seen.append(instrument.ask(key, instrument.spending))
    if seen[-1].refused:
        instrument.wait_until(promised(instrument, seen[-1]))
        seen.append(instrument.ask(key, instrument.spending))
    return seen


def edge(instrument: Instrument, key: Key) -> Series:
    """Half of the budget, the rest half a window later, then asking on until a little after the window's end (RATE-11).

    Every admission after that is followed until the next refusal, so that the series shows how much came back when.
    """
    window = instrument.window
    with instrument.turn():
        seen = ask_all(instrument, key, repeat(instrument.spending, instrument.limit // 2))
    start = seen[0].sent
    instrument.wait_until(start + window / 2)
    seen += spend(instrument, key, surplus=0)
    close, end = max(window / 600, 0.04), start + window + min(4.0, window / 4)
    while instrument.now() < end:
        near = start + window - instrument.now() < min(2.5, window / 6)
        instrument.wait_until(instrument.now() + (close if near else window / 30))
        seen.append(instrument.ask(key, instrument.spending))
        if not seen[-1].refused:
            seen += spend(instrument, key, surplus=0)
    return seen


def retries(instrument: Instrument, key: Key, others: Sequence[Request]) -> tuple[Series, list[Observation]]:
    """A spent key that never stops asking: first with `others`, then with reads, until it is admitted (RATE-09, -11).

    The series of reads, and the answers to `others` in order.
    """
    window = instrument.window
    seen = spend(instrument, key, surplus=0)
    if not seen[-1].refused:
        return seen, []
    answers = [instrument.ask(key, other) for other in others]
    due = max(promised(instrument, seen[-1]), seen[0].received + window)
    while seen[-1].refused and instrument.now() < due + min(3.0, window / 2):
        near = due - instrument.now() < min(2.5, window / 6)
        instrument.wait_until(instrument.now() + (max(window / 900, 0.04) if near else window / 120))
        seen.append(instrument.ask(key, instrument.spending))
    if not seen[-1].refused:
        seen += [instrument.ask(key, instrument.spending) for _ in range(AFTERWARDS)]
    return seen, answers


def burst(instrument: Instrument, key: Key) -> Series:
    """All at once (RATE-02)."""
    with instrument.turn():
        return instrument.burst(key, instrument.spending, round(instrument.limit * BURST))


@dataclass(frozen=True)
class Isolation:
    """`spent` was spent between the first and the second request of the keys in `begun`, and before those in `fresh`."""

    spent: Series
    begun: dict[str, Series]
    fresh: dict[str, Series]


def isolation(instrument: Instrument, spent: Key, begun: dict[str, Key], fresh: dict[str, Key]) -> Isolation:
    """One key is spent while others, given by description, have made one request, and others none (RATE-07).

    The former make few requests after it, so that keys that others need too may be among them; the latter are spent.
    """
    with instrument.turn():
        series = {name: [instrument.ask(key, instrument.spending)] for name, key in begun.items()}
    gone = spend(instrument, spent)
    for name, key in begun.items():
        series[name] += ask_all(instrument, key, repeat(instrument.spending, min(AFTERWARDS, instrument.limit - 1)))
    whole = {name: [instrument.ask(key, instrument.spending)] for name, key in fresh.items()}
    gone.append(instrument.ask(spent, instrument.spending))
    for name, key in fresh.items():
        whole[name] += spend(instrument, key) if not whole[name][0].refused else []
    return Isolation(gone, series, whole)


def instances(instrument: Instrument, key: Key) -> Series:
    """Requests on connections of their own until every limiter that a balancer may lead to is spent (RATE-12).

    A balancer that goes by the caller's address always leads to the same limiter: from one address, the others cannot
    be seen.
    """
    quiet, seen, group = silence(instrument.limit), Series(), Series()
    enough = MOST * instrument.limit
    request = replace(instrument.spending, headers=FRESH)
    with instrument.turn():
        while len(admissions(seen)) < enough and not (len(seen) >= quiet and all(s.refused for s in seen[-quiet:])):
            count = together(instrument, group)
            group = [instrument.ask(key, request)] if count == 1 else instrument.burst(key, instrument.spending, count)
            seen += group
    return seen


@dataclass(frozen=True)
class Charges:
    """The failing requests, and what the key had left."""

    batches: list[Batch]
    rest: Series


def charges(instrument: Instrument, key: Key, failing: Sequence[tuple[str, Request, int]], reading: Request) -> Charges:
    """Failing requests, (what, request, amount) each, then the rest of the budget (RATE-10)."""
    with instrument.turn():
        batches = [Batch(what, ask_all(instrument, key, repeat(request, amount))) for what, request, amount in failing]
    return Charges(batches, spend(instrument, key, reading))


def unknown_key(instrument: Instrument, unknown: Key) -> Series:
    """More requests than the limit with a key that nobody issued (RATE-10)."""
    with instrument.turn():
        return ask_all(instrument, unknown, repeat(instrument.spending, instrument.limit + SURPLUS))


@dataclass(frozen=True)
class Mixture:
    """Requests of every operation, in order, by operation id; the rest of the budget; every operation once more."""

    mixed: list[tuple[str, Observation]]
    rest: Series
    refused: list[tuple[str, Observation]]

    @property
    def series(self) -> Series:
        return [seen for _, seen in self.mixed] + self.rest + [seen for _, seen in self.refused]


def mixture(instrument: Instrument, key: Key, rounds: Sequence[Sequence[Named]], plain: Request) -> Mixture:
    """All rounds but the last while there is budget, then reads until none is left, then the last round (RATE-08).

    `plain` is another read, in case the first kind is exempt from the limit.
    """
    with instrument.turn():
        mixed = _named(instrument, key, [one for around in rounds[:-1] for one in around][: instrument.limit - 1])
    rest = spend(instrument, key)
    if not rest[-1].refused:
        rest += spend(instrument, key, plain)
    return Mixture(mixed, rest, _named(instrument, key, rounds[-1]))


def _named(instrument: Instrument, key: Key, calls: Sequence[Named]) -> list[tuple[str, Observation]]:
    seen = ask_all(instrument, key, (request() for _, request in calls))
    return [(name, one) for (name, _), one in zip(calls, seen, strict=True)]
