"""Meta's own ceiling, held: a thousand sends and three thousand statuses a second, and every one accounted for."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from mock_meta.bench.load import Driver, Load, bodies
from mock_meta.bench.servers import SECRET, Server, mock
from mock_meta.bench.sink import Sink

RATE = 1000.0
AFTER = {"sent": 0.05, "delivered": 0.1, "read": 0.15}
"""Seconds from the acceptance of a message until each of its statuses is due."""
_CONNECTIONS = 64
_PEOPLE = 100_000
_DRAIN = 30.0

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Seconds for latencies; ``lost``, ``twice`` and ``unproven`` count (wamid, status) pairs.

    ``unproven`` are those on which client, sink and ledger disagree.
    """

    sends: Load
    late_p99: float
    late_max: float
    posts: int
    statuses: int
    lost: int
    twice: int
    unproven: int
    forged: int
    busy: float


async def ceiling(seconds: float, *, batch: int) -> Ceiling:
    """Hold it for ``seconds``, with up to ``batch`` statuses in a POST."""
    sink = Sink()
    await sink.listen()
    with mock(sink.url) as server:
        found = await hold(server, sink, seconds, batch=batch)
    await sink.close()
    return found


async def hold(server: Server, sink: Sink, seconds: float, *, batch: int) -> Ceiling:
    """The same with a mock that posts its webhooks to the sink. Raises TimeoutError when they do not end."""
    _prepare(server, batch)
    before = server.cpu()
    load = await Driver(server.target(), bodies(_PEOPLE), keep=True).opened(_CONNECTIONS, rate=RATE, seconds=seconds)
    busy = (server.cpu() - before) / load.seconds
    await _drained(server)
    return _judge(load, sink, server, busy)


def _prepare(server: Server, batch: int) -> None:
    """Statuses at fixed times, so that it is known when each is due."""
    gap = AFTER["sent"]
    server.control("PUT", "behaviour", {name: {"after": gap} for name in AFTER})
    server.control("PUT", "batch", {"most": batch, "seconds": 0.05})


async def _drained(server: Server) -> None:
    async with asyncio.timeout(_DRAIN):
        while (await asyncio.to_thread(server.control, "GET", "health"))["pending_webhooks"]:  # noqa: ASYNC110  # a process apart
            await asyncio.sleep(0.1)


def _judge(load: Load, sink: Sink, server: Server, busy: float) -> Ceiling:
    """Join what the client was told, what the sink got, and what the ledger says about both."""
    accepted = {entry["wamid"]: entry["at"] for entry in _ledger(server, "request") if entry["wamid"]}
    acknowledged = Counter[Pair](
        (wamid, name) for entry in _ledger(server, "webhook") if entry["status"] for wamid, name in entry["statuses"]
    )
    arrived = list(sink.statuses())
    got = Counter[Pair]((one.wamid, one.name) for one in arrived)
    wanted = {(wamid, name) for wamid in load.wamids for name in AFTER}
    late = sorted(one.at - accepted[one.wamid] - AFTER[one.name] for one in arrived if one.wamid in accepted)
    return Ceiling(
        sends=load,
        late_p99=late[int(0.99 * len(late))] if late else float("inf"),
        late_max=late[-1] if late else float("inf"),
        posts=len(sink.posts),
        statuses=len(arrived),
        lost=len(wanted - got.keys()) + len(load.failures),
        twice=sum(count - 1 for count in got.values()),
        unproven=len(set(load.wamids) ^ accepted.keys()) + len((got - acknowledged) + (acknowledged - got)),
        forged=sink.forged(SECRET),
        busy=busy,
    )


def _ledger(server: Server, kind: str) -> Iterator[dict[str, Any]]:
    url = f"{server.url}/_control/ledger.ndjson"
    with httpx.stream("GET", url, params={"kind": kind}, trust_env=False, timeout=120.0) as answer:
        for line in answer.raise_for_status().iter_lines():
            yield json.loads(line)
