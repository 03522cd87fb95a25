"""HOOK: receivers that fail, redirect, or take their time.

One series of events is played to endpoints that fail in every way, and each check looks at what they got.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.steps.endpoints import RECEIVED, STATUS, Endpoint, Hooks, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row
    from conformance.webhooks.receiver_client import Receiver

pytestmark = pytest.mark.xdist_group("webhook-failures")

REDIRECTS = (301, 302, 303, 307, 308)
ONCE = 2.0
"""Seconds that the series waits for an outcome to be noted, before it stops waiting for that endpoint's."""
HELD = 2
"""How many times a receiver that does not answer may hold a target that delivers one event after the other."""
FAILS = {"status": 500}
TAKERS = ("healthy", "dawdling", "accepting")
"""Those who take what they are sent, each in its way."""


@dataclass
class Series:
    """The endpoints by how they answer, the events they were told of, and at which event each was switched off.

    `seconds` are how long the API and Meta waited while a receiver did not answer; `revived` is the answer to the PATCH.
    """

    account: Account
    hooks: Hooks
    capabilities: Capabilities
    ends: dict[str, Endpoint]
    redirects: dict[int, tuple[Endpoint, Endpoint]]
    slow: Endpoint
    wamids: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    off: dict[str, list[int]] = field(default_factory=dict)
    revived: Row = field(default_factory=dict)
    mute: set[str] = field(default_factory=set)

    @property
    def most(self) -> int:
        return self.capabilities.webhook_failures

    def tell(self, customer: str) -> None:
        """One more event for every endpoint."""
        self.wamids.append(self.account.receive(customer))


@pytest.fixture(scope="module")
def series(
    shared_account: Callable[[str], Account], receiver: Receiver, capabilities: Capabilities
) -> Iterator[Series]:
    account = shared_account("webhook failures")
    hooks = Hooks(account.api, receiver, account.word)
    try:
        played = _cast(account, hooks, capabilities)
        _time_others_while_one_is_slow(played)
        _play(played)
        hooks.reached()
        yield played
    finally:
        hooks.clear()


def _cast(account: Account, hooks: Hooks, capabilities: Capabilities) -> Series:
    most = capabilities.webhook_failures
    programs: dict[str, list[dict[str, Any]]] = {
        "healthy": [{}],
        "dawdling": [{"delay": capabilities.webhook_timeout / 5}, {}],
        "failing": [FAILS],
        "recovering": [*[FAILS] * (most - 1), {}, FAILS],
        "mixed": [FAILS, {"reset": True}, {"status": 404}, {"status": 503}] * most,
        "paused": [FAILS],
        "edited": [FAILS],
        "accepting": [{"status": 204}, {"status": 202}, {"status": 201}] * most,
        "redirected": _round_of_redirects(hooks) * most,
    }
    ends = {name: _programmed(hooks, *program) for name, program in programs.items()}
    redirects = {code: _redirecting(hooks, code) for code in REDIRECTS}
    slow = _programmed(hooks, {"delay": capabilities.webhook_timeout + 1.5})
    return Series(account, hooks, capabilities, ends, redirects, slow)


def _round_of_redirects(hooks: Hooks) -> list[dict[str, Any]]:
    """One redirect of each kind; who followed one would find nobody who takes the delivery."""
    nowhere = hooks.path()
    hooks.receiver.answer(nowhere, **FAILS)
    return [{"status": code, "location": hooks.receiver.url(nowhere)} for code in REDIRECTS]


def _programmed(hooks: Hooks, *program: dict[str, Any]) -> Endpoint:
    path = hooks.path()
    hooks.receiver.answers(path, *program)
    return hooks.register(RECEIVED, path=path)


def _redirecting(hooks: Hooks, code: int) -> tuple[Endpoint, Endpoint]:
    """An endpoint that redirects, and where to: a path that is nobody's endpoint."""
    nowhere = hooks.path()
    source = _programmed(hooks, {"status": code, "location": hooks.receiver.url(nowhere)})
    return source, Endpoint("", nowhere, "", source.answer, hooks)


# -- the series -------------------------------------------------------------------------------------------------------------


