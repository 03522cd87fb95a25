"""ENV-04: no input makes the API answer an undocumented 5xx."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import GREETING
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.checks.operations import OPERATIONS, SENDS, each_operation, each_with_body, each_with_id
from conformance.wacrm.expectations.answers import answered
from conformance.wacrm.steps import malformed_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.operation_answers import AnswersOf
    from conformance.wacrm.steps.valid_requests import Calls

DOCUMENTED = {(502, "meta_error"), (500, "template_malformed")}
AT_ONCE = 4
"""Concurrent requests, so that the check does not take long against a distant deployment."""
FILTERS = {"/contacts": ("search", "tag"), "/conversations": ("status", "contact_id")}
LISTS = ("/contacts", "/conversations", "/conversations/{id}/messages", "/webhooks")


@requirement("ENV-04")
@each_with_body
def test_no_member_value_gives_a_5xx(operation: Operation, calls: Calls, api: Api) -> None:
    path = calls.to(operation).path
    contents = [
        malformed_input.with_value_at(body, pointer, token)
        for body, places in bodies_with_pointers(operation, calls)
        for pointer in places
        for token in malformed_input.JSON_VALUES.values()
    ]
    all_without_undocumented_5xx(
        operation, [partial(answered, api, operation.method, path, content=c) for c in contents]
    )


def bodies_with_pointers(operation: Operation, calls: Calls) -> Iterator[tuple[Any, list[malformed_input.Pointer]]]:
    """Valid bodies, each with the places that no earlier body has."""
    seen: set[malformed_input.Pointer] = set()
    for body in _valid_bodies(operation, calls):
        places = [pointer for pointer in malformed_input.pointers(body) if pointer not in seen]
        seen.update(places)
        yield body, places


def _valid_bodies(operation: Operation, calls: Calls) -> Iterator[Any]:
    body = calls.to_nothing(operation).json
    match operation.id:
        case "sendMessage":
            to = body["to"]
            yield {**body, "type": "text", "name": "x"}
            yield {**body, "reply_to_message_id": "0b6f4d6e-52a1-4b07-9d0a-3d1d2f9b8a01"}
            yield {"to": to, "type": "document", "media_url": "https://media.wacrm.invalid/x", "filename": "x.pdf"}
            template = {"name": GREETING, "language": "en_US", "params": ["x", "1"]}
            yield {"to": to, "type": "template", "template": template}
            parts = {"body": ["x"], "buttonParams": {"0": "x"}}
            for header in (
                {"headerText": "x"},
                {"headerMediaUrl": "https://media.wacrm.invalid/x"},
                {"headerMediaId": "1"},
            ):
                yield {"to": to, "type": "template", "template": {**template, "params": {**header, **parts}}}
        case "createBroadcast":
            recipients = [{**body["recipients"][0], "params": ["x"]}]
            yield {**body, "template_language": "en_US", "recipients": recipients}
        case "createContact":
            yield {**body, "email": "x@wacrm.invalid", "company": "x", "tags": ["x"]}
        case _:
            yield body


@requirement("ENV-04")
@each_with_body
def test_no_malformed_body_gives_a_5xx(operation: Operation, malformed_body_answers_of: AnswersOf) -> None:
    for exchange in malformed_body_answers_of(operation):
        no_undocumented_5xx(exchange, operation)


@requirement("ENV-04")
@each_with_body
def test_no_content_type_gives_a_5xx(operation: Operation, calls: Calls, api: Api) -> None:
    call = calls.to(operation)
    for kind in malformed_input.CONTENT_TYPES:
        exchanges = answered(api, operation.method, call.path, json=call.json, headers={"Content-Type": kind})
        no_undocumented_5xx(exchanges, operation)


@requirement("ENV-04")
@pytest.mark.parametrize("path", LISTS)
def test_no_query_gives_a_5xx(path: str, calls: Calls, api: Api) -> None:
    operation = next(operation for operation in OPERATIONS if operation.method == "GET" and operation.path == path)
    url = calls.to(operation).path
    queries = [query.format(name) for name in FILTERS.get(path, ()) for query in malformed_input.QUERIES.values()]
    queries += [
        malformed_input.QUERIES[kind].format(name)
        for name in ("limit", "cursor")
        for kind in malformed_input.PAGING_QUERIES
    ]
    queries += ["&".join(f"x{i}={i}" for i in range(300)), "&&==&", "limit=1&limit=x&cursor=&cursor=x"]
    all_without_undocumented_5xx(operation, [partial(answered, api, "GET", f"{url}?{q}") for q in queries])


@requirement("ENV-04")
@each_with_id
def test_no_malformed_id_gives_a_5xx(operation: Operation, calls: Calls, api: Api) -> None:
    body = calls.to_nothing(operation).json
    urls = [operation.url(malformed_input.escaped(id_)) for id_ in malformed_input.MALFORMED_IDS]
    all_without_undocumented_5xx(operation, [partial(answered, api, operation.method, u, json=body) for u in urls])


@requirement("ENV-04")
@each_operation
def test_no_unexpected_query_body_or_header_gives_a_5xx(operation: Operation, calls: Calls, api: Api) -> None:
    """Queries for operations without any, bodies for those that take none, meaningless headers."""
    call = calls.to_nothing(operation)
    odd = {
        "Accept": "text/html;q=x",
        "Accept-Language": "*;q=9,,",
        "Range": "bytes=9-1",
        "If-None-Match": '"',
        "Cookie": "=;;=",
    }
    exchanges: list[Callable[[], Exchange]] = [
        lambda: answered(api, operation.method, f"{call.path}?a=%00&b[]=1&id=x", json=call.json),
        lambda: answered(api, operation.method, call.path, json=call.json, headers=odd),
    ]
    if not operation.has_body and operation.method == "DELETE":
        exchanges += [
            partial(answered, api, "DELETE", call.path, content=c) for c in malformed_input.UNPARSABLE.values()
        ]
    all_without_undocumented_5xx(operation, exchanges)


def all_without_undocumented_5xx(operation: Operation, exchanges: list[Callable[[], Exchange]]) -> None:
    """Send all requests, a few at a time, and check the answers in order."""
    with ThreadPoolExecutor(AT_ONCE) as executor:
        for exchange in executor.map(lambda ask: ask(), exchanges):
            no_undocumented_5xx(exchange, operation)


def no_undocumented_5xx(exchange: Exchange, operation: Operation) -> None:
    if exchange.status is None or exchange.status < 500:
        return
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    code = inner.get("code") if isinstance(inner, dict) else None
    if operation.id not in SENDS or (exchange.status, code) not in DOCUMENTED:
        raise Mismatch("no undocumented 5xx, whatever the input", exchange.summary, exchange)
