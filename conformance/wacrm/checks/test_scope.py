"""SCOPE: what a key may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.target import SCOPES
from conformance.target.verdicts import Lacking
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.refused_writes import WRITING, trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.refused_writes import Trial
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]

FORBIDDEN = (403, "forbidden")
SCOPED = [operation for operation in OPENAPI.operations if operation.scope is not None]
each_scoped_operation = pytest.mark.parametrize("operation", SCOPED, ids=[operation.id for operation in SCOPED])


@requirement("SCOPE-01")
@each_scoped_operation
def test_every_scope_but_the_required_one_is_403(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    call = calls.to(operation)
    for key in lacking(role_keys, str(operation.scope)):
        forbidden(call.through(key))


def lacking(role_keys: RoleKeys, scope: str) -> list[Api]:
    """The API with every scope but this one, or, where the target file has no such key, with each other scope alone."""
    try:
        return [role_keys("all_but", scope)]
    except Lacking as missing:
        found = [key for other in SCOPES if other != scope for key in given(role_keys, "only", other)]
        if not found:
            raise missing from None
        return found


def given(role_keys: RoleKeys, role: str, scope: str) -> list[Api]:
    try:
        return [role_keys(role, scope)]
    except Lacking:
        return []


@requirement("SCOPE-01")
@each_scoped_operation
def test_no_scope_at_all_is_403(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    forbidden(calls.to(operation).through(role_keys(Role.NONE)))


def forbidden(exchange: Exchange) -> None:
    """403 `forbidden`, and no data beside it."""
    envelope.error(exchange, FORBIDDEN)
    expect.that("data" not in exchange.json(), "no data with a 403", exchange.excerpt, exchange)


@requirement("SCOPE-02")
@each_scoped_operation
def test_the_required_scope_is_enough(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    call = calls.to(operation)
    expect.status(call.through(role_keys("only", operation.scope)), *operation.success_statuses)


@requirement("SCOPE-03")
def test_a_403_has_no_effect(calls: Calls, role_keys: RoleKeys) -> None:
    judged = [has_no_effect(trial(calls, id_), role_keys) for id_ in WRITING if offered(calls, id_)]
    expect.precondition(any(judged), "no write was answered with 403")


def has_no_effect(attempt: Trial, role_keys: RoleKeys) -> bool:
    """Whether it was answered with 403 at all: what is let in is SCOPE-01's matter."""
    scope = attempt.call.operation.scope
    answers = [attempt.call.through(role_keys("all_but", scope)), attempt.call.through(role_keys(Role.NONE))]
    if any(exchange.status != 403 for exchange in answers):
        return False
    trace = attempt.trace()
    expect.that(not trace, f"no effect of a {attempt.call.operation.label} that was answered with 403", trace, *answers)
    return True


def offered(calls: Calls, operation_id: str) -> bool:
    """Whether the target has the operation, as far as its file says."""
    try:
        calls.to_nothing(OPENAPI.operation(operation_id))
    except Lacking:
        return False
    return True


@requirement("SCOPE-04")
@pytest.mark.parametrize("kind", ["all_but", Role.NONE])
def test_the_message_names_the_missing_scope(kind: str, calls: Calls, role_keys: RoleKeys) -> None:
    judged = []
    for operation in (operation for operation in SCOPED if offered(calls, operation.id)):
        lacking = role_keys(kind) if kind == Role.NONE else role_keys(kind, operation.scope)
        judged.append(names_the_scope(calls.to(operation).through(lacking), str(operation.scope)))
    expect.precondition(any(judged), "nothing was answered with 403")


def names_the_scope(exchange: Exchange, scope: str) -> bool:
    """Whether it is a 403 at all: an answer that lets the key in has no message."""
    if exchange.status != 403:
        return False
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    message = str(inner.get("message")) if isinstance(inner, dict) else exchange.text
    expect.that(scope in message, f"a message that names {scope}", repr(message), exchange)
    return True
