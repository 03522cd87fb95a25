"""Many messages: what one costs in memory and time must not depend on how many there were before."""

from collections.abc import Sequence
from dataclasses import dataclass

from mock_meta.bench.load import Driver, bodies
from mock_meta.bench.servers import Server, mock
from mock_meta.bench.versus import CONNECTIONS

SLICES = 10


@dataclass(frozen=True, slots=True)
class Slice:
    """After so many messages: resident bytes for each so far, CPU microseconds for each of the slice, p99.9 in ms."""

    messages: int
    bytes_each: float
    cost: float
    p999: float


async def growth(messages: int, options: Sequence[str] = ()) -> list[Slice]:
    """Send in ten slices, each message to another person. Raises RuntimeError when a send is not answered 200."""
    with mock(options=("--behaviour", "silent", *options)) as server:
        await _send(server, 5_000, 0, messages)
        empty, found = server.memory(), list[Slice]()
        for number in range(SLICES):
            before = server.cpu()
            p999 = await _send(server, messages // SLICES, number * messages // SLICES, messages)
            sent = (number + 1) * messages // SLICES
            cost = (server.cpu() - before) / (messages // SLICES) * 1e6
            found.append(Slice(sent, (server.memory() - empty) / sent, cost, p999 * 1e3))
        return found


async def _send(server: Server, count: int, first: int, people: int) -> float:
    load = await Driver(server.target(), bodies(people, first)).closed(CONNECTIONS, count=count)
    if load.failures:
        raise RuntimeError(f"{len(load.failures)} sends failed; the first: {load.failures[0]}")
    return load.percentile(0.999)
