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

from conformance.limiter import experiments, kinds, promises
from conformance.limiter.counting import Budget
from conformance.limiter.instrument import Live, Turns
from conformance.limiter.key_scheduling import ROUNDS, stocked
from conformance.limiter.observation import ME, SPEND, Observation, Request, Series, admissions, refusals
from conformance.limiter.requests import Prepared, wares
from conformance.limiter.timekeeping import ClockOffset, offset
from conformance.target import invalid_credentials
from conformance.target.api import Api
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking, Mismatch, NoAnswerError, NoVerdict
from conformance.wacrm.steps.refused_writes import Trial

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from conformance.limiter.experiments import Isolation, Mixture, Prices, Sequential
    from conformance.target.keys import Key, KeyPool
    from conformance.target.numbers import Numbers
    from conformance.target.probe import Probe
    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account

T = TypeVar("T")

KEYS = 13
"""Keys that all experiments together need at once."""
PACE = 0.004
"""Seconds of a round trip below which our own processor is what limits: then budgets are spent one after the other."""
MOST_PLACES = 12
FAR = 0.03
"""Seconds of a round trip from which RATE-12's requests are sent several at a time, lest they take the window."""
MOST_TOGETHER = 8
MIDDLE = (0.3, 0.6)
"""Between which parts of its window a spent key is asked once; a different one with every seed."""
STAGGER = 3.0
"""Seconds between the first requests of the two keys whose windows' ends are watched: a clock would end both at once."""


@dataclass(frozen=True)
class Bench:
    """What the laboratory is built from. `prepared` makes the requests that need rows, over the account's API.

    `rng` depends on the run's seed; `numbers` gives telephone numbers that the target behind an API does not know; `tell`
    takes what a check waits for.
    """

    target: Target
    pool: KeyPool
    new_probe: Callable[[], Probe]
    account: Account
    prepared: Callable[[Account], Prepared]
    rng: random.Random
    numbers: Callable[[Api], Numbers]
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Hammered:
    """A spent key that never stopped asking: its reads, and its refused writes with what they must not have left."""

    series: Series
    writes: dict[str, tuple[Trial, Observation] | Exception]


