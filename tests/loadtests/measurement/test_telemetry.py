from __future__ import annotations

import json

from loadtests.measurement import histogram
from loadtests.measurement.telemetry import Telemetry, combined

SEND = ("send", "sendMessage")


def noted(zero: float = 100.0) -> Telemetry:
    telemetry = Telemetry(zero)
    telemetry.request(SEND, 100.5, latency=0.2, service=0.1, failed=False, limited=False)
    telemetry.request(SEND, 103.5, latency=0.4, service=0.1, failed=True, limited=True)
    telemetry.began(0.001)
    telemetry.delay("webhook to visible", 0.3)
    telemetry.count("tasks cut short")
    return telemetry


def test_what_workers_send_adds_up() -> None:
    """Through JSON, as it goes through Locust's messages: tuples become lists there."""
    master = Telemetry(100.0)
    for _ in range(2):
        master.absorb(json.loads(json.dumps(noted().drain())))
    total = master.totals()[SEND]
    assert (total.answered, total.errors, total.limited, total.asked) == (2, 2, 2, 4)
    assert histogram.count(total.latency) == histogram.count(total.service) == 4
    assert histogram.count(master.lag) == 2
    assert histogram.count(master.delays["webhook to visible"]) == 2
    assert master.counters == {"tasks cut short": 2}


def test_what_was_drained_is_gone() -> None:
    telemetry = noted()
    telemetry.drain()
    assert telemetry.totals() == {}
    assert telemetry.drain()["counters"] == {}


def test_windows_of_time_are_told_apart() -> None:
    telemetry = noted()
    assert combined(telemetry.totals(until=2)).errors == 0
    assert combined(telemetry.totals(since=3)).errors == 1


def test_the_timeline_is_in_order_of_time() -> None:
    rows = noted().timeline()
    assert [row["at"] for row in rows] == [0.0, 3.0]
    assert (rows[1]["errors"], rows[1]["limited"], rows[1]["operation"]) == (1, 1, "sendMessage")
