"""ENV: one envelope for what fails, codes that agree with the status, messages that give nothing away (ENV-02, -03, -06)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.verdicts import Mismatch
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope, leaks, malformed_input
from conformance.wacrm.steps.answers import Answers, refusals, send_refusals, to_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.target.target import Target
    from conformance.wacrm.steps.valid_requests import Calls

    RoleKeys = Callable[..., Api]

OPERATIONS = OPENAPI.operations
WITH_BODY = [operation for operation in OPERATIONS if operation.has_body]
PATHS = list(dict.fromkeys(operation.path for operation in OPERATIONS))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SENDS = ("sendMessage", "createBroadcast")
OF_BROWSERS = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
each_with_body = pytest.mark.parametrize("operation", WITH_BODY, ids=[operation.id for operation in WITH_BODY])

TABLE = {
    400: {"bad_request"}, 401: {"unauthorized"}, 403: {"forbidden"}, 404: {"not_found"}, 429: {"rate_limited"}, 500: {"internal"},
}  # fmt: skip
OF_SENDS = {400: {"whatsapp_not_configured"}, 500: {"template_malformed"}, 502: {"meta_error"}}
UNTABLED = (405, 406, 411, 413, 414, 415, 417, 431)
"""Statuses of HTTP itself, which a deployment may give before its API has seen the request."""


# -- the envelope -------------------------------------------------------------------------------------------------------


@requirement("ENV-02")
@each_operation
def test_every_refusal_has_the_envelope(
    operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe, answers: Answers
) -> None:
    enveloped(answers.once(f"refusals of {operation.id}", lambda: refusals(operation, calls, role_keys, probe)))


@requirement("ENV-02")
@pytest.mark.usefixtures("sends")
def test_failed_sends_have_the_envelope(calls: Calls, answers: Answers) -> None:
    enveloped(answers.once("failed sends", lambda: send_refusals(calls)))


def enveloped(exchanges: Iterable[Exchange]) -> None:
    for exchange in exchanges:
        if (exchange.status or 0) >= 400:
            envelope.error_code(exchange)


@requirement("ENV-02")
@pytest.mark.parametrize("method", METHODS[:-1])
def test_unknown_paths_are_refused_in_the_envelope(method: str, calls: Calls, probe: Probe) -> None:
    api, id_ = calls.account.api, uuid.uuid4()
    word = calls.account.word()
    for path in (
        f"/{word}", f"/{word}/{id_}", f"/{word}/a/b/c/d", f"/contacts{word}", f"/contacts/{id_}/{word}", f"/me/{word}",
        f"/messages/{id_}/{word}", f"/conversations/{id_}/messages/{id_}/{word}", f"/broadcasts/{id_}/{word}",
        f"/webhooks/{id_}/{word}", f"/{word}.json", f"/{'x' * 1500}", f"/{word}%20%C3%A9", f"/{word}/%5B%5D",
    ):  # fmt: skip
        body: dict[str, str] | None = None if method in {"GET", "DELETE"} else {}
        asked = [api.call(method, path, json=body)]
        asked += [probe.send(method, path, json=body)] if path.startswith(f"/{word}") else []
        for exchange in asked:
            if not 400 <= (exchange.status or 0) < 500:
                raise Mismatch("a 4xx for a path that no API has", exchange.summary, exchange)
            envelope.error_code(exchange)


@requirement("ENV-02")
def test_paths_next_to_real_ones_fail_in_the_envelope(calls: Calls, probe: Probe) -> None:
    """A deployment may have them, or redirect them; what fails there has the envelope all the same."""
    api, id_ = calls.account.api, uuid.uuid4()
    for path in (
        "", "/", "/contacts/", "/me/", "/contact", "/CONTACTS", "/v1/contacts", "/tags", "/templates", "/broadcasts", "/messages",
        f"/messages/{id_}", f"/contacts/{id_}/", f"/contacts/{id_}/messages", f"/conversations/{id_}/messages/{id_}",
        f"/conversations/{id_}/messages/", f"/broadcasts/{id_}/recipients", f"/webhooks/{id_}/secret", "/.env", "/contacts//",
    ):  # fmt: skip
        enveloped((api.get(path), probe.send("GET", path)))


@requirement("ENV-02")
def test_who_prefers_html_gets_the_envelope(calls: Calls, probe: Probe) -> None:
    """As browsers do: for a body that is refused, an id and a path of nothing, and without a key."""
    api, headers = calls.account.api, {"Accept": OF_BROWSERS}
    asked = [
        api.call("POST", "/contacts", json={}, headers=headers),
        api.call("POST", "/contacts", content=b"{", headers=headers),
        api.call("GET", f"/contacts/{uuid.uuid4()}", headers=headers),
        api.call("GET", f"/{calls.account.word()}", headers=headers),
        probe.send("GET", "/contacts", headers=headers),
    ]
    enveloped(asked)
    expect.precondition(any((exchange.status or 0) >= 400 for exchange in asked), "nothing was refused")


@requirement("ENV-02")
@pytest.mark.parametrize("path", PATHS)
def test_wrong_methods_fail_in_the_envelope(path: str, api: Api, probe: Probe) -> None:
    """405 or 404, or an operation that the deployment has besides the documented ones; what fails has the envelope."""
    offered = {operation.method for operation in OPERATIONS if operation.path == path}
    url = path.replace("{id}", str(uuid.uuid4()))
    for method in METHODS:
        if method not in offered:
            enveloped([api.call(method, url, json={} if method in {"POST", "PUT", "PATCH"} else None)])
    enveloped([probe.send("PUT", url, json={})])


@requirement("ENV-02")
@each_with_body
def test_bodies_that_are_no_json_object_are_refused_in_the_envelope(
    operation: Operation, calls: Calls, answers: Answers
) -> None:
    none = {content: kind for kind, content in {**malformed_input.UNPARSABLE, **malformed_input.NOT_OBJECTS}.items()}
    for exchange in answers.once(f"bodies for {operation.id}", lambda: to_bodies(operation, calls)):
        if exchange.body in none and not 400 <= (exchange.status or 0) < 500:
            kind = none[exchange.body]
            raise Mismatch(f"a 4xx for a body that is no JSON object ({kind})", exchange.summary, exchange)
        enveloped([exchange])


@requirement("ENV-02")
@each_with_body
def test_empty_bodies_and_wrong_content_types_fail_in_the_envelope(
    operation: Operation, calls: Calls, api: Api
) -> None:
    call = calls.to(operation)
    enveloped([api.call(operation.method, call.path)])
    empty = api.call(operation.method, call.path, headers={"Content-Type": "application/json"})
    if operation.method == "POST":
        expect.that(400 <= (empty.status or 0) < 500, "a 4xx for an empty body", empty.summary, empty)
    enveloped([empty])
    for kind in malformed_input.CONTENT_TYPES:
        enveloped([api.call(operation.method, call.path, json=call.json, headers={"Content-Type": kind})])


# -- status and code ----------------------------------------------------------------------------------------------------


@requirement("ENV-03")
@each_operation
def test_status_and_code_agree(
    operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe, answers: Answers
) -> None:
    for exchange in answers.once(f"refusals of {operation.id}", lambda: refusals(operation, calls, role_keys, probe)):
        agree(exchange, operation)


@requirement("ENV-03")
@pytest.mark.usefixtures("sends")
def test_status_and_code_of_failed_sends_agree(calls: Calls, answers: Answers) -> None:
    for exchange in answers.once("failed sends", lambda: send_refusals(calls)):
        agree(exchange, OPENAPI.operation("createBroadcast" if "/broadcasts" in exchange.url else "sendMessage"))


@requirement("ENV-03")
@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.takes_id], ids=lambda operation: operation.id)
def test_an_unknown_id_is_404_not_found(operation: Operation, calls: Calls, api: Api) -> None:
    envelope.error(calls.to_nothing(operation).through(api), (404, "not_found"))


@requirement("ENV-03")
def test_status_and_code_of_unknown_paths_agree(calls: Calls, api: Api) -> None:
    for method in METHODS[:-1]:
        for path in (f"/{calls.account.word()}", f"/contacts/{uuid.uuid4()}/{calls.account.word()}"):
            agree(api.call(method, path, json={} if method not in {"GET", "DELETE"} else None), None)


def agree(exchange: Exchange, operation: Operation | None) -> None:
    """The table's code for the status. What is no error, or has no envelope, is another clause's."""
    status, body = exchange.status or 0, exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    if status < 400 or status in UNTABLED or not isinstance(inner, dict):
        return
    further = OF_SENDS if operation is not None and operation.id in SENDS else {}
    allowed = TABLE.get(status, set()) | further.get(status, set())
    if not allowed:
        raise Mismatch("a status of the table", f"HTTP {status} with error.code {inner.get('code')!r}", exchange)
    wanted = " or ".join(sorted(allowed))
    expect.that(inner.get("code") in allowed, f"error.code {wanted} with {status}", repr(inner.get("code")), exchange)


# -- messages -----------------------------------------------------------------------------------------------------------


@requirement("ENV-06")
@each_operation
def test_no_refusal_gives_anything_away(
    operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe, answers: Answers, target: Target
) -> None:
    for exchange in answers.once(f"refusals of {operation.id}", lambda: refusals(operation, calls, role_keys, probe)):
        discreet(exchange, target)


@requirement("ENV-06")
@pytest.mark.usefixtures("sends")
def test_no_failed_send_gives_anything_away(calls: Calls, answers: Answers, target: Target) -> None:
    for exchange in answers.once("failed sends", lambda: send_refusals(calls)):
        discreet(exchange, target)


@requirement("ENV-06")
@each_with_body
def test_no_bad_body_makes_the_api_give_anything_away(
    operation: Operation, calls: Calls, answers: Answers, target: Target
) -> None:
    for exchange in answers.once(f"bodies for {operation.id}", lambda: to_bodies(operation, calls)):
        discreet(exchange, target)


@requirement("ENV-06")
@pytest.mark.parametrize("path", PATHS)
def test_no_wrong_path_or_method_makes_the_api_give_anything_away(path: str, api: Api, target: Target) -> None:
    for id_ in ("no-id", malformed_input.escaped("' OR '1'='1"), str(uuid.uuid4())):
        url = path.replace("{id}", id_)
        for method, wrong in (("PUT", url), ("GET", f"{url}/nothing"), ("DELETE", f"{url}/nothing")):
            discreet(api.call(method, wrong, json={} if method == "PUT" else None), target)


@requirement("ENV-06")
def test_no_odd_query_makes_the_api_give_anything_away(api: Api, target: Target) -> None:
    for path, names in (
        ("/contacts", ("search", "tag", "cursor")),
        ("/conversations", ("status", "contact_id", "limit")),
    ):
        for query in malformed_input.QUERIES.values():
            discreet(api.call("GET", f"{path}?{'&'.join(query.format(name) for name in names)}"), target)


@requirement("ENV-06")
def test_no_refused_key_is_repeated(role_keys: RoleKeys, probe: Probe, target: Target) -> None:
    for role in (Role.REVOKED, Role.EXPIRED, Role.NONE):
        discreet(role_keys(role).get("/contacts"), target)
    discreet(probe.send("GET", "/contacts"), target)


def discreet(exchange: Exchange, target: Target) -> None:
    """Nothing in an error that must not be there; what the request held may come back, except keys."""
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
        raise Mismatch("an error that gives nothing away", f"it carries {leak}", exchange)
