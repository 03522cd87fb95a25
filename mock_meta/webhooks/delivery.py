"""The queue of webhook POSTs: concurrency, order per message, retries until a 200 (fact sheet 15)."""

import asyncio
import dataclasses
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from mock_meta.ledger.entries import WebhookEntry, delivery_id, parsed_body
from mock_meta.ledger.ledger import Ledger
from mock_meta.ledger.subjects import Subjects
from mock_meta.webhooks.pause import Pause
from mock_meta.webhooks.transport import Post, TransportError

SHOWN_BODY = 2000
_OK = 200


class State(StrEnum):
    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """``at`` unix seconds, ``duration`` seconds; ``status`` None with ``error`` when nothing answered."""

    at: float
    status: int | None
    error: str | None
    duration: float
    body: str


@dataclass(slots=True)
class Delivery:
    """One webhook and its attempts. Deliveries of one ``lane`` start one after the other."""

    number: int
    waba_id: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    subjects: Subjects
    signing: str
    lane: str | None = None
    attempts: list[Attempt] = dataclasses.field(default_factory=list)
    state: State = State.PENDING
    first: "asyncio.Future[None] | None" = None

    @property
    def id(self) -> str:
        return delivery_id(self.number)

    def shown(self) -> dict[str, Any]:
        """The delivery in the control's shape; ``payload`` null when the body is not JSON."""
        attempts = [dataclasses.asdict(attempt) for attempt in self.attempts]
        payload = parsed_body(self.body)
        return {"id": self.id, "seq": self.number, "attempts": attempts, "state": self.state, "payload": payload}


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Seconds between attempts; the last one repeats while the waits fit into ``horizon`` seconds. ``scale`` shrinks both.

    Answers' own time is left out, so that there are as many attempts at any scale, and whatever the clock does.
    """

    delays: tuple[float, ...] = (0.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
    horizon: float = 7 * 86400.0
    scale: float = 1.0

    def wait_before(self, attempts: int) -> float | None:
        """Scaled seconds until the next attempt after ``attempts`` failed ones; None to give up."""
        repeated = max(0, attempts - len(self.delays))
        if sum(self.delays[:attempts]) + repeated * self.delays[-1] > self.horizon:
            return None
        return self.delays[min(attempts, len(self.delays)) - 1] * self.scale


@dataclass(slots=True)
class _Callback:
    """One URL, and what is due there or under way. One that answers slowly holds up nobody else's webhooks."""

    ready: deque[Delivery] = dataclasses.field(default_factory=deque)
    running: set[asyncio.Task[None]] = dataclasses.field(default_factory=set)


