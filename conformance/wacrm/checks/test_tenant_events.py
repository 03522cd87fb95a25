"""TENANT-06: an account's events go to its own endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.verdicts import Lacking, NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.endpoints import SET_UP, require_reachable
from conformance.wacrm.steps.tenants import Tenants, account_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.target.target import Target
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.valid_requests import Calls
    from conformance.webhooks.receiver_client import Attempt, Receiver

EVENTS = ["message.received", "message.status_updated", "conversation.created"]


@requirement("TENANT-06")
@pytest.mark.usefixtures("sends", "hears")
def test_events_go_to_the_accounts_own_endpoints(
    tenant_pair: Tenants, receiver: Receiver, target: Target, calls_of: Callable[[Account], Calls]
) -> None:
    if not target.capabilities.webhooks:
        raise Lacking("capabilities.webhooks is false: the deployment has no webhooks")
    accounts = (tenant_pair.mine.account, tenant_pair.theirs.account)
    paths = [subscribe(calls, receiver) for calls in (tenant_pair.mine, tenant_pair.theirs)]
    idle_account = unconfigured(tenant_pair.mine.account)
    idle_path = subscribe(calls_of(idle_account), receiver) if idle_account is not None else ""
    phone = accounts[0].numbers.fresh()
    accounts[0].mock_meta.script(phone, ("delivered", 0.05))
    own = [cause_events(account, phone, target) for account in accounts]
    for path, mine, calls in zip(paths, own, (tenant_pair.mine, tenant_pair.theirs), strict=True):
        missing = eventually(
            lambda p=path, m=mine: not set(m) - event_ids(receiver.attempts(p)), target.target.patience
        )
        require_reachable(calls.account.api, receiver, calls.endpoint_ids)
        expect.precondition(missing, "the account's own events do not all arrive")
    for position, path in enumerate(paths):
        only_own_events(receiver.settled(path, at_least=3), own[1 - position], account_id(accounts[position]))
    if idle_path:
        unexpected = receiver.attempts(idle_path)
        expect.that(
            not unexpected, "no event for an account in which nothing happened", lambda: f"{unexpected[0].raw[:300]!r}"
        )


def unconfigured(account: Account) -> Account | None:
    """The account without WhatsApp, as one without events; None when the target file has no key of it."""
    pool = account.api.pool
    return replace(account, api=account.api.as_role(Role.UNCONFIGURED)) if pool.has(Role.UNCONFIGURED) else None


def subscribe(calls: Calls, receiver: Receiver) -> str:
    """Register a path of the receiver for all events; the path."""
    path = f"/{calls.account.marker()}"
    exchange = calls.account.api.post("/webhooks", {"url": receiver.url(path), "events": EVENTS})
    if exchange.status == 400:
        raise NoVerdict(SET_UP.format(receiver.origin))
    calls.endpoint_ids.append(required(exchange, 201)["id"])
    return path


def cause_events(account: Account, phone: str, target: Target) -> list[str]:
    """A customer writes, and a message is sent and delivered: the ids in the events."""
    wamid = account.receive(phone)
    contact = eventually(lambda: account.contact_by_phone(phone), target.target.patience)
    expect.precondition(contact, "an inbound message creates no contact")
    conversation = account.conversation_of(contact["id"], target.target.patience)
    sent = account.send(phone)
    return [wamid, str(conversation["id"]), str(sent["whatsapp_message_id"])]


def event_ids(attempts: list[Attempt]) -> set[str]:
    """The wamids and conversation ids in deliveries."""
    return set(_event_ids(attempts))


def _event_ids(attempts: list[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        body = attempt.json()
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, dict):
            yield from (str(data[name]) for name in ("whatsapp_message_id", "conversation_id") if name in data)


def only_own_events(attempts: list[Attempt], foreign: list[str], id_: str) -> None:
    """No delivery contains the other account's ids, and each names its own account."""
    for attempt in attempts:
        unexpected = [value for value in foreign if value.encode() in attempt.raw]
        expect.that(not unexpected, "none of another account's events", f"{attempt.raw[:500]!r}")
        body = attempt.json()
        named = body.get("account_id") if isinstance(body, dict) else None
        if id_ and isinstance(named, str):
            expect.equal(named, id_, "account_id of the delivery", evidence=[f"{attempt.raw[:500]!r}"])
