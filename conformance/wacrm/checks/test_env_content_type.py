"""ENV-07: the JSON content type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.checks.operations import each_operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.operation_answers import AnswersOf
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]


@requirement("ENV-07")
@each_operation
def test_success_has_the_json_content_type(operation: Operation, successes_of: AnswersOf) -> None:
    for exchange in successes_of(operation):
        has_json_content_type(exchange)


@requirement("ENV-07")
@each_operation
def test_refusals_have_the_json_content_type(operation: Operation, refusals_of: AnswersOf) -> None:
    for exchange in refusals_of(operation):
        has_json_content_type(exchange)


@requirement("ENV-07")
@pytest.mark.usefixtures("sends")
def test_failed_sends_have_the_json_content_type(failed_send_answers: list[Exchange]) -> None:
    for exchange in failed_send_answers:
        has_json_content_type(exchange)


@requirement("ENV-07")
def test_unknown_paths_have_the_json_content_type(api: Api, calls: Calls) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        has_json_content_type(api.call(method, f"/{calls.account.marker()}", json={} if method != "GET" else None))


def has_json_content_type(exchange: Exchange) -> None:
    """Every JSON answer has the media type `application/json`, with any parameters."""
    if exchange.json() is not None:
        given = exchange.answer_headers.get("content-type", "")
        media = given.partition(";")[0].strip().lower()
        expect.that(media == "application/json", "Content-Type: application/json", repr(given), exchange)
