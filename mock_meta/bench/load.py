"""Sends as fast as they are answered (closed model), or at a rate whatever the answers do (open model)."""

import asyncio
import itertools
import math
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from mock_meta.bench.client import Connection, Target, connect

_OK = 200
_LONGEST = 3600.0


class _Named(msgspec.Struct, gc=False):
    id: str


class _Accepted(msgspec.Struct, gc=False):
    messages: list[_Named]


@dataclass(slots=True)
class Load:
    """What came of a run. Latencies in seconds: from the request in the closed model, from its due time in the open one."""

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    wamids: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def bodies(people: int, first: int = 0) -> Iterator[bytes]:
    """Text messages without end, to ``people`` different recipients in turn."""
    for number in itertools.count(first):
        yield (
            b'{"messaging_product":"whatsapp","recipient_type":"individual","to":"39331%08d","type":"text",'
            b'"text":{"body":"Hello number %d, your order is on its way."}}' % (number % people, number)
        )


class Driver:
    """Sends over connections that are kept. ``keep`` remembers the ids of the messages."""

    def __init__(self, target: Target, messages: Iterator[bytes], *, keep: bool = False) -> None:
        self._target = target
        self._head = target.head()
        self._messages = messages
        self._decode = msgspec.json.Decoder(_Accepted).decode if keep else None
        self._then: Callable[[Connection], None] = lambda _: None
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._load = Load()

    async def closed(self, connections: int, *, seconds: float = math.inf, count: int | None = None) -> Load:
        """Each connection sends again as soon as it is answered, for so long or so often."""
        opened = await connect(self._target, self._answered, connections)
        started = time.perf_counter()
        turns = iter(range(count)) if count is not None else itertools.repeat(0)

        def again(connection: Connection) -> None:
            if (now := time.perf_counter()) < started + seconds and next(turns, None) is not None:
                self._send(connection, now)

        self._then = again
        for connection in opened:
            again(connection)
        return await self._finish(opened, started)

    async def opened(self, connections: int, *, rate: float, seconds: float) -> Load:
        """``rate`` sends a second, evenly, each due at its own time even when all connections are busy."""
        opened = await connect(self._target, self._answered, connections)
        idle, due = list(opened), deque[float]()

        def dispatch() -> None:
            while due and idle:
                self._send(idle.pop(), due.popleft())

        def rest(connection: Connection) -> None:
            idle.append(connection)
            dispatch()

        self._then = rest
        started = time.perf_counter()
        for number in range(int(rate * seconds)):
            if (wait := started + number / rate - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            due.append(started + number / rate)
            dispatch()
        return await self._finish(opened, started)

    async def _finish(self, opened: list[Connection], started: float) -> Load:
        while self._under_way:
            self._quiet.clear()
            await asyncio.wait_for(self._quiet.wait(), _LONGEST)
        self._load.seconds = time.perf_counter() - started
        for connection in opened:
            connection.close()
        await asyncio.sleep(0)  # connections end in the loop's next turn
        return self._load

    def _send(self, connection: Connection, since: float) -> None:
        body = next(self._messages)
        connection.started = since
        self._under_way += 1
        connection.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        self._under_way -= 1
        self._load.latencies.append(time.perf_counter() - connection.started)
        if status != _OK:
            self._load.failures.append(f"{status}: {body[:200].decode('utf-8', 'replace')}")
        elif self._decode is not None:
            self._load.wamids.append(self._decode(body).messages[0].id)
        if status:
            self._then(connection)
        if not self._under_way:
            self._quiet.set()
