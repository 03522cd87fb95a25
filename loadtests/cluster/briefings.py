"""What each worker is told: the target, its share of the telephone numbers and of the requests, and its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.users.briefing import Briefing

if TYPE_CHECKING:
    import argparse

    from loadtests.accounting.run import Run
    from loadtests.cluster.key_allocation import KeyAllocation, Pair

SHARES = 32
"""Parts of the telephone numbers, for workers that join late too."""
AUDITOR = "auditor"
AUDIT_KEYS = 6
AUDIT_CEILING = 100_000
"""Requests that the read-side audit may take: a wait has a deadline, and this is its other bound."""


@dataclass(frozen=True)
class Briefings:
    given: argparse.Namespace
    allocation: KeyAllocation

    def only_worker(self, run: Run, name: str) -> Briefing:
        """For users in the master's own process, which need no share: all is theirs."""
        return self._briefing(run, run.worker(name).share, 1, self.given.max_requests, self._keys(name, run.keys))

    def worker(self, run: Run, name: str, workers: int) -> Briefing:
        """For one of `workers`. One share of keys is kept for a worker that joins late, a few for the auditor."""
        if not self.allocation.held(AUDITOR):
            self.allocation.allocate(AUDITOR, AUDIT_KEYS)
        keys = self._keys(name, (run.keys - AUDIT_KEYS) // (workers + 1))
        return self._briefing(run, run.worker(name).share, SHARES, max(1, self.given.max_requests // workers), keys)

    def auditor(self, run: Run) -> Briefing:
        """For the read-side audit when workers are done: the keys kept for it, and all that nobody holds."""
        kept = [*self.allocation.held(AUDITOR), *self.allocation.allocate(AUDITOR, run.keys)]
        return self._briefing(run, SHARES, SHARES, AUDIT_CEILING, kept)

    def _keys(self, name: str, count: int) -> list[Pair]:
        """A worker that held keys in a run before keeps them, and its account of what it spent."""
        return self.allocation.held(name) or self.allocation.allocate(name, count)

    def _briefing(self, run: Run, share: int, shares: int, ceiling: int, keys: list[Pair]) -> Briefing:
        target, meta = run.target.target, run.target.meta
        assert meta is not None
        return Briefing(
            run=run.name, seed=run.seed, share=share, shares=shares, origin=target.origin, verify=target.verify,
            timeout=target.timeout, limit=target.limit, window=target.window, zero=run.telemetry.zero,
            step=run.telemetry.step, ceiling=ceiling, arrivals=self.given.arrivals, pace=self.given.pace,
            recipients=self.given.recipients, patience=target.patience, fresh=target.embedded, control=meta.control,
            phone_number_id=meta.phone_number_id, keys=keys,
        )  # fmt: skip