class Dispatcher:
    """Sends deliveries, up to ``concurrency`` at a time to a URL; records each attempt; retries what was not answered 200."""

    def __init__(self, post: Post, pause: Pause, ledger: Ledger, retry: RetryPlan, concurrency: int = 64) -> None:
        self._post = post
        self._pause = pause
        self._ledger = ledger
        self._retry = retry
        self._concurrency = concurrency
        self._callbacks: defaultdict[str, _Callback] = defaultdict(_Callback)
        self._lanes: dict[str, deque[Delivery]] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._unsettled: dict[int, Delivery] = {}

    @property
    def pending(self) -> int:
        """Deliveries neither acknowledged nor given up."""
        return len(self._unsettled)

    def submit(self, delivery: Delivery) -> None:
        """Take a delivery; returns at once."""
        self._unsettled[delivery.number] = delivery
        if delivery.lane is not None:
            waiting = self._lanes.get(delivery.lane)
            if waiting is not None:
                waiting.append(delivery)
                return
            self._lanes[delivery.lane] = deque()
        self._enqueue(delivery)

    def find(self, number: int) -> Delivery | None:
        """The delivery, from the ledger once it is over."""
        return self._unsettled.get(number) or _restored(self._ledger.attempts(number))

    async def first_attempt(self, delivery: Delivery, deadline: float) -> None:
        """Wait until the first attempt is over, or the deadline (seconds)."""
        if delivery.attempts or delivery.state is not State.PENDING:
            return
        if delivery.first is None:
            delivery.first = asyncio.get_running_loop().create_future()
        await asyncio.wait([delivery.first], timeout=deadline)

    def clear(self) -> None:
        """Forget everything; what is on the wire is cut off."""
        for timer in self._timers.values():
            timer.cancel()
        for callback in self._callbacks.values():
            callback.ready.clear()
            for task in callback.running:
                task.cancel()
        self._timers.clear()
        self._lanes.clear()
        for delivery in self._unsettled.values():
            _settle(delivery)
        self._unsettled.clear()

    async def stop(self) -> None:
        running = [task for callback in self._callbacks.values() for task in callback.running]
        self.clear()
        await asyncio.gather(*running, return_exceptions=True)

    def _enqueue(self, delivery: Delivery) -> None:
        self._timers.pop(delivery.number, None)
        callback = self._callbacks[delivery.url]
        callback.ready.append(delivery)
        self._pump(callback)

    def _pump(self, callback: _Callback) -> None:
        while callback.ready and len(callback.running) < self._concurrency:
            task = asyncio.get_running_loop().create_task(self._attempt(callback.ready.popleft()))
            callback.running.add(task)
            task.add_done_callback(partial(self._finished, callback))

    def _finished(self, callback: _Callback, task: asyncio.Task[None]) -> None:
        callback.running.discard(task)
        if not task.cancelled():
            task.result()
        self._pump(callback)

    async def _attempt(self, delivery: Delivery) -> None:
        await self._pause.over()
        at, started = time.time(), time.monotonic()
        status, error, text = None, None, ""
        try:
            reply = await self._post(delivery.url, delivery.body, delivery.headers)
            status, text = reply.status, reply.body[:SHOWN_BODY]
        except TransportError as problem:
            error = str(problem)
        attempt = Attempt(at, status, error, time.monotonic() - started, text)
        delivery.attempts.append(attempt)
        self._record(delivery, attempt)
        self._conclude(delivery, attempt)
        _settle(delivery)
        self._release(delivery)

    def _record(self, delivery: Delivery, attempt: Attempt) -> None:
        self._ledger.add(
            WebhookEntry(
                at=attempt.at,
                delivery=delivery.number,
                attempt=len(delivery.attempts),
                url=delivery.url,
                waba_id=delivery.waba_id,
                signing=delivery.signing,
                body=delivery.body,
                status=attempt.status,
                error=attempt.error,
                duration=attempt.duration,
                answer=attempt.body,
                phone_number_id=delivery.subjects.phone_number_id,
                field=delivery.subjects.field,
                subjects=delivery.subjects,
            )
        )

    def _conclude(self, delivery: Delivery, attempt: Attempt) -> None:
        if attempt.status == _OK:
            delivery.state = State.ACKNOWLEDGED
            del self._unsettled[delivery.number]
            return
        wait = self._retry.wait_before(len(delivery.attempts))
        if wait is None:
            delivery.state = State.GIVEN_UP
            del self._unsettled[delivery.number]
            return
        loop = asyncio.get_running_loop()
        self._timers[delivery.number] = loop.call_later(wait, self._enqueue, delivery)

    def _release(self, delivery: Delivery) -> None:
        """After its first attempt a delivery lets the next of its lane go; retries do not hold it up."""
        if delivery.lane is None or len(delivery.attempts) > 1:
            return
        waiting = self._lanes.get(delivery.lane)
        if waiting:
            self._enqueue(waiting.popleft())
        else:
            self._lanes.pop(delivery.lane, None)


def _restored(entries: Sequence[WebhookEntry]) -> Delivery | None:
    """A delivery from what is on record of it. Its headers are not: a replay signs again."""
    if not entries:
        return None
    last = entries[-1]
    attempts = [Attempt(one.at, one.status, one.error, one.duration, one.answer) for one in entries]
    state = State.ACKNOWLEDGED if last.status == _OK else State.GIVEN_UP
    found = Delivery(last.delivery, last.waba_id, last.url, last.body, {}, last.subjects, last.signing)
    found.attempts, found.state = attempts, state
    return found


def _settle(delivery: Delivery) -> None:
    if delivery.first is not None and not delivery.first.done():
        delivery.first.set_result(None)
