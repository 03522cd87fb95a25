"""Sends a second against the rival's, in turns."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median

from mock_meta.bench.load import Driver, Load, bodies
from mock_meta.bench.servers import Server
from mock_meta.bench.sink import Sink

CONNECTIONS = 32
_PEOPLE = 100_000
_WARM_UP = 0.5
_DRAIN = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One server's turn: sends a second, CPU microseconds a send, p99 in milliseconds, statuses that arrived for each."""

    rate: float
    cost: float
    p99: float
    statuses: float


@dataclass(frozen=True, slots=True)
class Versus:
    """The turns of both, in pairs."""

    ours: list[Turn]
    theirs: list[Turn]

    @property
    def by_time(self) -> float:
        """Our sends a second by theirs: the median of the pairs."""
        return median(one.rate / other.rate for one, other in zip(self.ours, self.theirs, strict=True))

    @property
    def by_cpu(self) -> float | None:
        """Our sends for a second of CPU by theirs; None when theirs is not known."""
        if any(math.isnan(other.cost) for other in self.theirs):
            return None
        return median(other.cost / one.cost for one, other in zip(self.ours, self.theirs, strict=True))


Starter = Callable[[str | None], AbstractContextManager[Server]]


async def versus(
    ours: Starter, theirs: Starter, *, turns: int, seconds: float, webhooks: bool, port: int = 0
) -> Versus:
    """``turns`` pairs of ``seconds`` each, the sink of theirs at ``port``. Raises RuntimeError when a send is not answered 200."""
    found = Versus([], [])
    for _ in range(turns):
        found.ours.append(await _turn(ours, seconds, webhooks=webhooks))
        found.theirs.append(await _turn(theirs, seconds, webhooks=webhooks, port=port))
    return found


async def _turn(start: Starter, seconds: float, *, webhooks: bool, port: int = 0) -> Turn:
    sink = Sink()
    await sink.listen(port)
    with start(sink.url if webhooks else None) as server:
        await _send(server, _WARM_UP)
        await _drained(sink)
        sink.posts.clear()
        before = server.cpu()
        load = await _send(server, seconds)
        await _drained(sink)
        cost = (server.cpu() - before) / len(load.latencies)
    await sink.close()
    arrived = sum(1 for _ in sink.statuses())
    return Turn(load.rate, cost * 1e6, load.percentile(0.99) * 1e3, arrived / len(load.latencies))


async def _send(server: Server, seconds: float) -> Load:
    load = await Driver(server.target(), bodies(_PEOPLE)).closed(CONNECTIONS, seconds=seconds)
    if load.failures:
        raise RuntimeError(f"{len(load.failures)} sends failed; the first: {load.failures[0]}")
    return load


async def _drained(sink: Sink) -> None:
    """Until no webhook has come for a moment, or the deadline. The cost of a send includes its webhooks'."""
    async with asyncio.timeout(_DRAIN):
        seen = -1
        while seen != len(sink.posts):
            seen = len(sink.posts)
            await asyncio.sleep(0.5)