class Laboratory:
    """Starts every experiment when it is made; each attribute is one experiment's `Future`. `close` ends what still runs."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        address = bench.target.target
        self.limit, self.window = address.limit, address.window
        self._stop, self._probes = Event(), [bench.new_probe()]
        self._made: list[Prepared] = []
        self._deadline = time.monotonic() + ROUNDS * (self.window + 5) + 60
        trip = self._trip()
        self._turns = Turns(min(MOST_PLACES, max(1, round(trip / PACE))))
        self._together = min(MOST_TOGETHER, max(1, round(trip / FAR)))
        self._desk = stocked(bench.pool, KEYS, self.window)
        self._executor = ThreadPoolExecutor(16, "limiter")
        self._start, self._part = time.monotonic(), bench.rng.uniform(*MIDDLE)
        self._run()

    def _run(self) -> None:
        start = self._executor.submit
        self.isolation: Future[Isolation] = start(self._isolation)
        self.edge: Future[Series] = start(self._on_keys, 1, experiments.edge)
        self.sequential: Future[Sequential] = start(self._on_keys, 1, experiments.sequential)
        self.bursts: list[Future[Series]] = [start(self._on_keys, 1, experiments.burst) for _ in range(2)]
        self.hammered: Future[Hammered] = start(self._hammered)
        self.asked_once: Future[Series] = start(
            self._on_keys, 1, lambda live, key: experiments.asked_once(live, key, self._part)
        )
        self.mixture: Future[tuple[Mixture, dict[str, Exception]]] = start(self._mixture)
        self.prices: Future[Prices] = start(self._prices)
        self.forbidden: Future[Prices] = start(self._forbidden)
        self.instances: Future[Series] = start(
            self._on_keys, 1, lambda live, key: experiments.instances(live, key, self._together)
        )
        self.nameless: Future[Series] = start(lambda: experiments.nameless(self._live(), invalid_credentials.unknown()))

    # -- what checks ask for --------------------------------------------------------------------------------------------

    def of(self, experiment: Future[T]) -> T:
        """The experiment's data, waiting for it. Raises what the experiment raised."""
        if not experiment.done():
            self.bench.tell(f"waiting for the limiter's window of {self.window:g} s to end")
        try:
            return experiment.result(max(0.0, self._deadline - time.monotonic()))
        except LateError:
            raise NoVerdict("the experiment did not end in time") from None

    @cached_property
    def fit(self) -> kinds.Fit:
        """The limiter's kind (RATE-11). Raises what the experiments raised, and `NoVerdict`."""
        series = [self.of(self.edge)]
        hammered, sequential = self._if_there(self.hammered), self._if_there(self.sequential)
        more = [self._if_there(self.asked_once), hammered and hammered.series, sequential and sequential.series]
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
        hammered = self._if_there(self.hammered)
        try:
            promises.not_prolonged(hammered.series if hammered else [], self.window)
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
            self._if_there(one) for one in (self.edge, self.asked_once, self.instances, *self.bursts, self.nameless)
        ]
        sequential, hammered = self._if_there(self.sequential), self._if_there(self.hammered)
        found += [sequential.series if sequential else None, hammered.series if hammered else None]
        priced = (self._if_there(self.prices), self._if_there(self.forbidden))
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
        self._desk.close()
        self._executor.shutdown(wait=True, cancel_futures=True)
        for prepared in self._made:
            prepared.calls.close()
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
        probe = self.bench.new_probe()
        self._probes.append(probe)
        return Live(probe, self.limit, self.window, self._turns, self._stop)

    def _trip(self) -> float:
        """Seconds of a round trip; 0 when the target does not answer, which the experiments will say."""
        try:
            trips = [self._probes[0].send("GET", ME.path, key=invalid_credentials.unknown()).seconds for _ in range(3)]
        except NoAnswerError:
            return 0.0
        return statistics.median(trips)

    def _on_keys(self, count: int, experiment: Callable[..., T], *more: Any) -> T:  # noqa: ANN401 - the experiment's
        with self._desk.keys_for(count) as keys:
            return experiment(self._live(), *keys, *more)

    def _isolation(self) -> Isolation:
        others = [key for key in (self._of_another_account() for _ in range(2)) if key is not None]
        begun = dict(zip((OTHER_ACCOUNT,), others[1:] or self._shared_with_the_pool(), strict=False))
        with self._desk.keys_for(min(3, max(2, self._desk.stock))) as (spent, first, *second):
            fresh = dict(zip((SAME_ACCOUNT, OTHER_ACCOUNT), (first, *others), strict=False))
            begun |= dict(zip((SAME_ACCOUNT,), second, strict=False))
            return experiments.isolation(self._live(), spent, begun, fresh)

    def _of_another_account(self) -> Key | None:
        pool = self.bench.pool
        return pool.exclusive(Role.OTHER) if pool.has(Role.OTHER) else None

    def _shared_with_the_pool(self) -> list[Key]:
        """A key of another account that other checks use too, booked for the few requests."""
        pool = self.bench.pool
        if not pool.has(Role.OTHER):
            return []
        key = pool.keys(Role.OTHER)[0]
        for _ in range(1 + experiments.AFTERWARDS):
            pool.book(key)
        return [key]

    def _hammered(self) -> Hammered:
        live = self._live()
        trials = self._prepared(live).trials()
        ready = {name: found for name, found in trials.items() if isinstance(found, Trial)}
        requests = [Request(t.call.operation.method, t.call.path, t.call.json) for t in ready.values()]
        with self._desk.keys_for(1) as (key,):
            live.wait_until(self._start + min(STAGGER, self.window / 4))
            series, answers = experiments.hammered(live, key, requests)
        seen: dict[str, tuple[Trial, Observation] | Exception] = {
            name: found for name, found in trials.items() if not isinstance(found, Trial)
        }
        return Hammered(series, seen | {name: (ready[name], at) for name, at in zip(ready, answers, strict=False)})

    def _mixture(self) -> tuple[Mixture, dict[str, Exception]]:
        live = self._live()
        rounds, lacking = self._prepared(live).rounds(2 if self.limit >= TWICE else 1)
        with self._desk.keys_for(1) as (key,):
            return experiments.mixture(live, key, rounds), lacking

    def _prices(self) -> Prices:
        with self._desk.keys_for(1) as (key,):
            return experiments.prices(self._live(), key, wares(self.limit), SPEND)

    def _forbidden(self) -> Prices:
        """What a 403 costs: needs a key without scopes that no other check uses."""
        key = self.bench.pool.exclusive(Role.NONE) if self.bench.pool.has(Role.NONE) else None
        if key is None:
            raise NoVerdict("keys.none has no key to spare: a 403 can only be priced on a key of its own")
        return experiments.prices(self._live(), key, [("missing scope", SPEND, FORBIDDEN)], ME)

    def _prepared(self, live: Live) -> Prepared:
        api = Api(live.probe, self.bench.pool, Role.FULL)
        self._made.append(self.bench.prepared(replace(self.bench.account, api=api, numbers=self.bench.numbers(api))))
        return self._made[-1]


SAME_ACCOUNT = "other key of the account"
OTHER_ACCOUNT = "key of another account"
FORBIDDEN = 7
"""Requests that are priced on the key without scopes; what they cost must be a multiple of it."""
TWICE = 40
"""From this limit on, every operation is called twice before the budget is spent."""
