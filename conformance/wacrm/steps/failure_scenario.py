"""Events delivered to endpoints that fail, redirect or answer late (HOOK-09, HOOK-10, HOOK-11)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.target.waiting import eventually
from conformance.wacrm.steps.endpoints import RECEIVED, STATUS, Endpoint, Endpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row

REDIRECT_CODES = (301, 302, 303, 307, 308)


RECORD_SECONDS = 2.0
"""Seconds to wait until an outcome is recorded; after that the endpoint is no longer waited for."""


MAX_TIMEOUTS = 2
"""How many time-outs may pass in a target that delivers one event after the other."""


FAILURE = {"status": 500}


ACCEPTING = ("healthy", "dawdling", "accepting")
"""Endpoints that accept every delivery."""


@dataclass
class FailureScenario:
    """The endpoints by how they answer, the events (wamids), and after how many events each was switched off.

    `seconds`: how long the API and Meta's webhooks took while a receiver was silent. `reactivated`: the answer to the
    PATCH.
    """

    account: Account
    endpoints: Endpoints
    capabilities: Capabilities
    by_behaviour: dict[str, Endpoint]
    redirects: dict[int, tuple[Endpoint, Endpoint]]
    timing_out: Endpoint
    wamids: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    switched_off_after: dict[str, list[int]] = field(default_factory=dict)
    reactivated: Row = field(default_factory=dict)
    unresponsive: set[str] = field(default_factory=set)

    @property
    def failure_limit(self) -> int:
        return self.capabilities.webhook_failures

    def cause_event(self, sender: str) -> None:
        """Cause one event for every endpoint."""
        self.wamids.append(self.account.receive(sender))


def register_failing_endpoints(account: Account, endpoints: Endpoints, capabilities: Capabilities) -> FailureScenario:
    failure_limit = capabilities.webhook_failures
    programs: dict[str, list[dict[str, Any]]] = {
        "healthy": [{}],
        "dawdling": [{"delay": capabilities.webhook_timeout / 5}, {}],
        "failing": [FAILURE],
        "recovering": [*[FAILURE] * (failure_limit - 1), {}, FAILURE],
        "mixed": [FAILURE, {"reset": True}, {"status": 404}, {"status": 503}] * failure_limit,
        "paused": [FAILURE],
        "edited": [FAILURE],
        "accepting": [{"status": 204}, {"status": 202}, {"status": 201}] * failure_limit,
        "redirected": _redirect_answers(endpoints) * failure_limit,
    }
    by_behaviour = {name: _programmed(endpoints, *program) for name, program in programs.items()}
    redirects = {code: _redirecting(endpoints, code) for code in REDIRECT_CODES}
    timing_out = _programmed(endpoints, {"delay": capabilities.webhook_timeout + 1.5})
    return FailureScenario(account, endpoints, capabilities, by_behaviour, redirects, timing_out)


def _redirect_answers(endpoints: Endpoints) -> list[dict[str, Any]]:
    """One redirect of each kind, to a path that answers 500."""
    redirect_target = endpoints.path()
    endpoints.receiver.answer(redirect_target, **FAILURE)
    return [{"status": code, "location": endpoints.receiver.url(redirect_target)} for code in REDIRECT_CODES]


def _programmed(endpoints: Endpoints, *program: dict[str, Any]) -> Endpoint:
    path = endpoints.path()
    endpoints.receiver.answers(path, *program)
    return endpoints.register(RECEIVED, path=path)


def _redirecting(endpoints: Endpoints, code: int) -> tuple[Endpoint, Endpoint]:
    """An endpoint that redirects, and the path that it redirects to, as an endpoint."""
    redirect_target = endpoints.path()
    source = _programmed(endpoints, {"status": code, "location": endpoints.receiver.url(redirect_target)})
    return source, Endpoint("", redirect_target, "", source.answer, endpoints)


def time_others_while_one_is_silent(scenario: FailureScenario) -> None:
    """Time Meta's webhooks and requests of every kind while one receiver does not answer."""
    account, sender = scenario.account, scenario.account.numbers.fresh()
    began = time.monotonic()
    scenario.cause_event(sender)
    scenario.seconds["Meta's webhook of the message"] = time.monotonic() - began
    scenario.timing_out.wait(RECEIVED, whatsapp_message_id=scenario.wamids[0])
    scenario.endpoints.require_reachable()
    requests: dict[str, Callable[[], object]] = {
        "Meta's webhook of another message": lambda: scenario.cause_event(sender),
        "POST /messages": lambda: account.send(sender),
        "POST /messages to a new number": account.send,
        "POST /contacts": account.contact,
        "GET /conversations": lambda: account.api.get("/conversations", limit=1),
        "GET /webhooks/{id}": scenario.timing_out.row,
    }
    for what, request in requests.items():
        began = time.monotonic()
        request()
        scenario.seconds[what] = time.monotonic() - began


