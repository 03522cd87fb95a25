"""The three records of a run brought together: users' answers, mock Meta's ledger, the receiver's events."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadtests.accounting import reconciliation, record_import

if TYPE_CHECKING:
    from conformance.meta.mock_client import MockMeta
    from conformance.webhooks.receiver_client import Receiver
    from loadtests.accounting.reconciliation import DiscrepancyCount
    from loadtests.accounting.run import Run

POLL = 0.3


@dataclass(frozen=True)
class Joined:
    """`unacknowledged`: Meta's webhooks that the deployment did not answer with 200."""

    discrepancies: list[DiscrepancyCount] = field(default_factory=list)
    unacknowledged: int = 0


def join(run: Run, provider: MockMeta, receiver: Receiver | None) -> Joined:
    """Read the ledger and the receiver, and compare. Raises ProviderError and httpx.HTTPError when mock Meta has ended."""
    record_import.read_sends(run.records, provider, run.mark, run.name)
    unacknowledged = record_import.read_webhooks(run.records, provider, run.mark)
    found = reconciliation.at_meta(run.records, run.overloads)
    if receiver is not None and run.endpoint is not None:
        _read_events(run, receiver)
        found += reconciliation.at_receiver(run.records)
    return Joined(found, unacknowledged)


def _read_events(run: Run, receiver: Receiver) -> None:
    """Deliveries follow Meta's webhooks after a while: wait until none is missing, or for as long as patience allows."""
    deadline = time.monotonic() + run.target.target.patience
    while True:
        record_import.read_events(run.records, receiver, run.path)
        if not reconciliation.events_missing(run.records) or time.monotonic() >= deadline:
            return
        time.sleep(POLL)
