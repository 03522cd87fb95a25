"""ENV-01: the success envelope and the documented schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.checks.operations import each_operation
from conformance.wacrm.specification import OPENAPI

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.operation_answers import AnswersOf

    RoleKeys = Callable[..., Api]


@requirement("ENV-01")
@each_operation
def test_success_has_the_documented_schema(operation: Operation, successes_of: AnswersOf) -> None:
    exchanges = successes_of(operation)
    expect.precondition(exchanges, f"{operation.label} never succeeded")
    for exchange in exchanges:
        is_documented(operation, exchange)


def is_documented(operation: Operation, exchange: Exchange) -> None:
    body = exchange.json()
    if exchange.content:
        expect.that(isinstance(body, dict), 'the success envelope {"data": …}', exchange.excerpt, exchange)
    for problem in OPENAPI.validate(operation.id, exchange.status or 0, body):
        expected, _, actual = problem.partition(", got ")
        raise Mismatch(expected, actual, exchange)
