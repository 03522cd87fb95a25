"""ENV-02: the error envelope."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.checks.operations import OPERATIONS, each_operation, each_with_body
from conformance.wacrm.expectations import envelope
from conformance.wacrm.steps import malformed_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.operation_answers import AnswersOf
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]


PATHS = list(dict.fromkeys(operation.path for operation in OPERATIONS))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@requirement("ENV-02")
@each_operation
def test_every_refusal_has_the_envelope(operation: Operation, refusals_of: AnswersOf) -> None:
    has_error_envelope(refusals_of(operation))


@requirement("ENV-02")
@pytest.mark.usefixtures("sends")
def test_failed_sends_have_the_envelope(failed_send_answers: list[Exchange]) -> None:
    has_error_envelope(failed_send_answers)


def has_error_envelope(exchanges: Iterable[Exchange]) -> None:
    for exchange in exchanges:
        if (exchange.status or 0) >= 400:
            envelope.error_code(exchange)


@requirement("ENV-02")
@pytest.mark.parametrize("method", METHODS[:-1])
def test_unknown_paths_are_refused_in_the_envelope(method: str, calls: Calls, probe: Probe) -> None:
    api, id_ = calls.account.api, uuid.uuid4()
    marker = calls.account.marker()
    for path in (
        f"/{marker}", f"/{marker}/{id_}", f"/{marker}/a/b/c/d", f"/contacts{marker}", f"/contacts/{id_}/{marker}", f"/me/{marker}",
        f"/messages/{id_}/{marker}", f"/conversations/{id_}/messages/{id_}/{marker}", f"/broadcasts/{id_}/{marker}",
        f"/webhooks/{id_}/{marker}", f"/{marker}.json", f"/{'x' * 1500}", f"/{marker}%20%C3%A9", f"/{marker}/%5B%5D",
    ):  # fmt: skip
        body: dict[str, str] | None = None if method in {"GET", "DELETE"} else {}
        exchanges = [api.call(method, path, json=body)]
        exchanges += [probe.send(method, path, json=body)] if path.startswith(f"/{marker}") else []
        for exchange in exchanges:
            if not 400 <= (exchange.status or 0) < 500:
                raise Mismatch("a 4xx for an unknown path", exchange.summary, exchange)
            envelope.error_code(exchange)


@requirement("ENV-02")
def test_paths_similar_to_documented_ones_fail_in_the_envelope(calls: Calls, probe: Probe) -> None:
    """A deployment may have these paths or redirect them; errors have the envelope."""
    api, id_ = calls.account.api, uuid.uuid4()
    for path in (
        "", "/", "/contacts/", "/me/", "/contact", "/CONTACTS", "/v1/contacts", "/tags", "/templates", "/broadcasts", "/messages",
        f"/messages/{id_}", f"/contacts/{id_}/", f"/contacts/{id_}/messages", f"/conversations/{id_}/messages/{id_}",
        f"/conversations/{id_}/messages/", f"/broadcasts/{id_}/recipients", f"/webhooks/{id_}/secret", "/.env", "/contacts//",
    ):  # fmt: skip
        has_error_envelope((api.get(path), probe.send("GET", path)))


@requirement("ENV-02")
def test_clients_that_prefer_html_get_the_envelope(calls: Calls, probe: Probe) -> None:
    """With a browser's `Accept`: a refused body, an unknown id, an unknown path, no key."""
    api, headers = calls.account.api, {"Accept": BROWSER_ACCEPT}
    exchanges = [
        api.call("POST", "/contacts", json={}, headers=headers),
        api.call("POST", "/contacts", content=b"{", headers=headers),
        api.call("GET", f"/contacts/{uuid.uuid4()}", headers=headers),
        api.call("GET", f"/{calls.account.marker()}", headers=headers),
        probe.send("GET", "/contacts", headers=headers),
    ]
    has_error_envelope(exchanges)
    expect.precondition(any((exchange.status or 0) >= 400 for exchange in exchanges), "nothing was refused")


@requirement("ENV-02")
@pytest.mark.parametrize("path", PATHS)
def test_wrong_methods_fail_in_the_envelope(path: str, api: Api, probe: Probe) -> None:
    """405, 404 or an undocumented operation; errors have the envelope."""
    offered = {operation.method for operation in OPERATIONS if operation.path == path}
    url = path.replace("{id}", str(uuid.uuid4()))
    for method in METHODS:
        if method not in offered:
            has_error_envelope([api.call(method, url, json={} if method in {"POST", "PUT", "PATCH"} else None)])
    has_error_envelope([probe.send("PUT", url, json={})])


@requirement("ENV-02")
@each_with_body
def test_bodies_that_are_no_json_object_are_refused_in_the_envelope(
    operation: Operation, malformed_body_answers_of: AnswersOf
) -> None:
    none = {content: kind for kind, content in {**malformed_input.UNPARSABLE, **malformed_input.NOT_OBJECTS}.items()}
    for exchange in malformed_body_answers_of(operation):
        if exchange.body in none and not 400 <= (exchange.status or 0) < 500:
            kind = none[exchange.body]
            raise Mismatch(f"a 4xx for a body that is no JSON object ({kind})", exchange.summary, exchange)
        has_error_envelope([exchange])


@requirement("ENV-02")
@each_with_body
def test_empty_bodies_and_wrong_content_types_fail_in_the_envelope(
    operation: Operation, calls: Calls, api: Api
) -> None:
    call = calls.to(operation)
    has_error_envelope([api.call(operation.method, call.path)])
    empty = api.call(operation.method, call.path, headers={"Content-Type": "application/json"})
    if operation.method == "POST":
        expect.that(400 <= (empty.status or 0) < 500, "a 4xx for an empty body", empty.summary, empty)
    has_error_envelope([empty])
    for kind in malformed_input.CONTENT_TYPES:
        has_error_envelope([api.call(operation.method, call.path, json=call.json, headers={"Content-Type": kind})])
