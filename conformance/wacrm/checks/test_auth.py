"""AUTH: who is calling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.target import SCOPES
from conformance.target.verdicts import Mismatch
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import envelope, invalid_credentials
from conformance.wacrm.steps.refused_writes import WRITING, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract.openapi import Operation
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.probe import Probe
    from conformance.wacrm.steps.invalid_credentials import Credential
    from conformance.wacrm.steps.valid_requests import Call, Calls

    RoleKeys = Callable[..., Api]

UNAUTHORIZED = (401, "unauthorized")
OPERATIONS = OPENAPI.operations
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
each_write = pytest.mark.parametrize("operation_id", WRITING)

BROKEN_BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b"{}",
    b'{"phone": 5, "to": 5, "url": 5, "name": [], "tags": 1}',
)


def refused(exchange: Exchange) -> None:
    """401 `unauthorized`. A deployment that has had enough of callers without a key may say so: then nothing is known."""
    expect.precondition(exchange.status != 429, "callers without a key are rate limited here, before they are told 401")
    envelope.error(exchange, UNAUTHORIZED)


@requirement("AUTH-01")
@each_operation
def test_no_header_is_401(operation: Operation, calls: Calls, probe: Probe) -> None:
    refused(calls.to_nothing(operation).bare(probe))


@requirement("AUTH-01")
@pytest.mark.parametrize("kind", ["contacts", "conversations", "broadcasts", "webhooks"])
def test_no_header_is_401_for_rows_that_exist(kind: str, calls: Calls, probe: Probe) -> None:
    id_ = calls.row(f"/{kind}")
    for operation in OPERATIONS:
        if operation.path.startswith(f"/{kind}/"):
            refused(probe.send(operation.method, operation.url(id_), json=calls.to_nothing(operation).json))


@requirement("AUTH-02")
@each_operation
def test_unknown_and_malformed_keys_are_401(operation: Operation, calls: Calls, api: Api, probe: Probe) -> None:
    key = api.pool.keys(Role.FULL)[0]
    call = calls.to_nothing(operation)
    few = [invalid_credentials.unknown(), invalid_credentials.malformed()[1], *invalid_credentials.distorted(key)[:2]]
    for credential in few:
        refused(call.bare(probe, credential))


@requirement("AUTH-02")
def test_no_malformed_header_is_taken_for_a_key(probe: Probe) -> None:
    for credential in invalid_credentials.malformed():
        refused(probe.send("GET", "/me", key=credential))


@requirement("AUTH-02")
@pytest.mark.parametrize("role", [Role.FULL, Role.NONE, Role.OTHER])
def test_nothing_made_of_a_valid_key_is_taken_for_it(role: str, api: Api, probe: Probe) -> None:
    key = api.as_role(role).pool.keys(role)[0]
    for credential in invalid_credentials.distorted(key):
        refused(probe.send("GET", "/me", key=credential))
        refused(probe.send("GET", "/contacts", key=credential, params={"limit": 1}))


@requirement("AUTH-03")
@each_operation
def test_a_revoked_key_is_401(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    refused(calls.to_nothing(operation).through(role_keys(Role.REVOKED)))


@requirement("AUTH-03")
def test_a_revoked_key_stays_revoked(calls: Calls, role_keys: RoleKeys) -> None:
    stays_out(calls, role_keys(Role.REVOKED))


@requirement("AUTH-04")
@each_operation
def test_an_expired_key_is_401(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    refused(calls.to_nothing(operation).through(role_keys(Role.EXPIRED)))


@requirement("AUTH-04")
def test_an_expired_key_stays_expired(calls: Calls, role_keys: RoleKeys) -> None:
    stays_out(calls, role_keys(Role.EXPIRED))


def stays_out(calls: Calls, ended: Api) -> None:
    """Also between the requests of a key of the same account that is valid, and on rows that exist."""
    contact = calls.account.contact()
    for _ in range(2):
        for path in ("/me", f"/contacts/{contact['id']}"):
            calls.account.api.get(path)
            refused(ended.get(path))


@requirement("AUTH-05")
@each_operation
def test_every_refusal_is_the_same(operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe) -> None:
    call = calls.to_nothing(operation)
    answers = dict(refusals(call, role_keys, probe))
    same(answers, said)
    del answers[
        "missing"
    ]  # RFC 6750 tells a missing key from a wrong one in WWW-Authenticate, which gives nothing away
    answers.pop("malformed")
    same(answers, lambda exchange: exchange.answer_headers.get("www-authenticate"))


@requirement("AUTH-05")
def test_no_refusal_shows_a_budget(calls: Calls, role_keys: RoleKeys, probe: Probe) -> None:
    answers = dict(refusals(calls.to_nothing(OPENAPI.operation("getMe")), role_keys, probe))
    same(answers, lambda exchange: sorted(name for name in exchange.answer_headers if name.startswith("x-ratelimit")))


def refusals(call: Call, role_keys: RoleKeys, probe: Probe) -> Iterator[tuple[str, Exchange]]:
    """An answer for each reason to refuse that the target file has a key for."""
    yield "missing", call.bare(probe)
    yield "malformed", call.bare(probe, invalid_credentials.malformed()[4])
    yield "unknown", call.bare(probe, invalid_credentials.unknown())
    yield "revoked", call.through(role_keys(Role.REVOKED))
    yield "expired", call.through(role_keys(Role.EXPIRED))


def said(exchange: Exchange) -> Any:  # noqa: ANN401 - JSON
    """What an answer tells: status, code, message. A number of the request beside them tells nothing."""
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        return exchange.status, exchange.text
    return exchange.status, inner.get("code"), inner.get("message"), sorted(inner), sorted(body)


def same(answers: dict[str, Exchange], told: Callable[[Exchange], Any]) -> None:
    """All 401s tell the same. A caller who is let in, or gets another status, is the matter of AUTH-01 to AUTH-04."""
    refused_ones = {kind: exchange for kind, exchange in answers.items() if exchange.status == 401}
    expect.precondition(refused_ones, "no caller without a valid key was answered with 401")
    first = next(iter(refused_ones.values()))
    for kind, exchange in refused_ones.items():
        if told(exchange) != told(first):
            raise Mismatch(
                f"{told(first)}, as for another invalid key, for a {kind} one", f"{told(exchange)}", first, exchange
            )


@requirement("AUTH-06")
def test_me_needs_no_scope(role_keys: RoleKeys) -> None:
    envelope.record(role_keys(Role.NONE).get("/me"), 200)


@requirement("AUTH-07")
@pytest.mark.parametrize("kind", ["only", "all_but"])
def test_me_names_exactly_the_scopes(kind: str, role_keys: RoleKeys) -> None:
    for scope in SCOPES:
        given = [scope] if kind == "only" else [other for other in SCOPES if other != scope]
        exchange = role_keys(kind, scope).get("/me")
        expect.same_members(scopes(exchange), given, "the scopes", exchange)


@requirement("AUTH-07")
def test_me_names_no_scope_of_a_key_without_any(role_keys: RoleKeys) -> None:
    exchange = role_keys(Role.NONE).get("/me")
    if exchange.status == 200:  # anything else is the matter of AUTH-06
        expect.equal(scopes(exchange), [], "the scopes", exchange)


@requirement("AUTH-07")
@pytest.mark.parametrize("role", [Role.FULL, Role.OTHER, Role.UNCONFIGURED])
def test_me_names_every_scope_of_a_full_key(role: str, role_keys: RoleKeys) -> None:
    exchange = role_keys(role).get("/me")
    expect.same_members(scopes(exchange), SCOPES, "the scopes", exchange)


@requirement("AUTH-07")
def test_keys_of_an_account_name_the_same_one(api: Api, role_keys: RoleKeys) -> None:
    mine = account_of(api.get("/me"))
    for scope in SCOPES:
        for kind in ("only", "all_but"):
            exchange = role_keys(kind, scope).get("/me")
            expect.equal(account_of(exchange), mine, "the account of another key of it", exchange)


@requirement("AUTH-07")
@pytest.mark.parametrize("role", [Role.OTHER, Role.UNCONFIGURED])
def test_keys_of_two_accounts_name_two(role: str, api: Api, role_keys: RoleKeys) -> None:
    mine, theirs = api.get("/me"), role_keys(role).get("/me")
    expect.that(
        account_of(mine)[0] != account_of(theirs)[0], "two account ids", f"{account_of(mine)[0]} twice", mine, theirs
    )


def scopes(exchange: Exchange) -> list[Any]:
    found = expect.member(envelope.record(exchange, 200), "scopes", exchange)
    expect.that(isinstance(found, list), "a list of scopes", repr(found), exchange)
    return list(found)


def account_of(exchange: Exchange) -> tuple[Any, Any]:
    """Id and name of the account, which is an object or given by its id alone."""
    record = envelope.record(exchange, 200)
    account = record.get("account")
    id_, name = (
        (account.get("id"), account.get("name")) if isinstance(account, dict) else (record.get("account_id"), None)
    )
    expect.that(isinstance(id_, str) and id_, "the account's id", repr(record), exchange)
    return id_, name


@requirement("AUTH-08")
@each_operation
def test_bad_input_without_a_key_is_401(operation: Operation, probe: Probe, calls: Calls) -> None:
    for key in (None, invalid_credentials.unknown()):
        judged_before_input(operation, lambda key=key, **request: probe.send(key=key, **request), calls)


@requirement("AUTH-08")
@each_operation
def test_bad_input_with_an_ended_key_is_401(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    for role in (Role.REVOKED, Role.EXPIRED):
        judged_before_input(operation, role_keys(role).call, calls, BROKEN_BODIES[1:2])


def judged_before_input(
    operation: Operation, ask: Callable[..., Exchange], calls: Calls, contents: tuple[bytes, ...] = BROKEN_BODIES
) -> None:
    """Whatever is wrong with the request, it is 401, if it is with nothing wrong: that is the matter of AUTH-01 to -04."""
    call = calls.to_nothing(operation)
    if ask(method=operation.method, path=call.path, json=call.json).status != 401:
        return
    for content in contents if operation.has_body else ():
        refused(ask(method=operation.method, path=call.path, content=content))
    if operation.has_body:
        refused(ask(method=operation.method, path=call.path, content=b"a=b", headers={"Content-Type": "text/plain"}))
    elif not operation.takes_id:
        wrong = {"limit": "x", "cursor": "x", "tag": "x", "contact_id": "x", "status": "x"}
        refused(ask(method="GET", path=call.path, params=wrong))
    if operation.takes_id:
        refused(ask(method=operation.method, path=operation.url("no-id"), json=call.json))


@requirement("AUTH-08")
@each_write
def test_nothing_is_written_without_a_valid_key(
    operation_id: str, calls: Calls, role_keys: RoleKeys, probe: Probe, api: Api
) -> None:
    attempt = trial(calls, operation_id)
    answers = [attempt.call.bare(probe, credential) for credential in invalid(api)]
    answers += [attempt.call.through(role_keys(role)) for role in (Role.REVOKED, Role.EXPIRED)]
    if all(exchange.status == 401 for exchange in answers):  # who is let in is the matter of AUTH-01 to AUTH-04
        trace = attempt.trace()
        expect.that(not trace, "nothing written by callers without a valid key", trace, *answers)


def invalid(api: Api) -> list[Credential | None]:
    key = api.pool.keys(Role.FULL)[0]
    return [
        None,
        invalid_credentials.unknown(),
        invalid_credentials.malformed()[4],
        invalid_credentials.distorted(key)[0],
    ]
