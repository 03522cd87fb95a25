"""HOOK-04: no delivery goes to private networks or to cloud metadata addresses.

Checked only where the operator allows it. Tripwires (listening ports) catch deliveries to addresses that this machine has.
Anywhere else an attempted delivery shows by its outcome: a success, or a failure only after the time-out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps.endpoints import EVENTS, RECEIVED, SET_UP, Endpoints
from conformance.webhooks import internal_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row
    from conformance.webhooks.receiver_client import Receiver


pytestmark = pytest.mark.xdist_group("webhook-networks")
REFUSAL_SECONDS = 1.0
"""Seconds in which a refused delivery has failed: nothing is waited for."""
CHANGED_TO = ("10/8", "metadata")
ACCEPTED = (200, 201)
CASES = (*internal_addresses.PRIVATE_HOSTS, *(f"changed to: {network}" for network in CHANGED_TO))


@dataclass(frozen=True)
class Registration:
    """A registration or a change with a URL in a private network, and the tripwire's port in the URL."""

    url: str
    port: int
    id: str
    answer: Exchange

    @property
    def accepted(self) -> bool:
        return self.answer.status in ACCEPTED


@dataclass(frozen=True)
class Networks:
    """All registrations after one event: the endpoints' rows at once, and after the time-out.

    `control_delivered`: the event reached an ordinary receiver.
    """

    receiver: Receiver
    registrations: dict[str, Registration]
    control_delivered: bool
    early: dict[str, Row]
    late: dict[str, Row]


@pytest.fixture(scope="module")
def networks(
    shared_account: Callable[[str], Account], receiver: Receiver, capabilities: Capabilities
) -> Iterator[Networks]:
    if not capabilities.probe_private_networks:
        raise Lacking("private networks are tried only where capabilities.probe_private_networks allows it")
    account = shared_account("webhook networks")
    endpoints = Endpoints(account.api, receiver, account.marker)
    try:
        yield _cause_event(account, endpoints, _register_all(endpoints), capabilities.webhook_timeout)
    finally:
        endpoints.delete_all()


def _register_all(endpoints: Endpoints) -> dict[str, Registration]:
    ports = iter(endpoints.receiver.tripwires(len(CASES)))
    return {case: _register(endpoints, case, next(ports)) for case in CASES}


def _register(endpoints: Endpoints, case: str, port: int) -> Registration:
    """Registered with the URL, or registered with an ordinary one and changed by PATCH."""
    changed, network = case.startswith("changed to: "), case.removeprefix("changed to: ")
    url = f"https://{internal_addresses.PRIVATE_HOSTS[network]}:{port}{endpoints.path()}"
    if changed:
        control = endpoints.register()
        return Registration(url, port, control.id, endpoints.api.patch(f"/webhooks/{control.id}", {"url": url}))
    answer = endpoints.post({"url": url, "events": list(EVENTS)})
    row = answer.json().get("data") if isinstance(answer.json(), dict) else None
    return Registration(url, port, str(row.get("id")) if isinstance(row, dict) else "", answer)


def _cause_event(
    account: Account, endpoints: Endpoints, registrations: dict[str, Registration], timeout: float
) -> Networks:
    """Cause one event; wait for the outcomes of accepted endpoints, or until none can be expected any more."""
    control = endpoints.register(RECEIVED)
    wamid = account.receive(account.numbers.fresh())
    control_delivered = bool(control.wait(RECEIVED, whatsapp_message_id=wamid))
    accepted = {registration.id for registration in registrations.values() if registration.accepted}

    def without_outcome() -> set[str]:
        rows = endpoints.rows()
        return {i for i in accepted if i in rows and not _outcome(rows[i])}

    eventually(lambda: not without_outcome(), REFUSAL_SECONDS if accepted else 0.0)
    early = endpoints.rows()
    eventually(lambda: not without_outcome(), timeout + REFUSAL_SECONDS if accepted else 0.0)
    return Networks(endpoints.receiver, registrations, control_delivered, early, endpoints.rows())


def _outcome(row: Row) -> str:
    """The recorded outcome of deliveries: a failure, a success, or none."""
    if row.get("failure_count"):
        return "a failure"
    return "a success" if row.get("last_delivery_at") else ""


@requirement("HOOK-04")
@pytest.mark.parametrize("case", CASES)
def test_private_networks_get_no_delivery(networks: Networks, case: str) -> None:
    """A refused delivery fails at once or is not attempted."""
    registration = networks.registrations[case]
    connections = networks.receiver.touched(registration.port)
    actual = f"{len(connections)} connection(s), at {', '.join(dict.fromkeys(connections))}"
    expect.that(not connections, f"no connection to {registration.url}", actual, registration.answer)
    early_outcome, late_outcome = (_outcome(rows.get(registration.id, {})) for rows in (networks.early, networks.late))
    refused = not registration.accepted or early_outcome == "a failure" or late_outcome == ""
    expect.that(
        refused,
        f"no attempt to deliver to {registration.url}",
        f"{late_outcome}, noted {'at once' if early_outcome else 'late'}",
    )
    set_up = SET_UP.format(networks.receiver.origin)
    expect.precondition(networks.control_delivered or not registration.accepted, set_up)
