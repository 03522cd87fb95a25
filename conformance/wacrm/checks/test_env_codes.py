"""ENV-03: status and `error.code`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.checks.operations import SENDS, each_operation, each_with_id
from conformance.wacrm.expectations import envelope
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.operation_answers import AnswersOf
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CODES = {
    400: {"bad_request"}, 401: {"unauthorized"}, 403: {"forbidden"}, 404: {"not_found"}, 429: {"rate_limited"}, 500: {"internal"},
}  # fmt: skip
SEND_CODES = {400: {"whatsapp_not_configured"}, 500: {"template_malformed"}, 502: {"meta_error"}}
HTTP_STATUSES = (405, 406, 411, 413, 414, 415, 417, 431)
"""HTTP statuses that a server may give before the API sees the request."""


@requirement("ENV-03")
@each_operation
def test_status_and_code_agree(operation: Operation, refusals_of: AnswersOf) -> None:
    for exchange in refusals_of(operation):
        has_documented_code(exchange, operation)


@requirement("ENV-03")
@pytest.mark.usefixtures("sends")
def test_status_and_code_of_failed_sends_agree(failed_send_answers: list[Exchange]) -> None:
    for exchange in failed_send_answers:
        has_documented_code(
            exchange, OPENAPI.operation("createBroadcast" if "/broadcasts" in exchange.url else "sendMessage")
        )


@requirement("ENV-03")
@each_with_id
def test_an_unknown_id_is_404_not_found(operation: Operation, calls: Calls, api: Api) -> None:
    envelope.error(calls.to_nothing(operation).through(api), (404, "not_found"))


@requirement("ENV-03")
def test_status_and_code_of_unknown_paths_agree(calls: Calls, api: Api) -> None:
    for method in METHODS[:-1]:
        for path in (f"/{calls.account.marker()}", f"/contacts/{uuid.uuid4()}/{calls.account.marker()}"):
            has_documented_code(api.call(method, path, json={} if method not in {"GET", "DELETE"} else None), None)


def has_documented_code(exchange: Exchange, operation: Operation | None) -> None:
    """An error with an envelope has a code that the documentation's table allows for its status."""
    status, body = exchange.status or 0, exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    if status < 400 or status in HTTP_STATUSES or not isinstance(inner, dict):
        return
    further = SEND_CODES if operation is not None and operation.id in SENDS else {}
    allowed = CODES.get(status, set()) | further.get(status, set())
    if not allowed:
        raise Mismatch("a documented error status", f"HTTP {status} with error.code {inner.get('code')!r}", exchange)
    wanted = " or ".join(sorted(allowed))
    expect.that(inner.get("code") in allowed, f"error.code {wanted} with {status}", repr(inner.get("code")), exchange)
