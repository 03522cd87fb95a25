from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from loadtests.accounting.run import WorkerStatus
from loadtests.cluster.briefings import AUDIT_KEYS, Briefings
from loadtests.cluster.key_allocation import KeyAllocation

if TYPE_CHECKING:
    from loadtests.accounting.run import Run

KEYS = 40


class OneRun(SimpleNamespace):
    """As much of a run as briefings are made from."""

    def worker(self, name: str) -> WorkerStatus:
        found: WorkerStatus = self.workers.setdefault(name, WorkerStatus(len(self.workers)))
        return found


def run() -> Run:
    address = SimpleNamespace(
        origin="http://127.0.0.1:9", verify=True, timeout=1.0, limit=10, window=60.0, patience=1.0, embedded=True
    )
    target = SimpleNamespace(
        target=address, meta=SimpleNamespace(control="http://127.0.0.1:9/_control", phone_number_id="1")
    )
    telemetry = SimpleNamespace(zero=0.0, step=1.0)
    return cast("Run", OneRun(name="0be5c4", seed=1, target=target, telemetry=telemetry, keys=KEYS, workers={}))


@pytest.fixture
def briefings() -> Briefings:
    given: Any = SimpleNamespace(arrivals="poisson", pace=1.0, recipients=10, max_requests=100)
    return Briefings(given, KeyAllocation([(f"full[{n}]", f"secret {n}") for n in range(KEYS)], rest=60.0))


def test_users_in_the_masters_process_have_everything(briefings: Briefings) -> None:
    only = briefings.only_worker(run(), "local")
    assert (len(only.keys), only.shares, only.ceiling) == (KEYS, 1, 100)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_two_workers_share_keys_numbers_or_requests(briefings: Briefings, count: int) -> None:
    it = run()
    told = [briefings.worker(it, f"worker {n}", count) for n in range(count)]
    audit = briefings.auditor(it)
    keys = [key for one in (*told, audit) for key in one.keys]
    assert len(keys) == len(set(keys)) == KEYS
    assert all(one.keys for one in told)
    assert len(audit.keys) >= AUDIT_KEYS
    assert len({one.share for one in (*told, audit)}) == count + 1
    assert sum(one.ceiling for one in told) <= 100


def test_a_worker_keeps_its_keys_for_the_next_run(briefings: Briefings) -> None:
    before, after = (briefings.worker(run(), "worker", 1).keys for _ in range(2))
    assert before == after
