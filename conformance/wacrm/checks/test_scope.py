"""SCOPE-01 to -04: what a key may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.target import SCOPES
from conformance.target.verdicts import Lacking
from conformance.wacrm.expectations import envelope
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps.refused_writes import WRITE_OPERATIONS, traced_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.refused_writes import TracedWrite
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]

FORBIDDEN = (403, "forbidden")
SCOPED = [operation for operation in OPENAPI.operations if operation.scope is not None]
each_scoped_operation = pytest.mark.parametrize("operation", SCOPED, ids=[operation.id for operation in SCOPED])


@requirement("SCOPE-01")
@each_scoped_operation
def test_a_key_with_every_other_scope_is_403(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    call = calls.to(operation)
    for key in keys_without(role_keys, str(operation.scope)):
        forbidden(call.through(key))


def keys_without(role_keys: RoleKeys, scope: str) -> list[Api]:
    """The API with every scope but this one; without such a key in the target file, with each other scope alone."""
    try:
        return [role_keys("all_but", scope)]
    except Lacking as missing:
        found = [key for other in SCOPES if other != scope for key in key_if_given(role_keys, "only", other)]
        if not found:
            raise missing from None
        return found


def key_if_given(role_keys: RoleKeys, role: str, scope: str) -> list[Api]:
    try:
        return [role_keys(role, scope)]
    except Lacking:
        return []


@requirement("SCOPE-01")
@each_scoped_operation
def test_a_key_without_scopes_is_403(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    forbidden(calls.to(operation).through(role_keys(Role.NONE)))


def forbidden(exchange: Exchange) -> None:
    """403 `forbidden` without data."""
    envelope.error(exchange, FORBIDDEN)
    expect.that("data" not in exchange.json(), "no data with a 403", exchange.excerpt, exchange)


@requirement("SCOPE-02")
@each_scoped_operation
def test_the_required_scope_is_enough(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    call = calls.to(operation)
    expect.status(call.through(role_keys("only", operation.scope)), *operation.success_statuses)


@requirement("SCOPE-03")
def test_a_403_has_no_effect(calls: Calls, role_keys: RoleKeys) -> None:
    checked = [has_no_effect(traced_write(calls, id_), role_keys) for id_ in WRITE_OPERATIONS if offered(calls, id_)]
    expect.precondition(any(checked), "no write was answered with 403")


def has_no_effect(write: TracedWrite, role_keys: RoleKeys) -> bool:
    """Whether it was answered with 403 (SCOPE-01 reports other answers); a Mismatch when it had an effect."""
    scope = write.call.operation.scope
    answers = [write.call.through(role_keys("all_but", scope)), write.call.through(role_keys(Role.NONE))]
    if any(exchange.status != 403 for exchange in answers):
        return False
    effect = write.effect()
    expect.that(not effect, f"no effect of a {write.call.operation.label} that was answered with 403", effect, *answers)
    return True


def offered(calls: Calls, operation_id: str) -> bool:
    """Whether the target file says that the target has the operation."""
    try:
        calls.to_nothing(OPENAPI.operation(operation_id))
    except Lacking:
        return False
    return True


@requirement("SCOPE-04")
@pytest.mark.parametrize("kind", ["all_but", Role.NONE])
def test_the_message_names_the_missing_scope(kind: str, calls: Calls, role_keys: RoleKeys) -> None:
    checked = []
    for operation in (operation for operation in SCOPED if offered(calls, operation.id)):
        keys_without = role_keys(kind) if kind == Role.NONE else role_keys(kind, operation.scope)
        checked.append(names_the_scope(calls.to(operation).through(keys_without), str(operation.scope)))
    expect.precondition(any(checked), "nothing was answered with 403")


def names_the_scope(exchange: Exchange, scope: str) -> bool:
    """Whether it is a 403 (other answers have no message to check); a Mismatch when the scope is not in it."""
    if exchange.status != 403:
        return False
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    message = str(inner.get("message")) if isinstance(inner, dict) else exchange.text
    expect.that(scope in message, f"a message that names {scope}", repr(message), exchange)
    return True