def _time_others_while_one_is_slow(series: Series) -> None:
    """While one receiver holds a delivery: Meta's webhooks and requests of every kind."""
    account, customer = series.account, series.account.numbers.fresh()
    began = time.monotonic()
    series.tell(customer)
    series.seconds["Meta's webhook of the message"] = time.monotonic() - began
    series.slow.wait(RECEIVED, whatsapp_message_id=series.wamids[0])
    acts: dict[str, Callable[[], object]] = {
        "Meta's webhook of another message": lambda: series.tell(customer),
        "POST /messages": lambda: account.send(customer),
        "POST /messages to a new number": account.send,
        "POST /contacts": account.contact,
        "GET /conversations": lambda: account.api.get("/conversations", limit=1),
        "GET /webhooks/{id}": series.slow.row,
    }
    for what, act in acts.items():
        began = time.monotonic()
        act()
        series.seconds[what] = time.monotonic() - began


def _play(series: Series) -> None:
    """Events one at a time, the next when the target has noted the outcomes of the last."""
    customer = series.account.numbers.fresh()
    series.slow.patch(is_active=False)
    series.ends["healthy"].wait(RECEIVED, whatsapp_message_id=series.wamids[-1])
    _outcomes(series, {}, customer)
    while len(series.wamids) < 2 * series.most + 2:
        _outcomes(series, series.hooks.rows(), customer)
        if series.revived == {} and "failing" in series.off:
            series.revived = series.ends["failing"].patch(is_active=True)
        if events_at(series.ends["paused"]) == series.most - 1:
            series.ends["paused"].patch(is_active=False)
            series.ends["paused"].patch(is_active=True)
        if events_at(series.ends["edited"]) == series.most - 1:
            series.ends["edited"].patch(events=[RECEIVED, STATUS])
    series.tell(customer)
    series.ends["healthy"].wait(RECEIVED, whatsapp_message_id=series.wamids[-1])


def _outcomes(series: Series, before: dict[str, Row], customer: str) -> None:
    """One event, and what is noted of it for those who fail: another count, or that they are switched off."""
    on = [n for n, e in series.ends.items() if before.get(e.id, {}).get("is_active") and n not in TAKERS]
    heeded = [name for name in on if name not in series.mute]
    series.tell(customer)

    def waiting() -> list[str]:
        rows = series.hooks.rows()
        return [name for name in heeded if _same(rows, before, series.ends[name].id)]

    eventually(lambda: not heeded or len(waiting()) < len(heeded), HELD * series.capabilities.webhook_timeout, 0.02)
    if not eventually(lambda: not waiting(), ONCE, 0.02):
        series.mute.update(waiting())
    rows = series.hooks.rows()
    for name in on:
        row = rows.get(series.ends[name].id) or series.ends[name].remains()
        if row.get("is_active") is False:
            series.off.setdefault(name, []).append(events_at(series.ends[name]))


def _same(rows: dict[str, Row], before: dict[str, Row], identity: str) -> bool:
    now, then = rows.get(identity, {}), before.get(identity, {})
    return all(now.get(name) == then.get(name) for name in ("failure_count", "is_active"))


def events_at(endpoint: Endpoint) -> int:
    """How many events it was told of, however often each was attempted."""
    return len({attempt.raw for attempt in endpoint.attempts()})


# -- when an endpoint is switched off ---------------------------------------------------------------------------------------


def off_at(series: Series, name: str, events: int, which: int = -1) -> None:
    """Demand that the endpoint was switched off by this event, no earlier and no later.

    A deployment with retries may count attempts or events.
    """
    off = series.off.get(name, [])
    endpoint, least = series.ends[name], math.ceil(events / series.capabilities.webhook_attempts)
    expect.precondition(endpoint.attempts(), "no delivery arrives")
    said = f"off after {off[which]}" if off else f"on or gone after {events_at(endpoint)}: {endpoint.remains()}"
    expect.that(off and least <= off[which] <= events, f"the endpoint switched off after {events} events", said)


def stays_off(series: Series, name: str) -> None:
    """Demand that nothing came after it was switched off for the last time."""
    endpoint = series.ends[name]
    state = endpoint.remains().get("is_active"), events_at(endpoint)
    expect.equal(state, (False, series.off[name][-1]), "is_active and the number of events at the end")


@requirement("HOOK-10")
def test_exactly_so_many_failures_switch_an_endpoint_off(series: Series) -> None:
    off_at(series, "failing", series.most, 0)


@requirement("HOOK-10")
def test_failures_of_every_kind_count(series: Series) -> None:
    """Server errors, client errors and connections that are cut."""
    off_at(series, "mixed", series.most)
    stays_off(series, "mixed")


