"""HOOK: receivers that fail, redirect, or take their time.

One series of events is played to endpoints that fail in every way, and each check looks at what they got.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.provider import eventually
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.steps.endpoints import RECEIVED, STATUS, Endpoint, Endpoints, as_evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row
    from conformance.webhooks.receiver import Receiver

pytestmark = pytest.mark.xdist_group("webhook-failures")

REDIRECT_CODES = (301, 302, 303, 307, 308)
RECORD_SECONDS = 2.0
"""Seconds that the series waits for an outcome to be noted, before it stops waiting for that endpoint's."""
MAX_TIMEOUTS = 2
"""How many times a receiver that does not answer may hold a target that delivers one event after the other."""
FAILURE = {"status": 500}
ACCEPTING = ("healthy", "dawdling", "accepting")
"""Those who take what they are sent, each in its way."""


@dataclass
class FailureScenario:
    """The endpoints by how they answer, the events they were told of, and at which event each was switched off.

    `seconds` are how long the API and Meta waited while a receiver did not answer; `reactivated` is the answer to the PATCH.
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
        """One more event for every endpoint."""
        self.wamids.append(self.account.receive(sender))


@pytest.fixture(scope="module")
def scenario(
    shared_account: Callable[[str], Account], receiver: Receiver, capabilities: Capabilities
) -> Iterator[FailureScenario]:
    account = shared_account("webhook failures")
    endpoints = Endpoints(account.api, receiver, account.marker)
    try:
        scenario = _register_endpoints(account, endpoints, capabilities)
        _time_others_while_one_is_slow(scenario)
        _run(scenario)
        endpoints.require_reachable()
        yield scenario
    finally:
        endpoints.delete_all()


def _register_endpoints(account: Account, endpoints: Endpoints, capabilities: Capabilities) -> FailureScenario:
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
    """One redirect of each kind; who followed one would find nobody who takes the delivery."""
    redirect_target = endpoints.path()
    endpoints.receiver.answer(redirect_target, **FAILURE)
    return [{"status": code, "location": endpoints.receiver.url(redirect_target)} for code in REDIRECT_CODES]


def _programmed(endpoints: Endpoints, *program: dict[str, Any]) -> Endpoint:
    path = endpoints.path()
    endpoints.receiver.answers(path, *program)
    return endpoints.register(RECEIVED, path=path)


def _redirecting(endpoints: Endpoints, code: int) -> tuple[Endpoint, Endpoint]:
    """An endpoint that redirects, and where to: a path that is nobody's endpoint."""
    redirect_target = endpoints.path()
    source = _programmed(endpoints, {"status": code, "location": endpoints.receiver.url(redirect_target)})
    return source, Endpoint("", redirect_target, "", source.answer, endpoints)


# -- the series -------------------------------------------------------------------------------------------------------------


def _time_others_while_one_is_slow(scenario: FailureScenario) -> None:
    """While one receiver holds a delivery: Meta's webhooks and requests of every kind."""
    account, sender = scenario.account, scenario.account.numbers.fresh()
    began = time.monotonic()
    scenario.cause_event(sender)
    scenario.seconds["Meta's webhook of the message"] = time.monotonic() - began
    scenario.timing_out.wait(RECEIVED, whatsapp_message_id=scenario.wamids[0])
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


def _run(scenario: FailureScenario) -> None:
    """Events one at a time, the next when the target has noted the outcomes of the last."""
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
    """One event, and what is noted of it for those who fail: another count, or that they are switched off."""
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
    """How many events it was told of, however often each was attempted."""
    return len({attempt.raw for attempt in endpoint.attempts()})


# -- when an endpoint is switched off ---------------------------------------------------------------------------------------


def is_switched_off_after(scenario: FailureScenario, name: str, events: int, which: int = -1) -> None:
    """Demand that the endpoint was switched off by this event, no earlier and no later.

    A deployment with retries may count attempts or events.
    """
    switched_off_after = scenario.switched_off_after.get(name, [])
    endpoint, least = scenario.by_behaviour[name], math.ceil(events / scenario.capabilities.webhook_attempts)
    expect.precondition(endpoint.attempts(), "no delivery arrives")
    actual = (
        f"off after {switched_off_after[which]}"
        if switched_off_after
        else f"on or gone after {event_count(endpoint)}: {endpoint.row_or_empty()}"
    )
    expect.that(
        switched_off_after and least <= switched_off_after[which] <= events,
        f"the endpoint switched off after {events} events",
        actual,
    )


def stays_switched_off(scenario: FailureScenario, name: str) -> None:
    """Demand that nothing came after it was switched off for the last time."""
    endpoint = scenario.by_behaviour[name]
    state = endpoint.row_or_empty().get("is_active"), event_count(endpoint)
    expect.equal(state, (False, scenario.switched_off_after[name][-1]), "is_active and the number of events at the end")


@requirement("HOOK-10")
def test_exactly_so_many_failures_switch_an_endpoint_off(scenario: FailureScenario) -> None:
    is_switched_off_after(scenario, "failing", scenario.failure_limit, 0)


@requirement("HOOK-10")
def test_failures_of_every_kind_count(scenario: FailureScenario) -> None:
    """Server errors, client errors and connections that are cut."""
    is_switched_off_after(scenario, "mixed", scenario.failure_limit)
    stays_switched_off(scenario, "mixed")


