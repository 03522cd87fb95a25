"""HOOK: no delivery goes into the networks around the target, where other people's machines are.

Tried only where the operator allows it. Tripwires listen at those of the addresses that this machine has; elsewhere a
delivery that was tried shows by its outcome: taken, or given up only after the time that an answer may take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps.endpoints import EVENTS, RECEIVED, Hooks
from conformance.webhooks import internal_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row
    from conformance.webhooks.receiver_client import Receiver

pytestmark = pytest.mark.xdist_group("webhook-networks")

AT_ONCE = 1.0
"""Seconds in which a delivery that is refused has failed: nothing is waited for."""
CHANGED = ("10/8", "metadata")
TAKEN = (200, 201)
CASES = (*internal_addresses.PRIVATE_HOSTS, *(f"changed to: {network}" for network in CHANGED))


@dataclass(frozen=True)
class Bait:
    """A registration or a change that leads into a network, and the tripwire's port in its URL."""

    url: str
    port: int
    id: str
    answer: Exchange

    @property
    def taken(self) -> bool:
        return self.answer.status in TAKEN


@dataclass(frozen=True)
class Networks:
    """All baits after an event: the endpoints' rows at once, and after the time that an answer may take.

    `played`: the event reached an honest receiver.
    """

    receiver: Receiver
    baits: dict[str, Bait]
    played: bool
    at_once: dict[str, Row]
    later: dict[str, Row]


@pytest.fixture(scope="module")
def networks(
    shared_account: Callable[[str], Account], receiver: Receiver, capabilities: Capabilities
) -> Iterator[Networks]:
    if not capabilities.probe_private_networks:
        raise Lacking("private networks are tried only where capabilities.probe_private_networks allows it")
    account = shared_account("webhook networks")
    hooks = Hooks(account.api, receiver, account.word)
    try:
        yield _play(account, hooks, _baits(hooks), capabilities.webhook_timeout)
    finally:
        hooks.clear()


def _baits(hooks: Hooks) -> dict[str, Bait]:
    ports = iter(hooks.receiver.tripwires(len(CASES)))
    return {case: _bait(hooks, case, next(ports)) for case in CASES}


def _bait(hooks: Hooks, case: str, port: int) -> Bait:
    """Registered as such, or registered honestly and led astray by a PATCH."""
    changed, network = case.startswith("changed to: "), case.removeprefix("changed to: ")
    url = f"https://{internal_addresses.PRIVATE_HOSTS[network]}:{port}{hooks.path()}"
    if changed:
        honest = hooks.register()
        return Bait(url, port, honest.id, hooks.api.patch(f"/webhooks/{honest.id}", {"url": url}))
    answer = hooks.post({"url": url, "events": list(EVENTS)})
    row = answer.json().get("data") if isinstance(answer.json(), dict) else None
    return Bait(url, port, str(row.get("id")) if isinstance(row, dict) else "", answer)


def _play(account: Account, hooks: Hooks, baits: dict[str, Bait], timeout: float) -> Networks:
    """One event to everybody; where an endpoint was taken, wait for its outcome, or until none can be expected."""
    honest = hooks.register(RECEIVED)
    wamid = account.receive(account.numbers.fresh())
    played = bool(honest.wait(RECEIVED, whatsapp_message_id=wamid))
    taken = {bait.id for bait in baits.values() if bait.taken}

    def open_ones() -> set[str]:
        rows = hooks.rows()
        return {i for i in taken if i in rows and not _outcome(rows[i])}

    eventually(lambda: not open_ones(), AT_ONCE if taken else 0.0)
    at_once = hooks.rows()
    eventually(lambda: not open_ones(), timeout + AT_ONCE if taken else 0.0)
    return Networks(hooks.receiver, baits, played, at_once, hooks.rows())


def _outcome(row: Row) -> str:
    """What is noted of deliveries: a failure, a success, or nothing."""
    if row.get("failure_count"):
        return "a failure"
    return "a success" if row.get("last_delivery_at") else ""


@requirement("HOOK-04")
@pytest.mark.parametrize("case", CASES)
def test_private_networks_get_no_delivery(networks: Networks, case: str) -> None:
    """A refusal is a failure at once, or no attempt at all."""
    bait = networks.baits[case]
    expect.precondition(networks.played or not bait.taken, "no delivery arrives anywhere")
    came = networks.receiver.touched(bait.port)
    said = f"{len(came)} connection(s), at {', '.join(dict.fromkeys(came))}"
    expect.that(not came, f"no connection to {bait.url}", said, bait.answer)
    first, last = (_outcome(rows.get(bait.id, {})) for rows in (networks.at_once, networks.later))
    refused = not bait.taken or first == "a failure" or last == ""
    expect.that(refused, f"no attempt to deliver to {bait.url}", f"{last}, noted {'at once' if first else 'late'}")
