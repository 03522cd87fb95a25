"""TENANT-01, -02: another account's rows by id."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations import envelope
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.account import required

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Row
    from conformance.wacrm.steps.tenants import Tenants
    from conformance.wacrm.steps.valid_requests import Calls


NOT_FOUND = (404, "not_found")
READS = [operation for operation in OPENAPI.operations if operation.method == "GET" and operation.takes_id]


@requirement("TENANT-01")
@pytest.mark.parametrize("operation", READS, ids=[operation.id for operation in READS])
def test_another_accounts_row_is_404_like_an_unknown_id(operation: Operation, tenants: Tenants) -> None:
    id_, nothing = tenants.theirs.row(operation.path), str(uuid.uuid4())
    expect.precondition(
        tenants.theirs.account.api.get(operation.url(id_)).status == 200, "the row's own account cannot read it"
    )
    absent = tenants.mine.account.api.get(operation.url(nothing))
    for spelling in (id_, id_.upper()):
        exchange = tenants.mine.account.api.get(operation.url(spelling))
        envelope.error(exchange, NOT_FOUND)
        if error_content(exchange, id_) != error_content(absent, nothing):
            raise Mismatch(
                f"the answer for an unknown id, {error_content(absent, nothing)}",
                f"{error_content(exchange, id_)}",
                absent,
                exchange,
            )


def error_content(exchange: Exchange, id_: str) -> tuple[Any, ...]:
    """The parts of an error answer, without the id."""
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    error = inner if isinstance(inner, dict) else {}
    return (
        exchange.status,
        error.get("code"),
        str(error.get("message")).lower().replace(id_.lower(), "<id>"),
        sorted(error),
    )


@requirement("TENANT-01")
def test_no_query_reads_another_accounts_messages(tenants: Tenants) -> None:
    theirs, mine = tenants.theirs.conversation(), tenants.mine.conversation()
    path = f"/conversations/{theirs['conversation_id']}/messages"
    for query in ({"limit": 1}, {"conversation_id": mine["conversation_id"]}, {"contact_id": theirs["contact_id"]}):
        envelope.error(tenants.mine.account.api.get(path, **query), NOT_FOUND)


CONTACT_CHANGES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "name": lambda calls: {"name": calls.account.marker()},
    "email": lambda calls: {"email": f"{calls.account.marker()}@wacrm.invalid"},
    "company": lambda calls: {"company": calls.account.marker()},
    "tags": lambda calls: {"tags": [calls.account.marker()]},
    "no-tags": lambda _calls: {"tags": []},
    "nulls": lambda _calls: {"name": None, "email": None, "company": None},
    "all": lambda calls: calls.to_nothing(OPENAPI.operation("updateContact")).json,
}
WEBHOOK_CHANGES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "url": lambda calls: {"url": f"{calls.endpoint_origin()}/{calls.account.marker()}"},
    "events": lambda _calls: {"events": ["conversation.created"]},
    "is-active": lambda _calls: {"is_active": True},
    "all": lambda calls: calls.to(OPENAPI.operation("updateWebhook")).json,
}


@requirement("TENANT-02")
@pytest.mark.parametrize("change", CONTACT_CHANGES)
def test_another_accounts_contact_cannot_be_changed(change: str, tenants: Tenants) -> None:
    account = tenants.theirs.account
    words = {"name": account.marker(), "email": f"{account.marker()}@wacrm.invalid", "company": account.marker()}
    path = f"/contacts/{account.contact(**words, tags=[account.marker()])['id']}"
    not_found_and_unchanged(tenants, path, "PATCH", CONTACT_CHANGES[change](tenants.mine))


@requirement("TENANT-02")
@pytest.mark.parametrize("change", WEBHOOK_CHANGES)
def test_another_accounts_endpoint_cannot_be_changed(change: str, tenants: Tenants) -> None:
    not_found_and_unchanged(
        tenants,
        f"/webhooks/{tenants.theirs.row('/webhooks')}",
        "PATCH",
        WEBHOOK_CHANGES[change](tenants.mine),
    )


@requirement("TENANT-02")
def test_another_accounts_endpoint_cannot_be_deleted(tenants: Tenants) -> None:
    not_found_and_unchanged(tenants, f"/webhooks/{tenants.theirs.row('/webhooks')}", "DELETE", None)


def not_found_and_unchanged(tenant_pair: Tenants, path: str, method: str, body: Row | None) -> None:
    """404, and the owner sees the row unchanged."""
    before = required(tenant_pair.theirs.account.api.get(path), 200)
    exchange = tenant_pair.mine.account.api.call(method, path, json=body)
    after = tenant_pair.theirs.account.api.get(path)
    expect.equal(envelope.record(after, 200), before, "another account's row, as its owner sees it,", exchange, after)
    envelope.error(exchange, NOT_FOUND)
