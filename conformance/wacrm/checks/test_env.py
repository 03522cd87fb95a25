"""ENV: one envelope for what succeeds (ENV-01, ENV-07), and ids that cannot be (ENV-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.contract import openapi
from conformance.target import expect
from conformance.target.expect import Mismatch, requirement
from conformance.wacrm.steps import malformed_input
from conformance.wacrm.steps.operation_answers import AnswerCache, failed_sends, refusals, successes

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.probe import Api, Exchange, Probe
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]

OPERATIONS = openapi.operations()
WITH_ID = [operation for operation in OPERATIONS if operation.takes_id]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
NOT_FOUND_OR_BAD_REQUEST = ((404, "not_found"), (400, "bad_request"))


@requirement("ENV-01")
@each_operation
def test_success_is_as_documented(operation: Operation, calls: Calls, answer_cache: AnswerCache) -> None:
    exchanges = answer_cache.get(f"successes of {operation.id}", lambda: successes(operation, calls))
    expect.precondition(exchanges, f"{operation.label} never succeeded")
    for exchange in exchanges:
        is_documented(operation, exchange)


def is_documented(operation: Operation, exchange: Exchange) -> None:
    body = exchange.json()
    if exchange.content:
        expect.that(isinstance(body, dict), 'the success envelope {"data": …}', exchange.excerpt, exchange)
    for problem in openapi.validate(operation.id, exchange.status or 0, body):
        expected, _, actual = problem.partition(", got ")
        raise Mismatch(expected, actual, exchange)


@requirement("ENV-07")
@each_operation
def test_success_has_the_json_content_type(operation: Operation, calls: Calls, answer_cache: AnswerCache) -> None:
    for exchange in answer_cache.get(f"successes of {operation.id}", lambda: successes(operation, calls)):
        has_json_content_type(exchange)


@requirement("ENV-07")
@each_operation
def test_refusals_have_the_json_content_type(
    operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe, answer_cache: AnswerCache
) -> None:
    for exchange in answer_cache.get(
        f"refusals of {operation.id}", lambda: refusals(operation, calls, role_keys, probe)
    ):
        has_json_content_type(exchange)


@requirement("ENV-07")
@pytest.mark.usefixtures("sends")
def test_failed_sends_have_the_json_content_type(calls: Calls, answer_cache: AnswerCache) -> None:
    for exchange in answer_cache.get("failed sends", lambda: failed_sends(calls)):
        has_json_content_type(exchange)


@requirement("ENV-07")
def test_unknown_paths_have_the_json_content_type(api: Api, calls: Calls) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        has_json_content_type(api.call(method, f"/{calls.account.marker()}", json={} if method != "GET" else None))


def has_json_content_type(exchange: Exchange) -> None:
    """`application/json`, whatever its parameters, on every answer that is JSON; one that is none is another clause's."""
    if exchange.json() is not None:
        given = exchange.answer_headers.get("content-type", "")
        media = given.partition(";")[0].strip().lower()
        expect.that(media == "application/json", "Content-Type: application/json", repr(given), exchange)


@requirement("ENV-05")
@pytest.mark.parametrize("operation", WITH_ID, ids=[operation.id for operation in WITH_ID])
def test_an_impossible_id_is_not_found(operation: Operation, calls: Calls, api: Api) -> None:
    body = calls.to_nothing(operation).json
    for id_ in malformed_input.INVALID_UUIDS:
        expect.error(
            api.call(operation.method, operation.url(malformed_input.escaped(id_)), json=body),
            *NOT_FOUND_OR_BAD_REQUEST,
        )


@requirement("ENV-05")
@pytest.mark.parametrize(("path", "name"), [("/contacts", "tag"), ("/conversations", "contact_id")])
def test_an_impossible_id_in_a_filter_is_not_found(path: str, name: str, calls: Calls, api: Api) -> None:
    calls.account.contact(tags=[calls.account.marker()])
    for id_ in malformed_input.INVALID_UUIDS:
        expect.error(api.get(path, **{name: id_}), *NOT_FOUND_OR_BAD_REQUEST)
    expect.error(api.get(path, **{name: "x", "limit": 1}), *NOT_FOUND_OR_BAD_REQUEST)
