"""ENV: one envelope for what succeeds (ENV-01, ENV-07), and ids that cannot be (ENV-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope, malformed_input
from conformance.wacrm.steps.answers import Answers, refusals, send_refusals, successes

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]

OPERATIONS = OPENAPI.operations
WITH_ID = [operation for operation in OPERATIONS if operation.takes_id]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
IMPOSSIBLE = ((404, "not_found"), (400, "bad_request"))


@requirement("ENV-01")
@each_operation
def test_success_is_as_documented(operation: Operation, calls: Calls, answers: Answers) -> None:
    judged = answers.once(f"successes of {operation.id}", lambda: successes(operation, calls))
    expect.precondition(judged, f"{operation.label} never succeeded")
    for exchange in judged:
        documented(operation, exchange)


def documented(operation: Operation, exchange: Exchange) -> None:
    body = exchange.json()
    if exchange.content:
        expect.that(isinstance(body, dict), 'the success envelope {"data": …}', exchange.excerpt, exchange)
    for problem in OPENAPI.validate(operation.id, exchange.status or 0, body):
        expected, _, actual = problem.partition(", got ")
        raise Mismatch(expected, actual, exchange)


@requirement("ENV-07")
@each_operation
def test_success_has_the_json_content_type(operation: Operation, calls: Calls, answers: Answers) -> None:
    for exchange in answers.once(f"successes of {operation.id}", lambda: successes(operation, calls)):
        json_type(exchange)


@requirement("ENV-07")
@each_operation
def test_refusals_have_the_json_content_type(
    operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe, answers: Answers
) -> None:
    for exchange in answers.once(f"refusals of {operation.id}", lambda: refusals(operation, calls, role_keys, probe)):
        json_type(exchange)


@requirement("ENV-07")
@pytest.mark.usefixtures("sends")
def test_failed_sends_have_the_json_content_type(calls: Calls, answers: Answers) -> None:
    for exchange in answers.once("failed sends", lambda: send_refusals(calls)):
        json_type(exchange)


@requirement("ENV-07")
def test_unknown_paths_have_the_json_content_type(api: Api, calls: Calls) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        json_type(api.call(method, f"/{calls.account.word()}", json={} if method != "GET" else None))


def json_type(exchange: Exchange) -> None:
    """`application/json`, whatever its parameters, on every answer that is JSON; one that is none is another clause's."""
    if exchange.json() is not None:
        given = exchange.answer_headers.get("content-type", "")
        media = given.partition(";")[0].strip().lower()
        expect.that(media == "application/json", "Content-Type: application/json", repr(given), exchange)


@requirement("ENV-05")
@pytest.mark.parametrize("operation", WITH_ID, ids=[operation.id for operation in WITH_ID])
def test_an_impossible_id_is_not_found(operation: Operation, calls: Calls, api: Api) -> None:
    body = calls.to_nothing(operation).json
    for id_ in malformed_input.IMPOSSIBLE_IDS:
        envelope.error(api.call(operation.method, operation.url(malformed_input.escaped(id_)), json=body), *IMPOSSIBLE)


@requirement("ENV-05")
@pytest.mark.parametrize(("path", "name"), [("/contacts", "tag"), ("/conversations", "contact_id")])
def test_an_impossible_id_in_a_filter_is_not_found(path: str, name: str, calls: Calls, api: Api) -> None:
    calls.account.contact(tags=[calls.account.word()])
    for id_ in malformed_input.IMPOSSIBLE_IDS:
        envelope.error(api.get(path, **{name: id_}), *IMPOSSIBLE)
    envelope.error(api.get(path, **{name: "x", "limit": 1}), *IMPOSSIBLE)
