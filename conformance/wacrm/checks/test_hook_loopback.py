"""HOOK-04: no delivery goes to loopback, however it is spelled.

Every URL has its own tripwire (a listening port) on loopback, so that a delivery is attributed to one URL. Refusing the
registration and refusing the delivery are both right. One event is delivered to all endpoints that were registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.target import LOOPBACK
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.endpoints import EVENTS, RECEIVED, SET_UP, Endpoint, Endpoints
from conformance.webhooks import internal_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account
    from conformance.webhooks.receiver_client import Receiver


T = TypeVar("T")
pytestmark = pytest.mark.xdist_group("webhook-targets")
RECORD_SECONDS = 1.0
"""Seconds to wait for failures to be recorded, or else for deliveries."""
URLS = internal_addresses.loopback_urls()
CHANGED_TO = ("dotted", "name", "decimal", "IPv6", "IPv4-mapped", "any address")
REDIRECTED_TO = {
    "301 to the name": (301, "https://localhost:{port}{path}"),
    "302 to the address": (302, "https://127.0.0.1:{port}{path}"),
    "303 to IPv6": (303, "https://[::1]:{port}{path}"),
    "307 to plain http": (307, "http://127.0.0.1:{port}{path}"),
    "308 to the address": (308, "https://127.0.0.1:{port}{path}"),
}


@dataclass(frozen=True)
class Case:
    """A URL that leads to a tripwire, and the target's answer to it."""

    url: str
    port: int
    answer: Exchange

    @property
    def id(self) -> str | None:
        body = self.answer.json()
        accepted = self.answer.status in {200, 201} and isinstance(body, dict) and isinstance(body.get("data"), dict)
        return body["data"].get("id") if accepted else None


@dataclass(frozen=True)
class LoopbackScenario:
    """All cases after one event, or why one could not be prepared. `control_delivered`: the event reached an ordinary
    receiver.
    """

    receiver: Receiver
    cases: dict[str, Case | NoVerdict]
    control_delivered: bool

    def is_not_connected_to(self, what: str) -> None:
        """There must be no connection to the case's tripwire, whether or not other deliveries arrive."""
        case = self.cases[what]
        if isinstance(case, NoVerdict):
            raise case
        connections = self.receiver.touched(case.port)
        actual = f"{len(connections)} connection(s), at {', '.join(dict.fromkeys(connections))}"
        expect.that(not connections, f"no connection to {case.url}", actual, case.answer)
        expect.precondition(self.control_delivered or case.id is None, SET_UP.format(self.receiver.origin))


@pytest.fixture(scope="module")
def loopback(
    shared_account: Callable[[str], Account], receiver: Receiver, target: Target
) -> Iterator[LoopbackScenario]:
    if not LOOPBACK.match(target.target.host):
        raise Lacking("the target runs on another machine, whose loopback has no tripwire")
    account = shared_account("webhook targets")
    endpoints = Endpoints(account.api, receiver, account.marker)
    try:
        control = _kept(lambda: endpoints.register(RECEIVED))
        cases = _register_cases(endpoints)
        yield LoopbackScenario(receiver, cases, _cause_event(account, endpoints, control, cases))
    finally:
        endpoints.delete_all()


def _kept(made: Callable[[], T]) -> T | NoVerdict:
    """What it makes, or why it cannot: a target may refuse the receiver's own address."""
    try:
        return made()
    except NoVerdict as reason:
        return reason


def _register_cases(endpoints: Endpoints) -> dict[str, Case | NoVerdict]:
    names = [*URLS, *(f"changed to: {name}" for name in CHANGED_TO), *REDIRECTED_TO]
    ports = dict(zip(names, endpoints.receiver.tripwires(len(names)), strict=True))
    prepare = {name: partial(_registered, endpoints, url) for name, url in URLS.items()}
    prepare |= {f"changed to: {name}": partial(_changed, endpoints, URLS[name]) for name in CHANGED_TO}
    prepare |= {name: partial(_redirected, endpoints, code, url) for name, (code, url) in REDIRECTED_TO.items()}
    return {name: _kept(partial(prepare[name], ports[name])) for name in names}


def _registered(endpoints: Endpoints, template: str, port: int) -> Case:
    url = template.format(port=port, path=endpoints.path())
    return Case(url, port, endpoints.post({"url": url, "events": list(EVENTS)}))


def _changed(endpoints: Endpoints, template: str, port: int) -> Case:
    """Registered with an ordinary URL and changed by PATCH."""
    url = template.format(port=port, path=endpoints.path())
    return Case(url, port, endpoints.api.patch(f"/webhooks/{endpoints.register().id}", {"url": url}))


def _redirected(endpoints: Endpoints, code: int, template: str, port: int) -> Case:
    """An ordinary receiver that redirects."""
    url, path = template.format(port=port, path=endpoints.path()), endpoints.path()
    endpoints.receiver.answer(path, status=code, location=url)
    return Case(url, port, endpoints.register(path=path).answer)


def _cause_event(
    account: Account, endpoints: Endpoints, control: Endpoint | NoVerdict, cases: dict[str, Case | NoVerdict]
) -> bool:
    """Cause one event; wait until the outcome of each endpoint is recorded, or none can be expected any more."""
    wamid = account.receive(account.numbers.fresh())
    control_delivered = isinstance(control, Endpoint) and bool(control.wait(RECEIVED, whatsapp_message_id=wamid))
    accepted = {case.id for case in cases.values() if isinstance(case, Case) and case.id is not None}

    def outcomes_recorded() -> bool:
        rows: dict[str, dict[str, Any]] = endpoints.rows()
        return all(rows[i].get("failure_count") or rows[i].get("last_delivery_at") for i in accepted if i in rows)

    if accepted:
        eventually(outcomes_recorded, RECORD_SECONDS, 0.05)
    return control_delivered


@requirement("HOOK-04")
@pytest.mark.parametrize("spelling", URLS)
def test_loopback_gets_no_delivery(loopback: LoopbackScenario, spelling: str) -> None:
    loopback.is_not_connected_to(spelling)


@requirement("HOOK-04")
@pytest.mark.parametrize("spelling", CHANGED_TO)
def test_loopback_gets_no_delivery_after_a_change_of_url(loopback: LoopbackScenario, spelling: str) -> None:
    loopback.is_not_connected_to(f"changed to: {spelling}")


@requirement("HOOK-04")
@pytest.mark.parametrize("way", REDIRECTED_TO)
def test_a_redirect_to_loopback_is_not_followed(loopback: LoopbackScenario, way: str) -> None:
    loopback.is_not_connected_to(way)
