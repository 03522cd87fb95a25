"""The benchmark's accounts: they close when nothing went wrong, and tell what did."""

import asyncio
import dataclasses
import math
from array import array
from collections.abc import Iterator
from typing import Any

import pytest

from mock_meta.bench import report
from mock_meta.bench.ceiling import AFTER, Ceiling, hold
from mock_meta.bench.load import Driver, Load, bodies
from mock_meta.bench.million import Slice
from mock_meta.bench.servers import PHONE, Server, listening, mock
from mock_meta.bench.sink import Sink
from mock_meta.bench.versus import Turn, Versus, versus

SENDS = 100


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with mock() as found:
        yield found


def held(server: Server, batch: int, **chaos: float) -> Ceiling:
    """A tenth of a second at the ceiling, with a mock that misbehaves on purpose."""

    async def run() -> Ceiling:
        sink = Sink()
        await sink.listen()
        server.control("POST", "reset")
        server.control("PUT", "accounts/102290129340398", {"webhook_url": sink.url})
        server.control("PUT", "chaos", chaos)
        found = await hold(server, sink, SENDS / 1000, batch=batch)
        await sink.close()
        return found

    return asyncio.run(run())


@pytest.mark.parametrize("batch", [1, 50])
def test_the_books_close(server: Server, batch: int) -> None:
    found = held(server, batch)
    assert (len(found.sends.latencies), found.sends.failures, found.statuses) == (SENDS, [], SENDS * len(AFTER))
    assert (found.lost, found.twice, found.unproven, found.forged) == (0, 0, 0, 0)
    assert found.posts == found.statuses if batch == 1 else found.posts < found.statuses


@pytest.mark.parametrize(
    ("chaos", "member"), [({"drop": 0.2}, "lost"), ({"duplicate": 0.2}, "twice"), ({"wrong_signature": 0.2}, "forged")]
)
def test_what_went_wrong_is_counted(server: Server, chaos: dict[str, float], member: str) -> None:
    found = held(server, 1, **chaos)
    wrong = {name: getattr(found, name) for name in ("lost", "twice", "forged") if getattr(found, name)}
    assert wrong.keys() == {member}


def test_a_status_that_the_ledger_does_not_know_is_unproven(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(sink: Sink) -> Any:
        return [status for status in genuine(sink) for _ in range(2)]

    genuine = Sink.statuses
    monkeypatch.setattr(Sink, "statuses", twice)
    found = held(server, 1)
    assert (found.twice, found.unproven) == (SENDS * len(AFTER), SENDS * len(AFTER))


def test_refused_sends_are_failures(server: Server) -> None:
    server.control("POST", "reset")
    server.control("POST", "faults", {"match": {"phone_number_id": PHONE}, "times": 3, "error": {"code": 131000}})
    load = asyncio.run(Driver(server.target(), bodies(10)).closed(4, count=20))
    assert (len(load.latencies), len(load.failures)) == (20, 3)
    assert load.failures[0].startswith("500: ")


def test_a_connection_that_is_cut_is_a_failure(server: Server) -> None:
    server.control("POST", "reset")
    server.control("POST", "faults", {"times": 1, "reset": "before"})
    load = asyncio.run(Driver(server.target(), bodies(10)).closed(2, count=10))
    assert len(load.failures) == 1
    assert load.failures[0].startswith("0: ")


def test_a_mock_that_already_listens_takes_its_turns(server: Server) -> None:
    server.control("POST", "reset")
    server.control("PUT", "behaviour", {"profile": "silent"})

    async def one_turn() -> Versus:
        theirs = lambda _: listening(f"{server.url}{server.path}")  # noqa: E731  # a starter
        return await versus(theirs, theirs, turns=1, seconds=0.1, webhooks=False)

    found = asyncio.run(one_turn())
    assert found.by_cpu is None
    assert found.by_time > 0


def misses(lines: list[report.Line]) -> int:
    assert any(line.kept is not None for line in lines)
    return sum(line.kept is False for line in lines)


def test_promises_are_kept_or_missed() -> None:
    quick, slow = Turn(20_000.0, 50.0, 1.0, 3.0), Turn(10_000.0, 100.0, 1.0, 1.0)
    assert misses(report.sends(Versus([quick], [slow]))) == 0
    assert misses(report.sends(Versus([slow], [slow]))) == 1
    assert misses(report.statuses(Versus([quick], [slow]))) == 0
    unknown = dataclasses.replace(slow, cost=math.nan)
    assert misses(report.sends(Versus([quick], [unknown]))) == 0
    assert misses(report.sends(Versus([slow], [unknown]))) == 1
    assert misses(report.statuses(Versus([quick], [unknown]))) == 1
    assert misses(report.statuses(Versus([dataclasses.replace(quick, statuses=2.9)], [slow]))) == 1


def test_each_limit_of_the_ceiling_counts() -> None:
    load = Load(array("d", [0.001] * 1000), seconds=1.0)
    good = Ceiling(load, 0.01, 0.02, 10, 30, 0, 0, 0, 0, 0.5)
    assert misses(report.ceiling(good, 1)) == 0
    for change in ({"late_p99": 0.3}, {"lost": 1}, {"twice": 1}, {"unproven": 1}, {"forged": 1}):
        assert misses(report.ceiling(dataclasses.replace(good, **change), 1)) == 1
    late = Load(array("d", [0.001] * 900 + [0.05] * 100), seconds=1.0)
    assert misses(report.ceiling(dataclasses.replace(good, sends=late), 1)) == 1


def test_growth_in_memory_and_in_time_is_missed() -> None:
    flat = [Slice(count, 500.0, 50.0, 5.0) for count in (1000, 2000, 3000, 4000)]
    assert misses(report.growth(flat, "in memory", bounded=False)) == 0
    assert (
        misses(
            report.growth([*flat[:2], *(dataclasses.replace(one, cost=90.0) for one in flat[2:])], "", bounded=False)
        )
        == 1
    )
    assert misses(report.growth([*flat[:3], dataclasses.replace(flat[3], bytes_each=1100.0)], "", bounded=False)) == 1
    assert misses(report.growth([Slice(1_000_000, 500.0, 50.0, 5.0)] * 4, "", bounded=True)) == 1
