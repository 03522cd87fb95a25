"""What a task makes of answers, without a server: a client that answers what it was told to."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from loadtests.users.answers import GET_ME, LIST_CONTACTS
from loadtests.users.briefing import Briefing
from loadtests.users.http_client import NoAnswerError, Response
from loadtests.users.message_records import Outcome
from loadtests.users.task import IN_USE_BEFORE, CutShortError, Task
from loadtests.users.worker_state import WorkerState

ACCEPTED = {
    "message_id": "m",
    "whatsapp_message_id": "w",
    "conversation_id": "v",
    "contact_id": "c",
    "contact_created": True,
}
LIMITED = Response(429, b'{"error": {"code": "rate_limited", "message": "slow down"}}', "30")


@dataclass
class Events:
    """Takes the place of Locust's request event."""

    fired: list[dict[str, Any]] = field(default_factory=list)

    def fire(self, **event: Any) -> None:
        self.fired.append(event)


class Canned:
    def __init__(self, answer: Response | Exception) -> None:
        self._answer = answer

    def exchange(self, *_: Any) -> Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def worker(answer: Response | Exception, **more: Any) -> WorkerState:
    given: dict[str, Any] = {
        "run": "0be5c4", "seed": 1, "share": 0, "shares": 1, "origin": "http://127.0.0.1:9", "verify": True, "timeout": 1.0,
        "limit": 10, "window": 60.0, "zero": time.time(), "step": 1.0, "ceiling": 10, "arrivals": "poisson", "pace": 1.0,
        "recipients": 10, "patience": 1.0, "keys": [("full[1]", "wacrm_live_x")],
    }  # fmt: skip
    made = WorkerState(Briefing(**given | more))
    made.client = cast("Any", Canned(answer))
    return made


def task(made: WorkerState, events: Events | None = None) -> Task:
    return Task(made, cast("Any", events or Events()), "send", time.monotonic())


def ok(body: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(body).encode(), None)


def sent(made: WorkerState) -> str:
    """The outcome that is written down of a send."""
    task(made).send("+12025550123", "digest", made.nonce(), {"text": "x"})
    (row,) = made.outbox.asked
    return row.outcome


def test_latency_counts_from_the_intended_start() -> None:
    made, events = worker(ok({"data": {}})), Events()
    late = Task(made, cast("Any", events), "send", time.monotonic() - 2.0)
    late.call(GET_ME)
    late.call(GET_ME)
    first, second = (event["response_time"] for event in events.fired)
    assert first >= 2000
    assert second < 1000  # who has an answer and asks on is not late any more
    (tally,) = made.telemetry.totals().values()
    assert max(tally.service) < max(tally.latency)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ok({"data": ACCEPTED}, 201), Outcome.ACCEPTED),
        (ok({"error": {"code": "meta_error", "message": "no"}}, 502), Outcome.REFUSED),
        (NoAnswerError("no answer in time"), Outcome.UNANSWERED),
    ],
)
def test_what_was_answered_is_written_down(answer: Response | Exception, outcome: Outcome) -> None:
    assert sent(worker(answer)) == outcome


def test_who_finds_nobody_to_connect_to_has_asked_nothing() -> None:
    made = worker(NoAnswerError("refused", refused=True))
    task(made).send("+12025550123", "digest", made.nonce(), {"text": "x"})
    assert made.outbox.asked == []
    assert made.dead_since is not None


def test_an_answer_that_is_not_as_documented_is_a_finding() -> None:
    for answer in (
        ok({"data": [], "meta": {}}),
        ok({"rows": []}),
        Response(500, b"<html>", None),
        Response(200, b"\xff", None),
    ):
        made, events = worker(answer), Events()
        assert task(made, events).call(LIST_CONTACTS) is None
        assert "schema" in made.outbox.observations.by_kind
        assert "not as documented" in str(events.fired[0]["exception"])


def test_a_429_for_a_key_with_budget_is_a_finding() -> None:
    made, events = worker(LIMITED), Events()
    task(made, events).call(GET_ME)
    assert "unexpected-429" in made.outbox.observations.by_kind
    assert events.fired[0]["exception"] is not None


def test_a_429_for_a_key_that_others_used_before_is_none() -> None:
    made, events = worker(LIMITED, fresh=False), Events()
    task(made, events).call(GET_ME)
    assert made.outbox.observations.by_kind == {}
    assert made.telemetry.counters == {IN_USE_BEFORE: 1}
    assert events.fired[0]["exception"] is None
    long_since = worker(LIMITED, fresh=False, zero=time.time() - 100)
    task(long_since).call(GET_ME)
    assert "unexpected-429" in long_since.outbox.observations.by_kind


def test_a_429_for_a_key_of_ones_own_is_what_was_asked_for() -> None:
    made, events = worker(LIMITED), Events()
    key, _ = made.budget.key()
    one = task(made, events)
    one.call(GET_ME, key=key)
    assert (one.status, one.limited, made.outbox.observations.by_kind) == (429, "30", {})
    assert events.fired[0]["exception"] is None


def test_the_ceiling_cuts_tasks_short() -> None:
    made = worker(ok({"data": {}}), ceiling=2)
    one = task(made)
    one.call(GET_ME)
    one.call(GET_ME)
    with pytest.raises(CutShortError, match="ceiling"):
        one.call(GET_ME)
    assert made.requests == 2


def test_secrets_are_in_no_observation() -> None:
    made = worker(LIMITED)
    task(made).call(GET_ME)
    assert "wacrm_live" not in repr(made.outbox) + repr(made.briefing)
