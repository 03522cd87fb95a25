from __future__ import annotations

import json

from loadtests.measurement.observations import EXAMPLES, Observations


def test_examples_are_few_and_counts_are_complete() -> None:
    seen = Observations()
    for number in range(EXAMPLES + 3):
        seen.add("cursor", f"row {number}")
    assert seen.by_kind == {"cursor": (EXAMPLES + 3, [f"row {n}" for n in range(EXAMPLES)])}


def test_what_workers_saw_adds_up() -> None:
    """Through JSON, as it goes through Locust's messages."""
    master, worker = Observations(), Observations()
    worker.add("counts", "one", count=2)
    for _ in range(2):
        master.absorb(json.loads(json.dumps(worker.rows())))
    assert master.counts() == {"counts": 4}
    assert master.by_kind["counts"][1] == ["one", "one"]
