"""All limiter experiments at once, in the background, so that a real window is waited for once (contract: RATE)."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.limiter import charging, experiments, kinds, reopening
from conformance.limiter.counting import Budget
from conformance.limiter.instrument import Live, Turns
from conformance.limiter.key_scheduling import ROUNDS, reserved
from conformance.limiter.observation import Observation, Series, admissions, refusals
from conformance.limiter.requests import RefusedWrite
from conformance.limiter.timekeeping import ClockOffset, offset
from conformance.target.verdicts import Lacking, Mismatch, NoAnswerError, NoVerdict

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from conformance.limiter.experiments import Charges, Isolation, Mixture, Sequential
    from conformance.limiter.requests import Prepared, Requests
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe

T = TypeVar("T")

KEYS = 13
"""Keys that all experiments together need at once."""
PACE = 0.004
"""Seconds of a round trip below which our own processor is what limits: then budgets are spent one after the other."""
MOST_PLACES = 12
MIDDLE = (0.3, 0.6)
"""Between which parts of its window a spent key is asked once; a different one with every seed."""
STAGGER = 3.0
"""Seconds between the first requests of the two keys whose windows' ends are watched: a clock would end both at once."""


@dataclass(frozen=True)
class Inputs:
    """What the laboratory is built from: the limiter's `limit` and `window` (seconds), and what is sent with which keys.

    `rng` depends on the run's seed; `tell` takes what a check waits for.
    """

    pool: KeyPool
    limit: int
    window: float
    new_probe: Callable[[], Probe]
    requests: Requests
    rng: random.Random
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Retries:
    """A spent key that never stopped asking: its reads, and its refused writes with what they must not have left."""

    series: Series
    writes: dict[str, tuple[RefusedWrite, Observation] | Exception]