def run_failures(scenario: FailureScenario) -> None:
    """Cause events one at a time, each when the outcomes of the last have been recorded."""
    sender = scenario.account.numbers.fresh()
    scenario.timing_out.patch(is_active=False)
    scenario.by_behaviour["healthy"].wait(RECEIVED, whatsapp_message_id=scenario.wamids[-1])
    _outcomes(scenario, {}, sender)
    while len(scenario.wamids) < 2 * scenario.failure_limit + 2:
        _outcomes(scenario, scenario.endpoints.rows(), sender)
        if scenario.reactivated == {} and "failing" in scenario.switched_off_after:
            scenario.reactivated = scenario.by_behaviour["failing"].patch(is_active=True)
        if event_count(scenario.by_behaviour["paused"]) == scenario.failure_limit - 1:
            scenario.by_behaviour["paused"].patch(is_active=False)
            scenario.by_behaviour["paused"].patch(is_active=True)
        if event_count(scenario.by_behaviour["edited"]) == scenario.failure_limit - 1:
            scenario.by_behaviour["edited"].patch(events=[RECEIVED, STATUS])
    scenario.cause_event(sender)
    scenario.by_behaviour["healthy"].wait(RECEIVED, whatsapp_message_id=scenario.wamids[-1])


def _outcomes(scenario: FailureScenario, before: dict[str, Row], sender: str) -> None:
    """Cause one event and wait until each failing endpoint has another `failure_count` or is switched off."""
    on = [n for n, e in scenario.by_behaviour.items() if before.get(e.id, {}).get("is_active") and n not in ACCEPTING]
    watched = [name for name in on if name not in scenario.unresponsive]
    scenario.cause_event(sender)

    def waiting() -> list[str]:
        rows = scenario.endpoints.rows()
        return [name for name in watched if _same(rows, before, scenario.by_behaviour[name].id)]

    eventually(
        lambda: not watched or len(waiting()) < len(watched), MAX_TIMEOUTS * scenario.capabilities.webhook_timeout, 0.02
    )
    if not eventually(lambda: not waiting(), RECORD_SECONDS, 0.02):
        scenario.unresponsive.update(waiting())
    rows = scenario.endpoints.rows()
    for name in on:
        row = rows.get(scenario.by_behaviour[name].id) or scenario.by_behaviour[name].row_or_empty()
        if row.get("is_active") is False:
            scenario.switched_off_after.setdefault(name, []).append(event_count(scenario.by_behaviour[name]))


def _same(rows: dict[str, Row], before: dict[str, Row], identity: str) -> bool:
    now, then = rows.get(identity, {}), before.get(identity, {})
    return all(now.get(name) == then.get(name) for name in ("failure_count", "is_active"))


def event_count(endpoint: Endpoint) -> int:
    """How many events were delivered, however often each was attempted."""
    return len({attempt.raw for attempt in endpoint.attempts()})
