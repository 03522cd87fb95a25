"""ENV-04: no input makes the API answer an undocumented 5xx."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import GREETING
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import malformed_input
from conformance.wacrm.steps.answers import survived, to_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.answers import Answers
    from conformance.wacrm.steps.valid_requests import Calls

OPERATIONS = OPENAPI.operations
WITH_BODY = [operation for operation in OPERATIONS if operation.has_body]
WITH_ID = [operation for operation in OPERATIONS if operation.takes_id]
SENDS = ("sendMessage", "createBroadcast")
DOCUMENTED = {(502, "meta_error"), (500, "template_malformed")}
AT_ONCE = 4
"""Requests under way: the check is many requests, and a deployment that is far away should not make it long."""
FILTERS = {"/contacts": ("search", "tag"), "/conversations": ("status", "contact_id")}
LISTS = ("/contacts", "/conversations", "/conversations/{id}/messages", "/webhooks")
each_with_body = pytest.mark.parametrize("operation", WITH_BODY, ids=[operation.id for operation in WITH_BODY])


@requirement("ENV-04")
@each_with_body
def test_no_value_of_a_member_breaks_the_api(operation: Operation, calls: Calls, api: Api) -> None:
    path = calls.to(operation).path
    contents = [
        malformed_input.placed(body, pointer, token)
        for body, places in bodies(operation, calls)
        for pointer in places
        for token in malformed_input.TOKENS.values()
    ]
    in_time(operation, [partial(survived, api, operation.method, path, content=c) for c in contents])


def bodies(operation: Operation, calls: Calls) -> Iterator[tuple[Any, list[malformed_input.Pointer]]]:
    """Full bodies, with the places in each that no earlier one has."""
    seen: set[malformed_input.Pointer] = set()
    for body in _full(operation, calls):
        places = [pointer for pointer in malformed_input.pointers(body) if pointer not in seen]
        seen.update(places)
        yield body, places


def _full(operation: Operation, calls: Calls) -> Iterator[Any]:
    body = calls.to_nothing(operation).json
    match operation.id:
        case "sendMessage":
            to = body["to"]
            yield {**body, "type": "text", "name": "x"}
            yield {**body, "reply_to_message_id": "0b6f4d6e-52a1-4b07-9d0a-3d1d2f9b8a01"}
            yield {"to": to, "type": "document", "media_url": "https://media.wacrm.invalid/x", "filename": "x.pdf"}
            template = {"name": GREETING, "language": "en_US", "params": ["x", "1"]}
            yield {"to": to, "type": "template", "template": template}
            parts = {"header": {"image": {"link": "https://media.wacrm.invalid/x"}}, "body": ["x"], "buttons": ["x"]}
            yield {"to": to, "type": "template", "template": {**template, "params": parts}}
        case "createBroadcast":
            recipients = [{**body["recipients"][0], "params": ["x"]}]
            yield {**body, "template_language": "en_US", "recipients": recipients}
        case "createContact":
            yield {**body, "email": "x@wacrm.invalid", "company": "x", "tags": ["x"]}
        case _:
            yield body


@requirement("ENV-04")
@each_with_body
def test_no_body_breaks_the_api(operation: Operation, calls: Calls, answers: Answers) -> None:
    for exchange in answers.once(f"bodies for {operation.id}", lambda: to_bodies(operation, calls)):
        no_undocumented_5xx(exchange, operation)


@requirement("ENV-04")
@each_with_body
def test_no_content_type_breaks_the_api(operation: Operation, calls: Calls, api: Api) -> None:
    call = calls.to(operation)
    for kind in malformed_input.CONTENT_TYPES:
        asked = survived(api, operation.method, call.path, json=call.json, headers={"Content-Type": kind})
        no_undocumented_5xx(asked, operation)


@requirement("ENV-04")
@pytest.mark.parametrize("path", LISTS)
def test_no_query_breaks_a_list(path: str, calls: Calls, api: Api) -> None:
    operation = next(operation for operation in OPERATIONS if operation.method == "GET" and operation.path == path)
    url = calls.to(operation).path
    queries = [query.format(name) for name in FILTERS.get(path, ()) for query in malformed_input.QUERIES.values()]
    queries += [
        malformed_input.QUERIES[kind].format(name) for name in ("limit", "cursor") for kind in malformed_input.OF_PAGING
    ]
    queries += ["&".join(f"x{i}={i}" for i in range(300)), "&&==&", "limit=1&limit=x&cursor=&cursor=x"]
    in_time(operation, [partial(survived, api, "GET", f"{url}?{q}") for q in queries])


@requirement("ENV-04")
@pytest.mark.parametrize("operation", WITH_ID, ids=[operation.id for operation in WITH_ID])
def test_no_id_breaks_the_api(operation: Operation, calls: Calls, api: Api) -> None:
    body = calls.to_nothing(operation).json
    urls = [operation.url(malformed_input.escaped(id_)) for id_ in malformed_input.HOSTILE_IDS]
    in_time(operation, [partial(survived, api, operation.method, u, json=body) for u in urls])


@requirement("ENV-04")
@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
def test_nothing_that_is_not_asked_for_breaks_the_api(operation: Operation, calls: Calls, api: Api) -> None:
    """Queries on operations that have none, bodies on those that take none, headers that mean nothing here."""
    call = calls.to_nothing(operation)
    odd = {
        "Accept": "text/html;q=x",
        "Accept-Language": "*;q=9,,",
        "Range": "bytes=9-1",
        "If-None-Match": '"',
        "Cookie": "=;;=",
    }
    asked: list[Callable[[], Exchange]] = [
        lambda: survived(api, operation.method, f"{call.path}?a=%00&b[]=1&id=x", json=call.json),
        lambda: survived(api, operation.method, call.path, json=call.json, headers=odd),
    ]
    if not operation.has_body and operation.method == "DELETE":
        asked += [partial(survived, api, "DELETE", call.path, content=c) for c in malformed_input.UNPARSABLE.values()]
    in_time(operation, asked)


def in_time(operation: Operation, asked: list[Callable[[], Exchange]]) -> None:
    """Ask all, a few at a time, and judge the answers in order."""
    with ThreadPoolExecutor(AT_ONCE) as executor:
        for exchange in executor.map(lambda ask: ask(), asked):
            no_undocumented_5xx(exchange, operation)


def no_undocumented_5xx(exchange: Exchange, operation: Operation) -> None:
    if exchange.status is None or exchange.status < 500:
        return
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    code = inner.get("code") if isinstance(inner, dict) else None
    if operation.id not in SENDS or (exchange.status, code) not in DOCUMENTED:
        raise Mismatch("no undocumented 5xx, whatever the input", exchange.summary, exchange)