class Laboratory:
    """Starts every experiment when it is made; each attribute is one experiment's `Future`. `close` ends what still runs."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.limit, self.window = inputs.limit, inputs.window
        self._stop, self._probes = Event(), [inputs.new_probe()]
        self._made: list[Prepared] = []
        self._deadline = time.monotonic() + ROUNDS * (self.window + 5) + 60
        self._turns = Turns(min(MOST_PLACES, max(1, round(self._trip() / PACE))))
        self._schedule = reserved(inputs.pool, inputs.requests.full, KEYS, self.window)
        self._executor = ThreadPoolExecutor(16, "limiter")
        self._start, self._part = time.monotonic(), inputs.rng.uniform(*MIDDLE)
        self._run()

    def _run(self) -> None:
        start = self._executor.submit
        self.isolation: Future[Isolation] = start(self._isolation)
        self.edge: Future[Series] = start(self._on_keys, 1, experiments.edge)
        self.sequential: Future[Sequential] = start(self._on_keys, 1, experiments.sequential)
        self.bursts: list[Future[Series]] = [start(self._on_keys, 1, experiments.burst) for _ in range(2)]
        self.retries: Future[Retries] = start(self._retries)
        self.asked_once: Future[Series] = start(
            self._on_keys, 1, lambda live, key: experiments.asked_once(live, key, self._part)
        )
        self.mixture: Future[tuple[Mixture, dict[str, Exception]]] = start(self._mixture)
        self.charges: Future[Charges] = start(self._charges)
        self.forbidden: Future[Charges] = start(self._forbidden)
        self.instances: Future[Series] = start(self._on_keys, 1, experiments.instances)
        self.unknown_key: Future[Series] = start(
            lambda: experiments.unknown_key(self._live(), self.inputs.requests.unknown_key())
        )

    # -- what checks ask for --------------------------------------------------------------------------------------------

    def of(self, experiment: Future[T]) -> T:
        """The experiment's data, waiting for it. Raises what the experiment raised."""
        if not experiment.done():
            self.inputs.tell(f"waiting for the limiter's window of {self.window:g} s to end")
        try:
            return experiment.result(max(0.0, self._deadline - time.monotonic()))
        except LateError:
            raise NoVerdict("the experiment did not end in time") from None

    @cached_property
    def fit(self) -> kinds.Fit:
        """The limiter's kind (RATE-11). Raises what the experiments raised, and `NoVerdict`."""
        series = [self.of(self.edge)]
        retries, sequential = self._if_there(self.retries), self._if_there(self.sequential)
        more = [self._if_there(self.asked_once), retries and retries.series, sequential and sequential.series]
        series += [one for one in more if one]
        return kinds.fit(series, self.allowance, self.window)

    @cached_property
    def allowance(self) -> int:
        """What a key is really admitted in a window: what both of one key's windows agree on, else what all limiters
        of the deployment together admit when they are several, else the limit.
        """
        found, spread = self._if_there(self.sequential), self._if_there(self.instances)
        if found is not None and found.after:
            counts = {len(admissions(found.first)), len(admissions(found.after))}
            return counts.pop() if len(counts) == 1 and refusals(found.after) else self.limit
        several = spread is not None and refusals(spread) and len(admissions(spread)) > self.limit
        return len(admissions(spread)) if spread is not None and several else self.limit

    @cached_property
    def prolongs(self) -> bool:
        """Refusals prolong the wait (RATE-09), so that a series full of them says little about other clauses."""
        retries = self._if_there(self.retries)
        try:
            reopening.not_prolonged(retries.series if retries else [], self.window)
        except Mismatch:
            return True
        except NoVerdict:
            pass
        return False

    @cached_property
    def budget(self) -> Budget:
        """The target's limit, window and kind."""
        try:
            return Budget(self.limit, self.window, self.fit)
        except (NoVerdict, Lacking, NoAnswerError):
            return Budget(self.limit, self.window)

    @cached_property
    def in_practice(self) -> Budget:
        """The same with the `allowance`: for clauses that are kept or broken whatever the limit is."""
        return replace(self.budget, limit=self.allowance)

    @cached_property
    def every(self) -> list[Series]:
        """All series of reads, of the experiments that succeeded."""
        found = [
            self._if_there(one) for one in (self.edge, self.asked_once, self.instances, *self.bursts, self.unknown_key)
        ]
        sequential, retries = self._if_there(self.sequential), self._if_there(self.retries)
        found += [sequential.series if sequential else None, retries.series if retries else None]
        priced = (self._if_there(self.charges), self._if_there(self.forbidden))
        found += [one.rest if one else None for one in priced]
        isolated, mixed = self._if_there(self.isolation), self._if_there(self.mixture)
        found += [isolated.spent, *isolated.begun.values(), *isolated.fresh.values()] if isolated else []
        found.append(mixed[0].series if mixed else None)
        return [one for one in found if one]

    @cached_property
    def clock(self) -> ClockOffset | None:
        """The target's clock, from every answer there is."""
        return offset(seen for series in self.every for seen in series)

    @property
    def requests(self) -> int:
        return sum(probe.count for probe in self._probes)

    def close(self) -> None:
        self._stop.set()
        self._schedule.close()
        self._executor.shutdown(wait=True, cancel_futures=True)
        for prepared in self._made:
            prepared.close()
        for probe in self._probes:
            probe.close()

    # -- how experiments run ----------------------------------------------------------------------------------------------

    def _if_there(self, experiment: Future[T]) -> T | None:
        """The data, or None: then its own checks say why."""
        try:
            return self.of(experiment)
        except (NoVerdict, Lacking, NoAnswerError):
            return None

    def _live(self) -> Live:
        """An instrument with connections of its own."""
        probe = self.inputs.new_probe()
        self._probes.append(probe)
        return Live(probe, self.limit, self.window, self.inputs.requests.spend, self._turns, self._stop)

    def _trip(self) -> float:
        """Seconds of a round trip; 0 when the target does not answer, which the experiments will say."""
        requests = self.inputs.requests
        try:
            trips = [
                self._probes[0].send(requests.plain.method, requests.plain.path, key=requests.unknown_key()).seconds
                for _ in range(3)
            ]
        except NoAnswerError:
            return 0.0
        return statistics.median(trips)

    def _on_keys(self, count: int, experiment: Callable[..., T], *more: Any) -> T:  # noqa: ANN401 - the experiment's
        with self._schedule.keys_for(count) as keys:
            return experiment(self._live(), *keys, *more)

    def _isolation(self) -> Isolation:
        others = [key for key in (self._of_another_account() for _ in range(2)) if key is not None]
        begun = dict(zip((OTHER_ACCOUNT,), others[1:] or self._shared_with_the_pool(), strict=False))
        with self._schedule.keys_for(min(3, max(2, self._schedule.stock))) as (spent, first, *second):
            fresh = dict(zip((SAME_ACCOUNT, OTHER_ACCOUNT), (first, *others), strict=False))
            begun |= dict(zip((SAME_ACCOUNT,), second, strict=False))
            return experiments.isolation(self._live(), spent, begun, fresh)

    def _of_another_account(self) -> Key | None:
        pool, other = self.inputs.pool, self.inputs.requests.other
        return pool.exclusive(other) if pool.has(other) else None

    def _shared_with_the_pool(self) -> list[Key]:
        """A key of another account that other checks use too, booked for the few requests."""
        pool, other = self.inputs.pool, self.inputs.requests.other
        if not pool.has(other):
            return []
        key = pool.keys(other)[0]
        for _ in range(1 + experiments.AFTERWARDS):
            pool.book(key)
        return [key]

    def _retries(self) -> Retries:
        live = self._live()
        writes = self._prepared(live).writes()
        ready = {name: found for name, found in writes.items() if isinstance(found, RefusedWrite)}
        with self._schedule.keys_for(1) as (key,):
            live.wait_until(self._start + min(STAGGER, self.window / 4))
            series, answers = experiments.retries(live, key, [write.request for write in ready.values()])
        seen: dict[str, tuple[RefusedWrite, Observation] | Exception] = {
            name: found for name, found in writes.items() if not isinstance(found, RefusedWrite)
        }
        return Retries(series, seen | {name: (ready[name], at) for name, at in zip(ready, answers, strict=False)})

    def _mixture(self) -> tuple[Mixture, dict[str, Exception]]:
        live = self._live()
        rounds, lacking = self._prepared(live).rounds(2 if self.limit >= TWICE else 1)
        with self._schedule.keys_for(1) as (key,):
            return experiments.mixture(live, key, rounds, self.inputs.requests.plain), lacking

    def _charges(self) -> Charges:
        failing = charging.sized(self.inputs.requests.failing, self.limit)
        with self._schedule.keys_for(1) as (key,):
            return experiments.charges(self._live(), key, failing, self.inputs.requests.spend)

    def _forbidden(self) -> Charges:
        """What a 403 costs: needs a key without scopes that no other check uses."""
        pool, requests = self.inputs.pool, self.inputs.requests
        key = pool.exclusive(requests.unscoped) if pool.has(requests.unscoped) else None
        if key is None:
            raise NoVerdict(
                f"keys.{requests.unscoped} has no key to spare: a 403 needs a key of its own to be measured"
            )
        return experiments.charges(self._live(), key, [("missing scope", requests.spend, FORBIDDEN)], requests.plain)

    def _prepared(self, live: Live) -> Prepared:
        self._made.append(self.inputs.requests.prepared(live.probe))
        return self._made[-1]


SAME_ACCOUNT = "other key of the account"
OTHER_ACCOUNT = "key of another account"
FORBIDDEN = 7
"""Requests whose cost is measured on the key without scopes; what they cost must be a multiple of it."""
TWICE = 40
"""From this limit on, every operation is called twice before the budget is spent."""
