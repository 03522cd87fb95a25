"""Valid writes that must be refused, and how to see whether one had an effect (AUTH-08, SCOPE-03, RATE-09)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.target.expect import precondition
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import required, required_rows
from conformance.wacrm.steps.valid_requests import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.valid_requests import Calls

WRITE_OPERATIONS = (
    "sendMessage",
    "createContact",
    "updateContact",
    "createBroadcast",
    "createWebhook",
    "updateWebhook",
    "deleteWebhook",
)
QUIET_SECONDS = 0.4
"""Seconds without a request at Meta after which a send counts as not made."""


@dataclass(frozen=True)
class TracedWrite:
    """A valid write. `effect()` describes what it changed; empty when nothing changed."""

    call: Call
    effect: Callable[[], str]


def traced_write(calls: Calls, operation_id: str) -> TracedWrite:
    """A traced write for one of the `WRITE_OPERATIONS`, on its own rows."""
    operation = OPENAPI.operation(operation_id)
    match operation_id:
        case "sendMessage":
            return _send(calls, operation)
        case "createContact":
            call = calls.to(operation)
            return TracedWrite(call, lambda: _created_contact(calls, call.json["phone"]))
        case "createBroadcast":
            return _broadcast(calls, operation)
        case "createWebhook":
            call = calls.to(operation)
            return TracedWrite(call, lambda: _created_endpoint(calls, call.json["url"]))
    call = calls.to(operation)
    before = _record(calls, call)
    return TracedWrite(call, lambda: _changed_members(calls, call, before))


def _send(calls: Calls, operation: Operation) -> TracedWrite:
    call = calls.to(operation)
    return TracedWrite(
        call, lambda: _sent_to_meta(calls, call.json["text"]) or _created_contact(calls, call.json["to"])
    )


def _broadcast(calls: Calls, operation: Operation) -> TracedWrite:
    marker = calls.account.marker()
    call = Call(operation, operation.path, calls.marked_broadcast(marker))
    return TracedWrite(call, lambda: _sent_to_meta(calls, marker))


def _sent_to_meta(calls: Calls, marker: str) -> str:
    """The request that Meta received within `QUIET_SECONDS`, in words."""
    found = calls.account.mock_meta.settled(at_least=1, quiet=0.0, patience=QUIET_SECONDS, contains=marker)
    return f"Meta got {found[0]['raw'][:300]}" if found else ""


def _created_contact(calls: Calls, phone: str) -> str:
    account = calls.account
    if found := account.contact_by_phone(phone):
        return f"there is a contact {found}"
    control = account.contact()
    precondition(
        account.contact_by_phone(account.phone_of(control)), "a contact that there is cannot be found by phone"
    )
    return ""


def _created_endpoint(calls: Calls, url: str) -> str:
    control = calls.webhook()
    listed = required_rows(calls.account.api.get("/webhooks", limit=100))
    precondition(control["id"] in [row.get("id") for row in listed], "GET /webhooks does not show a new endpoint")
    return next((f"there is an endpoint {row}" for row in listed if row.get("url") == url), "")


def _record(calls: Calls, call: Call) -> dict[str, Any]:
    return required(calls.account.api.get(call.path), 200)


def _changed_members(calls: Calls, call: Call, before: dict[str, Any]) -> str:
    """What the write would have set and is different now; deliveries and other checks change the rest."""
    now: Exchange = calls.account.api.get(call.path)
    if now.status == 404:
        return "the row is gone"
    after = required(now, 200)
    changed = {name: after.get(name) for name in call.json or () if before.get(name) != after.get(name)}
    return f"the row has changed: {changed}" if changed else ""
