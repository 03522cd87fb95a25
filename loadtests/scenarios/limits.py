"""`limits`: clients that run into the limiter, and obey it or do not. Each has a key that nobody else uses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gevent.pool import Pool

from loadtests.users.answers import GET_ME
from loadtests.users.task import LIMITED, CutShortError, Visit
from loadtests.users.user import Stream, visit

if TYPE_CHECKING:
    from conformance.target.keys import Key

BEYOND = 40
"""Requests beyond the limit."""
AT_ONCE = 40


class LimitsScenario(Stream):
    """RATE-01 to RATE-04 while everything else goes on."""

    @visit("limits", 1, "burst", requests=0)
    def a_burst_is_admitted_to_the_limit(self, visit: Visit) -> None:
        """All at once, and without regard: exactly the limit is let through."""
        key = visit.world.budget.whole()
        if key is None:
            visit.world.telemetry.count("limits: no fresh key")
            return
        limit, window = visit.world.briefing.limit, visit.world.briefing.window
        began = time.monotonic()
        answers = list(Pool(AT_ONCE).imap_unordered(lambda _: _ask(visit, key), range(limit + BEYOND)))
        visit.world.budget.rest(key)
        unclear = sum(status not in {200, LIMITED} for status in answers)
        admitted = answers.count(200)
        if time.monotonic() - began < window and not admitted <= limit <= admitted + unclear:
            told = f"{admitted} of {len(answers)} requests at once were admitted, not {limit}"
            visit.world.outbox.trouble("limiter", f"GET /me with one fresh key: {told}")

    @visit("limits", 1, "obedient", requests=0)
    def who_waits_as_told_is_let_in(self, visit: Visit) -> None:
        key = visit.world.budget.whole()
        if key is None:
            visit.world.telemetry.count("limits: no fresh key")
            return
        for _ in range(visit.world.briefing.limit + 1):
            visit.due = time.monotonic()
            visit.call(GET_ME, key=key)
            if visit.status == LIMITED:
                _wait_and_try_again(visit, key)
                break
        visit.world.budget.rest(key)


def _wait_and_try_again(visit: Visit, key: Key) -> None:
    told = visit.limited
    if not (told or "").isdigit() or int(told or 0) < 1:
        visit.world.outbox.trouble("limiter", f"a 429 says Retry-After: {told}")
        return
    if not visit.world.pause(float(told or 0)):
        return
    visit.due = time.monotonic()
    visit.call(GET_ME, key=key)
    if visit.status == LIMITED:
        visit.world.outbox.trouble("limiter", f"429 again, {told} s after a 429 that said Retry-After: {told}")


def _ask(visit: Visit, key: Key) -> int:
    one = Visit(visit.world, visit._fire, visit.scenario, time.monotonic())  # noqa: SLF001 - a visit of the same kind
    try:
        one.call(GET_ME, key=key)
    except CutShortError:
        return 0
    return one.status
