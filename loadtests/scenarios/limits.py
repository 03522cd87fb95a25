"""`limits`: clients that run into the limiter, and obey it or do not. Each has a key that nobody else uses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gevent.pool import Pool

from loadtests.users.answers import GET_ME
from loadtests.users.scenario import Scenario
from loadtests.users.task import LIMITED, CutShortError, Task
from loadtests.users.user import OpenModelUser, task

if TYPE_CHECKING:
    from conformance.target.keys import Key

BEYOND = 40
"""Requests beyond the limit."""
AT_ONCE = 40


LIMITS = Scenario("limits", "bursts beyond the rate limit, and clients that wait as told")


class LimitsScenario(OpenModelUser):
    """RATE-01 to RATE-04 while everything else goes on."""

    scenario = LIMITS

    @task(LIMITS, 1, "burst", requests=0)
    def a_burst_is_admitted_to_the_limit(self, task: Task) -> None:
        """All at once, and without regard: exactly the limit is let through."""
        key = task.worker.budget.whole()
        if key is None:
            task.worker.telemetry.count("limits: no fresh key")
            return
        limit, window = task.worker.briefing.limit, task.worker.briefing.window
        began = time.monotonic()
        answers = list(Pool(AT_ONCE).imap_unordered(lambda _: _ask(task, key), range(limit + BEYOND)))
        task.worker.budget.rest(key)
        unclear = sum(status not in {200, LIMITED} for status in answers)
        admitted = answers.count(200)
        if time.monotonic() - began < window and not admitted <= limit <= admitted + unclear:
            told = f"{admitted} of {len(answers)} requests at once were admitted, not {limit}"
            task.worker.outbox.observe("limiter", f"GET /me with one fresh key: {told}")

    @task(LIMITS, 1, "obedient", requests=0)
    def who_waits_as_told_is_let_in(self, task: Task) -> None:
        key = task.worker.budget.whole()
        if key is None:
            task.worker.telemetry.count("limits: no fresh key")
            return
        for _ in range(task.worker.briefing.limit + 1):
            task.due = time.monotonic()
            task.call(GET_ME, key=key)
            if task.status == LIMITED:
                _wait_and_try_again(task, key)
                break
        task.worker.budget.rest(key)


def _wait_and_try_again(task: Task, key: Key) -> None:
    told = task.limited
    if not (told or "").isdigit() or int(told or 0) < 1:
        task.worker.outbox.observe("limiter", f"a 429 says Retry-After: {told}")
        return
    if not task.worker.pause(float(told or 0)):
        return
    task.due = time.monotonic()
    task.call(GET_ME, key=key)
    if task.status == LIMITED:
        task.worker.outbox.observe("limiter", f"429 again, {told} s after a 429 that said Retry-After: {told}")


def _ask(task: Task, key: Key) -> int:
    one = Task(task.worker, task._fire, task.scenario, time.monotonic())  # noqa: SLF001 - a task of the same kind
    try:
        one.call(GET_ME, key=key)
    except CutShortError:
        return 0
    return one.status