@requirement("HOOK-10")
def test_a_success_resets_the_count(scenario: FailureScenario) -> None:
    """One failure less than it takes, a success, and then as many failures as it takes."""
    is_switched_off_after(scenario, "recovering", 2 * scenario.failure_limit)


@requirement("HOOK-10")
def test_switching_on_resets_the_count(scenario: FailureScenario) -> None:
    expect.precondition(
        scenario.reactivated, "the endpoint was never switched off, so it could not be switched on again"
    )
    state = scenario.reactivated.get("is_active"), scenario.reactivated.get("failure_count")
    expect.equal(state, (True, 0), "is_active and failure_count in the answer to PATCH is_active: true")
    is_switched_off_after(scenario, "failing", 2 * scenario.failure_limit)
    stays_switched_off(scenario, "failing")


@requirement("HOOK-10")
def test_switching_off_and_on_before_the_threshold_resets_the_count(scenario: FailureScenario) -> None:
    is_switched_off_after(scenario, "paused", 2 * scenario.failure_limit - 1)


@requirement("HOOK-10")
def test_a_redirect_is_a_failure(scenario: FailureScenario) -> None:
    """It is not followed (HOOK-09), so nobody took the delivery."""
    is_switched_off_after(scenario, "redirected", scenario.failure_limit)
    stays_switched_off(scenario, "redirected")


@requirement("HOOK-10")
def test_another_change_resets_nothing(scenario: FailureScenario) -> None:
    """Of the subscription, one failure before the endpoint is switched off."""
    is_switched_off_after(scenario, "edited", scenario.failure_limit)


@requirement("HOOK-10")
@pytest.mark.parametrize("name", ACCEPTING)
def test_who_answers_2xx_in_time_stays_on(scenario: FailureScenario, name: str) -> None:
    row = scenario.by_behaviour[name].row()
    expect.precondition(scenario.by_behaviour[name].attempts(), "no delivery arrives")
    expect.equal((row.get("is_active"), row.get("failure_count")), (True, 0), "is_active and failure_count")


@requirement("HOOK-10")
def test_no_answer_in_time_is_a_failure(scenario: FailureScenario) -> None:
    expect.precondition(scenario.timing_out.attempts(), "no delivery arrives")
    row = scenario.timing_out.until(lambda row: row.get("failure_count"), scenario.capabilities.webhook_timeout + 10)
    expect.that(row.get("failure_count"), "a failure_count of at least 1", f"{row}")


# -- one attempt ------------------------------------------------------------------------------------------------------------


@requirement("HOOK-09")
@pytest.mark.parametrize("code", REDIRECT_CODES)
def test_redirects_are_not_followed(scenario: FailureScenario, code: int) -> None:
    source, redirect_target = scenario.redirects[code]
    expect.precondition(source.attempts(), "no delivery arrives")
    expect.that(
        not redirect_target.attempts(),
        "nothing where the redirect leads",
        lambda: "; ".join(as_evidence(redirect_target.attempts())),
    )


@requirement("HOOK-09")
@pytest.mark.parametrize("name", ["healthy", "dawdling", "failing", "mixed", "redirecting", "slow"])
def test_there_is_one_attempt_per_event(scenario: FailureScenario, name: str) -> None:
    """Whatever the receiver answered; a deployment with retries declares how many attempts it makes."""
    others = {"redirecting": scenario.redirects[307][0], "slow": scenario.timing_out}
    attempts = (others.get(name) or scenario.by_behaviour[name]).attempts()
    expect.precondition(attempts, "no delivery arrives")
    wamids = [(attempt.json() or {}).get("data", {}).get("whatsapp_message_id") for attempt in attempts]
    repeated = [w for w in dict.fromkeys(wamids) if wamids.count(w) > scenario.capabilities.webhook_attempts]
    expect.that(
        not repeated,
        f"{scenario.capabilities.webhook_attempts} attempt(s) per event",
        f"more for {expect.show(repeated)}",
    )


@requirement("HOOK-09")
def test_a_healthy_endpoint_is_told_of_every_event(scenario: FailureScenario) -> None:
    """The failures of others, and their retirement, are not its own."""
    received = {
        (a.json() or {}).get("data", {}).get("whatsapp_message_id") for a in scenario.by_behaviour["healthy"].attempts()
    }
    missing = [wamid for wamid in scenario.wamids if wamid not in received]
    expect.that(not missing, "one attempt for each event", f"none for {len(missing)} of {len(scenario.wamids)}")


# -- nobody waits -----------------------------------------------------------------------------------------------------------


@requirement("HOOK-11")
def test_a_slow_receiver_delays_nobody(scenario: FailureScenario) -> None:
    limit = scenario.capabilities.webhook_timeout / 2
    expect.precondition(scenario.timing_out.attempts(), "no delivery arrives")
    late = {what: seconds for what, seconds in scenario.seconds.items() if seconds >= limit}
    actual = "; ".join(f"{what}: {seconds:.1f} s" for what, seconds in late.items())
    expect.that(not late, f"answers within {limit:g} s while a receiver is silent", actual)
