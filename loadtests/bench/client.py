"""One measurement in a process of its own, as JSON on standard output: `python -m loadtests.bench.client KIND URL SECONDS`.

`http`, `fast` and `ours` make the same two requests as fast as they can; `open` begins tasks on a schedule, `closed`
lets users wait for answers.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gevent
import locust
from locust import FastHttpUser, HttpUser, User, constant
from locust.env import Environment
from locust.event import Events

from loadtests.measurement import histogram
from loadtests.users import message_records
from loadtests.users.answers import LIST_CONVERSATIONS
from loadtests.users.briefing import Briefing
from loadtests.users.scenario import Scenario
from loadtests.users.task import Task
from loadtests.users.user import OpenModelUser, task, worker_state
from loadtests.users.worker_state import WorkerState, settle_memory

if TYPE_CHECKING:
    from locust.clients import HttpSession
    from locust.contrib.fasthttp import FastHttpSession

USERS = 20
AUTHORIZATION = {"Authorization": f"Bearer wacrm_live_{'A' * 43}"}
TEXT = "Your parcel is on its way."
BENCH = Scenario("bench", "one message")


def _ask(client: HttpSession | FastHttpSession, number: int) -> None:
    client.post("/api/v1/messages", json={"to": "+12025550123", "text": f"{TEXT} {number}"}, headers=AUTHORIZATION)
    client.get("/api/v1/conversations?limit=20", headers=AUTHORIZATION, name="/conversations")


class HttpCaller(HttpUser):
    @locust.task
    def both(self) -> None:
        _ask(self.client, 1)


class FastCaller(FastHttpUser):
    @locust.task
    def both(self) -> None:
        _ask(self.client, 1)


class OurCaller(User):
    """All of our work: a key with budget, the answer decoded and checked, telemetry, the record for reconciliation."""

    @locust.task
    def both(self) -> None:
        one = Task(worker_state(self.environment), self.environment.events.request, "bench", time.monotonic())
        _send(one)
        one.call(LIST_CONVERSATIONS, query="limit=20")


def _send(one: Task) -> None:
    nonce = one.worker.nonce()
    text = f"{TEXT} {nonce}"
    one.send(one.worker.recipients.known(), message_records.text(text), nonce, {"text": text})


class Arriving(OpenModelUser):
    """The open model: one request a task."""

    @task(BENCH, 1)
    def send(self, task: Task) -> None:
        _send(task)


class Waiting(User):
    """The closed model, for comparison: who waits for an answer does not ask, so a stall is met by few requests."""

    wait_time = constant(0.02)

    @locust.task
    def send(self) -> None:
        _send(Task(worker_state(self.environment), self.environment.events.request, "bench", time.monotonic()))


KINDS: dict[str, type[User]] = {
    "http": HttpCaller, "fast": FastCaller, "ours": OurCaller, "open": Arriving, "closed": Waiting,
}  # fmt: skip
SCHEDULED = ("open", "closed")


def prepared(url: str, pace: float = 1.0) -> WorkerState:
    """A worker state whose keys carry any load: the canned server has no limiter."""
    briefing = Briefing(
        run="0be5c4", seed=1, share=0, shares=1, origin=url, verify=True, timeout=30.0, limit=10**9, window=60.0,
        zero=time.time(), step=1.0, ceiling=10**9, arrivals="poisson", pace=pace, recipients=10, patience=5.0,
        keys=[("full[0]", f"wacrm_live_{'A' * 43}"), ("full[1]", f"wacrm_live_{'B' * 43}")],
    )  # fmt: skip
    return WorkerState(briefing)


def measure(kind: str, url: str, seconds: float, users: int = USERS) -> dict[str, Any]:
    """Requests, wall-clock and CPU seconds; for `open` also the schedule's lag and the latencies."""
    made = prepared(url)
    KINDS[kind].host = url
    environment = Environment(user_classes=[KINDS[kind]], events=Events(), catch_exceptions=False)
    environment.wacrm = SimpleNamespace(worker_state=made)  # type: ignore[attr-defined]
    runner = environment.create_local_runner()
    settle_memory()
    drain = gevent.spawn(_drain_for_ever, made)
    began, spent = time.monotonic(), time.process_time()
    runner.start(users, spawn_rate=100_000)
    gevent.sleep(seconds)
    elapsed, spent = time.monotonic() - began, time.process_time() - spent
    made.stopping.set()
    runner.stop()
    made.finish(patience=5.0)
    drain.kill()
    total = environment.stats.total
    found = {
        "kind": kind,
        "requests": total.num_requests,
        "failures": total.num_failures,
        "seconds": elapsed,
        "cpu": spent,
    }
    if kind in SCHEDULED:
        (tally,) = made.telemetry.totals().values()
        found |= {"lag": histogram.shown(made.telemetry.lag), "latency": histogram.shown(tally.latency)}
    return found


def _drain_for_ever(made: WorkerState) -> None:
    """What a worker does once a second, without a master."""
    while True:
        gevent.sleep(1.0)
        made.outbox.drain()


def main() -> None:
    kind, url, seconds, users, core = sys.argv[1:6]
    logging.disable(logging.WARNING)  # Locust's advice about spawning hundreds of users at once
    os.sched_setaffinity(0, {int(core)})
    print(json.dumps(measure(kind, url, float(seconds), int(users))))  # noqa: T201 - the protocol of this command


if __name__ == "__main__":
    main()
