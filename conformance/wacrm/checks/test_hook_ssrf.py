"""HOOK: no delivery goes to the machine itself.

Every spelling has a tripwire of its own on loopback, so that who gets through is named. Refusing the registration and
refusing the delivery are both right; one event is played to all that were registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.target import LOOPBACK
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps.endpoints import EVENTS, RECEIVED, Endpoint, Hooks
from conformance.webhooks import internal_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.exchange import Exchange
    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account
    from conformance.webhooks.receiver_client import Receiver

pytestmark = pytest.mark.xdist_group("webhook-targets")

NOTED = 1.0
"""Seconds to wait for failures to be noted; a target that notes nothing has had this long to deliver."""
URLS = internal_addresses.loopback_urls()
CHANGED = ("dotted", "name", "decimal", "IPv6", "IPv4-mapped", "any address")
REDIRECTED = {
    "301 to the name": (301, "https://localhost:{port}{path}"),
    "302 to the address": (302, "https://127.0.0.1:{port}{path}"),
    "303 to IPv6": (303, "https://[::1]:{port}{path}"),
    "307 to plain http": (307, "http://127.0.0.1:{port}{path}"),
    "308 to the address": (308, "https://127.0.0.1:{port}{path}"),
}


@dataclass(frozen=True)
class Bait:
    """A URL that leads to a tripwire, how it came to the target, and whether the target took it."""

    url: str
    port: int
    answer: Exchange

    @property
    def id(self) -> str | None:
        body = self.answer.json()
        taken = self.answer.status in {200, 201} and isinstance(body, dict) and isinstance(body.get("data"), dict)
        return body["data"].get("id") if taken else None


@dataclass(frozen=True)
class Trap:
    """All baits by what they try, after an event was played to them. `played`: the event reached an honest receiver."""

    receiver: Receiver
    baits: dict[str, Bait]
    played: bool

    def silent(self, what: str) -> None:
        """Demand that nobody came to the bait's tripwire."""
        bait = self.baits[what]
        expect.precondition(self.played or bait.id is None, "no delivery arrives anywhere")
        came = self.receiver.touched(bait.port)
        said = f"{len(came)} connection(s), at {', '.join(dict.fromkeys(came))}"
        expect.that(not came, f"no connection to {bait.url}", said, bait.answer)


@pytest.fixture(scope="module")
def trap(shared_account: Callable[[str], Account], receiver: Receiver, target: Target) -> Iterator[Trap]:
    if not LOOPBACK.match(target.target.host):
        raise Lacking("the target runs on another machine, whose loopback has no tripwire")
    account = shared_account("webhook targets")
    hooks = Hooks(account.api, receiver, account.word)
    try:
        honest = hooks.register(RECEIVED)
        baits = _baits(hooks)
        yield Trap(receiver, baits, _play(account, hooks, honest, baits))
    finally:
        hooks.clear()


def _baits(hooks: Hooks) -> dict[str, Bait]:
    names = [*URLS, *(f"changed to: {name}" for name in CHANGED), *REDIRECTED]
    ports = dict(zip(names, hooks.receiver.tripwires(len(names)), strict=True))
    baits = {name: _registered(hooks, url, ports[name]) for name, url in URLS.items()}
    for name in CHANGED:
        baits[f"changed to: {name}"] = _changed(hooks, URLS[name], ports[f"changed to: {name}"])
    for name, (code, url) in REDIRECTED.items():
        baits[name] = _redirected(hooks, code, url, ports[name])
    return baits


def _registered(hooks: Hooks, template: str, port: int) -> Bait:
    url = template.format(port=port, path=hooks.path())
    return Bait(url, port, hooks.post({"url": url, "events": list(EVENTS)}))


def _changed(hooks: Hooks, template: str, port: int) -> Bait:
    """Registered honestly, and led astray by a PATCH."""
    url = template.format(port=port, path=hooks.path())
    return Bait(url, port, hooks.api.patch(f"/webhooks/{hooks.register().id}", {"url": url}))


def _redirected(hooks: Hooks, code: int, template: str, port: int) -> Bait:
    """An honest receiver that redirects."""
    url, path = template.format(port=port, path=hooks.path()), hooks.path()
    hooks.receiver.answer(path, status=code, location=url)
    return Bait(url, port, hooks.register(path=path).answer)


def _play(account: Account, hooks: Hooks, honest: Endpoint, baits: dict[str, Bait]) -> bool:
    """One event to everybody; wait until the outcome of each is noted, or nothing more can be expected."""
    wamid = account.receive(account.numbers.fresh())
    played = bool(honest.wait(RECEIVED, whatsapp_message_id=wamid))
    taken = {bait.id for bait in baits.values() if bait.id is not None}

    def noted() -> bool:
        rows: dict[str, dict[str, Any]] = hooks.rows()
        return all(rows[i].get("failure_count") or rows[i].get("last_delivery_at") for i in taken if i in rows)

    if taken:
        eventually(noted, NOTED, 0.05)
    return played


@requirement("HOOK-04")
@pytest.mark.parametrize("spelling", URLS)
def test_loopback_gets_no_delivery(trap: Trap, spelling: str) -> None:
    trap.silent(spelling)


@requirement("HOOK-04")
@pytest.mark.parametrize("spelling", CHANGED)
def test_a_change_to_loopback_leads_to_no_delivery(trap: Trap, spelling: str) -> None:
    trap.silent(f"changed to: {spelling}")


@requirement("HOOK-04")
@pytest.mark.parametrize("way", REDIRECTED)
def test_a_redirect_to_loopback_is_not_followed(trap: Trap, way: str) -> None:
    trap.silent(way)
