"""ENV-08: what a server in front of the application answers by itself: oversized requests, odd methods and paths.

Whether such a request is refused, and with which status, is the deployment's choice; that a refusal has the envelope is not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import NoAnswerError, NoVerdict
from conformance.wacrm.checks.operations import OPERATIONS, each_with_body
from conformance.wacrm.expectations import envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.valid_requests import Calls

KIB, MIB = 2**10, 2**20
BODIES = {"1 MiB": MIB + 64 * KIB, "10 MiB": 10 * MIB + 64 * KIB}
URLS = {"8 KiB": 9 * KIB, "32 KiB": 33 * KIB}
HEADERS = {"16 KiB": 17 * KIB, "32 KiB": 33 * KIB}
METHODS = ("TRACE", "PROPFIND", "PURGE", "LINK", "QUERY")
PATHS = (
    "/contacts/%00",
    "/contacts/%2e%2e/%2e%2e/etc/passwd",
    "/contacts/%zz",
    "/%2f%2fcontacts",
    "/contacts;a=b",
    "/contacts/%ff",
)
READS = [operation for operation in OPERATIONS if operation.method == "GET" and not operation.takes_id]


def keeps_the_envelope(ask: Callable[[], Exchange], api: Api, what: str) -> None:
    """A refusal has the error envelope as JSON. Without any answer there is no verdict: the connection may have been cut
    while the request was still being written.
    """
    try:
        exchange = ask()
    except NoAnswerError as error:
        api.get("/me")
        raise NoVerdict(f"{what} gets no answer: {error.exchange.trouble}") from None
    if (exchange.status or 0) >= 400:
        envelope.error_code(exchange)
        media = exchange.answer_headers.get("content-type", "").partition(";")[0].strip().lower()
        expect.equal(media, "application/json", "the content type of the refusal", exchange)


@requirement("ENV-08")
@each_with_body
@pytest.mark.parametrize("size", BODIES)
def test_large_bodies_are_refused_in_the_envelope(operation: Operation, size: str, calls: Calls, api: Api) -> None:
    """A body that is valid, with a member that nobody knows: what is accepted leaves nothing long behind."""
    call = calls.to_nothing(operation)
    content = json.dumps({**call.json, "note": "x" * BODIES[size]}).encode()
    keeps_the_envelope(lambda: api.call(operation.method, call.path, content=content), api, f"a body above {size}")


@requirement("ENV-08")
@pytest.mark.parametrize("operation", READS, ids=[operation.id for operation in READS])
@pytest.mark.parametrize("size", URLS)
def test_long_urls_are_refused_in_the_envelope(operation: Operation, size: str, api: Api) -> None:
    query = {"search": "x" * URLS[size]}
    keeps_the_envelope(lambda: api.get(operation.path, **query), api, f"a URL above {size}")


@requirement("ENV-08")
@pytest.mark.parametrize("operation", READS, ids=[operation.id for operation in READS])
@pytest.mark.parametrize("size", HEADERS)
def test_big_headers_are_refused_in_the_envelope(operation: Operation, size: str, api: Api) -> None:
    """In parts, since a server may limit the single header as well."""
    headers = {f"X-Harness-{n}": "x" * 4096 for n in range(HEADERS[size] // 4096 + 1)}
    keeps_the_envelope(lambda: api.call("GET", operation.path, headers=headers), api, f"headers above {size}")


@requirement("ENV-08")
@pytest.mark.parametrize("method", METHODS)
def test_odd_methods_are_refused_in_the_envelope(method: str, api: Api) -> None:
    for path in ("/contacts", "/me"):
        keeps_the_envelope(lambda path=path: api.call(method, path), api, f"{method} {path}")  # type: ignore[misc]


@requirement("ENV-08")
@pytest.mark.parametrize("path", PATHS)
def test_odd_paths_are_refused_in_the_envelope(path: str, api: Api) -> None:
    keeps_the_envelope(lambda: api.call("GET", path), api, f"GET {path}")
