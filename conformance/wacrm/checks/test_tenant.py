"""TENANT: another account's rows by id (01, 02). Lists and cursors, one number in two accounts, events: beside."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps import tenants
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.tenants import Pair
    from conformance.wacrm.steps.valid_requests import Calls

    Act = Callable[[Account, tenants.Shared, Row], None]

NOT_FOUND = (404, "not_found")
READS = [operation for operation in OPENAPI.operations if operation.method == "GET" and operation.takes_id]


# -- by id --------------------------------------------------------------------------------------------------------------


@requirement("TENANT-01")
@pytest.mark.parametrize("operation", READS, ids=[operation.id for operation in READS])
def test_anothers_row_reads_like_none(operation: Operation, each: Pair) -> None:
    id_, nothing = each.theirs.row(operation.path), str(uuid.uuid4())
    expect.precondition(
        each.theirs.account.api.get(operation.url(id_)).status == 200, "the row's own account cannot read it"
    )
    absent = each.mine.account.api.get(operation.url(nothing))
    for spelling in (id_, id_.upper()):
        exchange = each.mine.account.api.get(operation.url(spelling))
        envelope.error(exchange, NOT_FOUND)
        if told(exchange, id_) != told(absent, nothing):
            raise Mismatch(
                f"what is said of an unknown id, {told(absent, nothing)}", f"{told(exchange, id_)}", absent, exchange
            )


def told(exchange: Exchange, id_: str) -> tuple[Any, ...]:
    """What an error tells, the id aside."""
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
def test_no_query_opens_anothers_messages(each: Pair) -> None:
    theirs, mine = each.theirs.conversation(), each.mine.conversation()
    path = f"/conversations/{theirs['conversation_id']}/messages"
    for query in ({"limit": 1}, {"conversation_id": mine["conversation_id"]}, {"contact_id": theirs["contact_id"]}):
        envelope.error(each.mine.account.api.get(path, **query), NOT_FOUND)


CONTACT_CHANGES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "name": lambda calls: {"name": calls.account.word()},
    "email": lambda calls: {"email": f"{calls.account.word()}@wacrm.invalid"},
    "company": lambda calls: {"company": calls.account.word()},
    "tags": lambda calls: {"tags": [calls.account.word()]},
    "no-tags": lambda _calls: {"tags": []},
    "nulls": lambda _calls: {"name": None, "email": None, "company": None},
    "all": lambda calls: calls.to_nothing(OPENAPI.operation("updateContact")).json,
}
WEBHOOK_CHANGES: dict[str, Callable[[Calls], dict[str, Any]]] = {
    "url": lambda calls: {"url": f"{calls.hooks()}/{calls.account.word()}"},
    "events": lambda _calls: {"events": ["conversation.created"]},
    "is-active": lambda _calls: {"is_active": True},
    "all": lambda calls: calls.to(OPENAPI.operation("updateWebhook")).json,
}


@requirement("TENANT-02")
@pytest.mark.parametrize("change", CONTACT_CHANGES)
def test_anothers_contact_cannot_be_changed(change: str, each: Pair) -> None:
    account = each.theirs.account
    words = {"name": account.word(), "email": f"{account.word()}@wacrm.invalid", "company": account.word()}
    path = f"/contacts/{account.contact(**words, tags=[account.word()])['id']}"
    unchanged(each, path, "PATCH", CONTACT_CHANGES[change](each.mine))


@requirement("TENANT-02")
@pytest.mark.parametrize("change", WEBHOOK_CHANGES)
def test_anothers_endpoint_cannot_be_changed(change: str, each: Pair) -> None:
    unchanged(each, f"/webhooks/{each.theirs.row('/webhooks')}", "PATCH", WEBHOOK_CHANGES[change](each.mine))


@requirement("TENANT-02")
def test_anothers_endpoint_cannot_be_deleted(each: Pair) -> None:
    unchanged(each, f"/webhooks/{each.theirs.row('/webhooks')}", "DELETE", None)


def unchanged(pair: Pair, path: str, method: str, body: Row | None) -> None:
    """404, and its owner sees the row as it was."""
    before = needed(pair.theirs.account.api.get(path), 200)
    exchange = pair.mine.account.api.call(method, path, json=body)
    after = pair.theirs.account.api.get(path)
    expect.equal(envelope.record(after, 200), before, "another account's row, as its owner sees it,", exchange, after)
    envelope.error(exchange, NOT_FOUND)