@requirement("HOOK-10")
def test_a_success_resets_the_count(series: Series) -> None:
    """One failure less than it takes, a success, and then as many failures as it takes."""
    off_at(series, "recovering", 2 * series.most)


@requirement("HOOK-10")
def test_switching_on_resets_the_count(series: Series) -> None:
    expect.precondition(series.revived, "the endpoint was never switched off, so it could not be switched on again")
    state = series.revived.get("is_active"), series.revived.get("failure_count")
    expect.equal(state, (True, 0), "is_active and failure_count in the answer to PATCH is_active: true")
    off_at(series, "failing", 2 * series.most)
    stays_off(series, "failing")


@requirement("HOOK-10")
def test_switching_off_and_on_before_the_threshold_resets_the_count(series: Series) -> None:
    off_at(series, "paused", 2 * series.most - 1)


@requirement("HOOK-10")
def test_a_redirect_is_a_failure(series: Series) -> None:
    """It is not followed (HOOK-09), so nobody took the delivery."""
    off_at(series, "redirected", series.most)
    stays_off(series, "redirected")


@requirement("HOOK-10")
def test_another_change_resets_nothing(series: Series) -> None:
    """Of the subscription, one failure before the endpoint is switched off."""
    off_at(series, "edited", series.most)


@requirement("HOOK-10")
@pytest.mark.parametrize("name", TAKERS)
def test_who_answers_2xx_in_time_stays_on(series: Series, name: str) -> None:
    row = series.ends[name].row()
    expect.precondition(series.ends[name].attempts(), "no delivery arrives")
    expect.equal((row.get("is_active"), row.get("failure_count")), (True, 0), "is_active and failure_count")


@requirement("HOOK-10")
def test_no_answer_in_time_is_a_failure(series: Series) -> None:
    expect.precondition(series.slow.attempts(), "no delivery arrives")
    row = series.slow.until(lambda row: row.get("failure_count"), series.capabilities.webhook_timeout + 10)
    expect.that(row.get("failure_count"), "a failure_count of at least 1", f"{row}")


# -- one attempt ------------------------------------------------------------------------------------------------------------


@requirement("HOOK-09")
@pytest.mark.parametrize("code", REDIRECTS)
def test_redirects_are_not_followed(series: Series, code: int) -> None:
    source, nowhere = series.redirects[code]
    expect.precondition(source.attempts(), "no delivery arrives")
    expect.that(
        not nowhere.attempts(), "nothing where the redirect leads", lambda: "; ".join(shown(nowhere.attempts()))
    )


@requirement("HOOK-09")
@pytest.mark.parametrize("name", ["healthy", "dawdling", "failing", "mixed", "redirecting", "slow"])
def test_there_is_one_attempt_per_event(series: Series, name: str) -> None:
    """Whatever the receiver answered; a deployment with retries declares how many attempts it makes."""
    others = {"redirecting": series.redirects[307][0], "slow": series.slow}
    attempts = (others.get(name) or series.ends[name]).attempts()
    expect.precondition(attempts, "no delivery arrives")
    wamids = [(attempt.json() or {}).get("data", {}).get("whatsapp_message_id") for attempt in attempts]
    often = [w for w in dict.fromkeys(wamids) if wamids.count(w) > series.capabilities.webhook_attempts]
    expect.that(
        not often, f"{series.capabilities.webhook_attempts} attempt(s) per event", f"more for {expect.show(often)}"
    )


@requirement("HOOK-09")
def test_a_healthy_endpoint_is_told_of_every_event(series: Series) -> None:
    """The failures of others, and their retirement, are not its own."""
    told_of = {(a.json() or {}).get("data", {}).get("whatsapp_message_id") for a in series.ends["healthy"].attempts()}
    missing = [wamid for wamid in series.wamids if wamid not in told_of]
    expect.that(not missing, "one attempt for each event", f"none for {len(missing)} of {len(series.wamids)}")


# -- nobody waits -----------------------------------------------------------------------------------------------------------


@requirement("HOOK-11")
def test_a_slow_receiver_delays_nobody(series: Series) -> None:
    limit = series.capabilities.webhook_timeout / 2
    expect.precondition(series.slow.attempts(), "no delivery arrives")
    late = {what: seconds for what, seconds in series.seconds.items() if seconds >= limit}
    said = "; ".join(f"{what}: {seconds:.1f} s" for what, seconds in late.items())
    expect.that(not late, f"answers within {limit:g} s while a receiver is silent", said)
