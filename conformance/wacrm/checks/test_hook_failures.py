"""HOOK-09 to -11: endpoints that fail, redirect or answer late.

One series of events is delivered to endpoints that fail in every way; each check looks at what they received.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.steps.endpoints import RECEIVED, Endpoints, as_evidence
from conformance.wacrm.steps.failure_scenario import (
    ACCEPTING,
    REDIRECT_CODES,
    FailureScenario,
    event_count,
    register_failing_endpoints,
    run_failures,
    time_others_while_one_is_silent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account
    from conformance.webhooks.receiver_client import Receiver

pytestmark = pytest.mark.xdist_group("webhook-failures")


@pytest.fixture(scope="module")
def scenario(
    shared_account: Callable[[str], Account], accepted_receiver: Receiver, capabilities: Capabilities
) -> Iterator[FailureScenario]:
    account = shared_account("webhook failures")
    endpoints = Endpoints(account.api, accepted_receiver, account.marker)
    try:
        scenario = register_failing_endpoints(account, endpoints, capabilities)
        time_others_while_one_is_silent(scenario)
        run_failures(scenario)
        yield scenario
    finally:
        endpoints.delete_all()


def is_switched_off_after(scenario: FailureScenario, name: str, events: int, which: int = -1) -> None:
    """The endpoint must have been switched off by exactly this event.

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
    """Nothing may arrive after the endpoint was last switched off."""
    endpoint = scenario.by_behaviour[name]
    state = endpoint.row_or_empty().get("is_active"), event_count(endpoint)
    expect.equal(state, (False, scenario.switched_off_after[name][-1]), "is_active and the number of events delivered")


@requirement("HOOK-10")
def test_an_endpoint_is_switched_off_at_the_failure_limit(scenario: FailureScenario) -> None:
    is_switched_off_after(scenario, "failing", scenario.failure_limit, 0)


@requirement("HOOK-10")
def test_failures_of_every_kind_count(scenario: FailureScenario) -> None:
    """Server errors, client errors and reset connections."""
    is_switched_off_after(scenario, "mixed", scenario.failure_limit)
    stays_switched_off(scenario, "mixed")


@requirement("HOOK-10")
def test_a_success_resets_the_count(scenario: FailureScenario) -> None:
    """One failure below the limit, a success, then as many failures as the limit."""
    is_switched_off_after(scenario, "recovering", 2 * scenario.failure_limit)


@requirement("HOOK-10")
def test_reactivation_resets_the_count(scenario: FailureScenario) -> None:
    expect.precondition(
        scenario.reactivated, "the endpoint was never switched off, so it could not be switched on again"
    )
    state = scenario.reactivated.get("is_active"), scenario.reactivated.get("failure_count")
    expect.equal(state, (True, 0), "is_active and failure_count in the answer to PATCH is_active: true")
    is_switched_off_after(scenario, "failing", 2 * scenario.failure_limit)
    stays_switched_off(scenario, "failing")


@requirement("HOOK-10")
def test_reactivation_below_the_limit_resets_the_count(scenario: FailureScenario) -> None:
    is_switched_off_after(scenario, "paused", 2 * scenario.failure_limit - 1)


@requirement("HOOK-10")
def test_a_redirect_is_a_failure(scenario: FailureScenario) -> None:
    """It is not followed (HOOK-09), so that nobody accepted the delivery."""
    is_switched_off_after(scenario, "redirected", scenario.failure_limit)
    stays_switched_off(scenario, "redirected")


@requirement("HOOK-10")
def test_a_change_of_events_does_not_reset_the_count(scenario: FailureScenario) -> None:
    """A change of `events` one failure below the limit."""
    is_switched_off_after(scenario, "edited", scenario.failure_limit)


@requirement("HOOK-10")
@pytest.mark.parametrize("name", ACCEPTING)
def test_an_endpoint_that_answers_2xx_in_time_stays_active(scenario: FailureScenario, name: str) -> None:
    row = scenario.by_behaviour[name].row()
    expect.precondition(scenario.by_behaviour[name].attempts(), "no delivery arrives")
    expect.equal((row.get("is_active"), row.get("failure_count")), (True, 0), "is_active and failure_count")


@requirement("HOOK-10")
def test_a_timeout_is_a_failure(scenario: FailureScenario) -> None:
    expect.precondition(scenario.timing_out.attempts(), "no delivery arrives")
    row = scenario.timing_out.until(lambda row: row.get("failure_count"), scenario.capabilities.webhook_timeout + 10)
    expect.that(row.get("failure_count"), "a failure_count of at least 1", f"{row}")


@requirement("HOOK-10")
def test_concurrent_failures_are_all_counted(
    account: Account, endpoints: Endpoints, capabilities: Capabilities
) -> None:
    """Twice as many failures as the limit, without a success, from one webhook of Meta's."""
    failure_limit = capabilities.webhook_failures
    endpoint = endpoints.register(RECEIVED)
    endpoints.receiver.answer(endpoint.path, status=500)
    customer = account.numbers.fresh()[1:]
    items = [{"from": customer, "type": "text", "text": {"body": account.marker()}} for _ in range(2 * failure_limit)]
    account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    endpoints.receiver.settled(endpoint.path, at_least=failure_limit, quiet=1.0)
    failed = len(endpoint.attempts())
    expect.precondition(failed >= failure_limit, f"only {failed} of {2 * failure_limit} deliveries arrive")
    row = endpoint.until(lambda row: row.get("is_active") is False)
    actual = f"is_active {row.get('is_active')} and failure_count {row.get('failure_count')} after {failed} failures"
    expect.that(
        row.get("is_active") is False, f"the endpoint switched off after {failure_limit} consecutive failures", actual
    )


@requirement("HOOK-09")
@pytest.mark.parametrize("code", REDIRECT_CODES)
def test_redirects_are_not_followed(scenario: FailureScenario, code: int) -> None:
    source, redirect_target = scenario.redirects[code]
    expect.precondition(source.attempts(), "no delivery arrives")
    expect.that(
        not redirect_target.attempts(),
        "no request at the redirect's target",
        lambda: "; ".join(as_evidence(redirect_target.attempts())),
    )


@requirement("HOOK-09")
@pytest.mark.parametrize("name", ["healthy", "dawdling", "failing", "mixed", "redirecting", "slow"])
def test_each_event_is_attempted_once(scenario: FailureScenario, name: str) -> None:
    """Whatever the receiver answers; a deployment with retries declares its number of attempts."""
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
def test_a_healthy_endpoint_gets_every_event(scenario: FailureScenario) -> None:
    """The failures of other endpoints do not affect it."""
    received = {
        (a.json() or {}).get("data", {}).get("whatsapp_message_id") for a in scenario.by_behaviour["healthy"].attempts()
    }
    missing = [wamid for wamid in scenario.wamids if wamid not in received]
    expect.that(not missing, "a delivery for each event", f"none for {len(missing)} of {len(scenario.wamids)}")


@requirement("HOOK-11")
def test_a_slow_receiver_delays_neither_the_api_nor_meta(scenario: FailureScenario) -> None:
    limit = scenario.capabilities.webhook_timeout / 2
    expect.precondition(scenario.timing_out.attempts(), "no delivery arrives")
    late = {what: seconds for what, seconds in scenario.seconds.items() if seconds >= limit}
    actual = "; ".join(f"{what}: {seconds:.1f} s" for what, seconds in late.items())
    expect.that(not late, f"answers within {limit:g} s while a receiver does not answer", actual)
