"""Writes that must be refused, and what can be seen afterwards when one was not (AUTH-08, SCOPE-03)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import needed, needed_rows
from conformance.wacrm.steps.valid_requests import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.valid_requests import Calls

WRITING = (
    "sendMessage",
    "createContact",
    "updateContact",
    "createBroadcast",
    "createWebhook",
    "updateWebhook",
    "deleteWebhook",
)
QUIET = 0.4
"""Seconds without a request at Meta after which a send counts as not made; a send is made while its answer is awaited."""


@dataclass(frozen=True)
class Trial:
    """A valid write, and `trace`: what it left, in words; empty when it left nothing."""

    call: Call
    trace: Callable[[], str]


def trial(calls: Calls, operation_id: str) -> Trial:
    """The trial of one of the `WRITING` operations, on rows of its own."""
    operation = OPENAPI.operation(operation_id)
    match operation_id:
        case "sendMessage":
            return _send(calls, operation)
        case "createContact":
            call = calls.to(operation)
            return Trial(call, lambda: _contact(calls, call.json["phone"]))
        case "createBroadcast":
            return _broadcast(calls, operation)
        case "createWebhook":
            call = calls.to(operation)
            return Trial(call, lambda: _endpoint(calls, call.json["url"]))
    call = calls.to(operation)
    before = _member_of_row(calls, call)
    return Trial(call, lambda: _changed(calls, call, before))


def _send(calls: Calls, operation: Operation) -> Trial:
    call = calls.to(operation)
    return Trial(call, lambda: _at_meta(calls, call.json["text"]) or _contact(calls, call.json["to"]))


def _broadcast(calls: Calls, operation: Operation) -> Trial:
    word = calls.account.word()
    call = Call(operation, operation.path, calls.marked_broadcast(word))
    return Trial(call, lambda: _at_meta(calls, word))


def _at_meta(calls: Calls, word: str) -> str:
    """The request that Meta got, if one came until it was quiet."""
    found = calls.account.mock_meta.settled(at_least=1, quiet=0.0, patience=QUIET, contains=word)
    return f"Meta got {found[0]['raw'][:300]}" if found else ""


def _contact(calls: Calls, phone: str) -> str:
    found = calls.account.contact_by_phone(phone)
    return f"there is a contact {found}" if found else ""


def _endpoint(calls: Calls, url: str) -> str:
    listed = needed_rows(calls.account.api.get("/webhooks", limit=100))
    return next((f"there is an endpoint {row}" for row in listed if row.get("url") == url), "")


def _member_of_row(calls: Calls, call: Call) -> dict[str, Any]:
    return needed(calls.account.api.get(call.path), 200)


def _changed(calls: Calls, call: Call, before: dict[str, Any]) -> str:
    now: Exchange = calls.account.api.get(call.path)
    if now.status == 404:
        return "the row is gone"
    after = needed(now, 200)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return f"the row has changed: {changed}" if changed else ""
