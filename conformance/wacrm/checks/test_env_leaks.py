"""ENV-06: error messages without stack trace, SQL, file path or key."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.verdicts import Mismatch
from conformance.wacrm.checks.operations import OPERATIONS, each_operation, each_with_body
from conformance.wacrm.steps import leaks, malformed_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.target.target import Target
    from conformance.wacrm.steps.operation_answers import AnswersOf

    RoleKeys = Callable[..., Api]


PATHS = list(dict.fromkeys(operation.path for operation in OPERATIONS))


@requirement("ENV-06")
@each_operation
def test_no_refusal_leaks_internals(operation: Operation, target: Target, refusals_of: AnswersOf) -> None:
    for exchange in refusals_of(operation):
        leaks_nothing(exchange, target)


@requirement("ENV-06")
@pytest.mark.usefixtures("sends")
def test_no_failed_send_leaks_internals(target: Target, failed_send_answers: list[Exchange]) -> None:
    for exchange in failed_send_answers:
        leaks_nothing(exchange, target)


@requirement("ENV-06")
@each_with_body
def test_no_malformed_body_leaks_internals(
    operation: Operation, target: Target, malformed_body_answers_of: AnswersOf
) -> None:
    for exchange in malformed_body_answers_of(operation):
        leaks_nothing(exchange, target)


@requirement("ENV-06")
@pytest.mark.parametrize("path", PATHS)
def test_no_wrong_path_or_method_leaks_internals(path: str, api: Api, target: Target) -> None:
    for id_ in ("no-id", malformed_input.escaped("' OR '1'='1"), str(uuid.uuid4())):
        url = path.replace("{id}", id_)
        for method, wrong in (("PUT", url), ("GET", f"{url}/nothing"), ("DELETE", f"{url}/nothing")):
            leaks_nothing(api.call(method, wrong, json={} if method == "PUT" else None), target)


@requirement("ENV-06")
def test_no_malformed_query_leaks_internals(api: Api, target: Target) -> None:
    for path, names in (
        ("/contacts", ("search", "tag", "cursor")),
        ("/conversations", ("status", "contact_id", "limit")),
    ):
        for query in malformed_input.QUERIES.values():
            leaks_nothing(api.call("GET", f"{path}?{'&'.join(query.format(name) for name in names)}"), target)


@requirement("ENV-06")
def test_no_refusal_repeats_the_key(role_keys: RoleKeys, probe: Probe, target: Target) -> None:
    for role in (Role.REVOKED, Role.EXPIRED, Role.NONE):
        leaks_nothing(role_keys(role).get("/contacts"), target)
    leaks_nothing(probe.send("GET", "/contacts"), target)


def leaks_nothing(exchange: Exchange, target: Target) -> None:
    """No error contains internals or secrets. It may repeat the request, except keys."""
    if (exchange.status or 0) < 400:
        return
    sent = f"{exchange.url}\n{exchange.body.decode('utf-8', 'replace')}"
    meta = target.meta
    given = [] if meta is None else [meta.access_token, meta.other_access_token, meta.app_secret]
    found = leaks.leaks(
        exchange.text,
        sent,
        [exchange.key] if exchange.key else [],
        [s.get_secret_value() for s in given if s is not None],
    )
    for leak in found:
        raise Mismatch("an error without stack trace, SQL, file path or key", f"it contains {leak}", exchange)
