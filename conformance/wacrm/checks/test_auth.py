"""AUTH-01 to -08: who is calling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.target import SCOPES
from conformance.target.verdicts import Mismatch
from conformance.wacrm.checks.operations import OPERATIONS, each_operation
from conformance.wacrm.expectations import envelope
from conformance.wacrm.specification import OPENAPI
from conformance.wacrm.steps import invalid_credentials
from conformance.wacrm.steps.own_account import own_account
from conformance.wacrm.steps.refused_writes import WRITE_OPERATIONS, traced_write

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
each_write = pytest.mark.parametrize("operation_id", WRITE_OPERATIONS)

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
    """401 `unauthorized`. No verdict when the deployment rate limits callers without a key."""
    expect.precondition(exchange.status != 429, "the deployment answers callers without a key with 429 instead of 401")
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
    credentials = [
        invalid_credentials.unknown(),
        invalid_credentials.malformed()[1],
        *invalid_credentials.distorted(key)[:2],
    ]
    for credential in credentials:
        refused(call.bare(probe, credential))


@requirement("AUTH-02")
def test_every_malformed_header_is_401(probe: Probe) -> None:
    for credential in invalid_credentials.malformed():
        refused(probe.send("GET", "/me", key=credential))


@requirement("AUTH-02")
@pytest.mark.parametrize("role", [Role.FULL, Role.NONE, Role.OTHER])
def test_altered_valid_keys_are_401(role: str, api: Api, probe: Probe) -> None:
    key = api.as_role(role).pool.keys(role)[0]
    for credential in invalid_credentials.distorted(key):
        refused(probe.send("GET", "/me", key=credential))
        refused(probe.send("GET", "/contacts", key=credential, params={"limit": 1}))


@requirement("AUTH-02")
def test_what_becomes_of_a_bare_key_is_measured(api: Api, probe: Probe, measure: Callable[[str, Any], None]) -> None:
    """A valid key without `Bearer` is outside the documentation: to accept it is no violation."""
    exchange = probe.send("GET", "/me", key=invalid_credentials.bare(api.pool.keys(Role.FULL)[0]))
    measure("a key without Bearer", "accepted" if exchange.status == 200 else f"HTTP {exchange.status}")


@requirement("AUTH-03")
@each_operation
def test_a_revoked_key_is_401(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    refused(calls.to_nothing(operation).through(role_keys(Role.REVOKED)))


@requirement("AUTH-03")
def test_a_revoked_key_stays_revoked(calls: Calls, role_keys: RoleKeys) -> None:
    is_refused_every_time(calls, role_keys(Role.REVOKED))


@requirement("AUTH-04")
@each_operation
def test_an_expired_key_is_401(operation: Operation, calls: Calls, role_keys: RoleKeys) -> None:
    refused(calls.to_nothing(operation).through(role_keys(Role.EXPIRED)))


@requirement("AUTH-04")
def test_an_expired_key_stays_expired(calls: Calls, role_keys: RoleKeys) -> None:
    is_refused_every_time(calls, role_keys(Role.EXPIRED))


def is_refused_every_time(calls: Calls, ended_key: Api) -> None:
    """Refused twice, between requests with a valid key of the same account, and for a row that exists."""
    contact = calls.account.contact()
    for _ in range(2):
        for path in ("/me", f"/contacts/{contact['id']}"):
            calls.account.api.get(path)
            refused(ended_key.get(path))


@requirement("AUTH-05")
@each_operation
def test_all_invalid_keys_get_the_same_answer(
    operation: Operation, calls: Calls, role_keys: RoleKeys, probe: Probe
) -> None:
    call = calls.to_nothing(operation)
    answers = dict(refusals(call, role_keys, probe))
    all_equal(answers, error_content)
    del answers["missing"]  # RFC 6750 allows WWW-Authenticate to differ for a missing key, which reveals nothing
    answers.pop("malformed")
    all_equal(answers, lambda exchange: exchange.answer_headers.get("www-authenticate"))


@requirement("AUTH-05")
def test_no_401_has_other_rate_limit_headers(calls: Calls, role_keys: RoleKeys, probe: Probe) -> None:
    answers = dict(refusals(calls.to_nothing(OPENAPI.operation("getMe")), role_keys, probe))
    all_equal(
        answers, lambda exchange: sorted(name for name in exchange.answer_headers if name.startswith("x-ratelimit"))
    )


def refusals(call: Call, role_keys: RoleKeys, probe: Probe) -> Iterator[tuple[str, Exchange]]:
    """One answer for each kind of invalid key."""
    yield "missing", call.bare(probe)
    yield "malformed", call.bare(probe, invalid_credentials.malformed()[4])
    yield "unknown", call.bare(probe, invalid_credentials.unknown())
    yield "revoked", call.through(role_keys(Role.REVOKED))
    yield "expired", call.through(role_keys(Role.EXPIRED))


def error_content(exchange: Exchange) -> Any:  # noqa: ANN401 - JSON
    """The parts of an error answer that callers can compare: status, code, message, member names."""
    body = exchange.json()
    inner = body.get("error") if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        return exchange.status, exchange.text
    return exchange.status, inner.get("code"), inner.get("message"), sorted(inner), sorted(body)


def all_equal(answers: dict[str, Exchange], part: Callable[[Exchange], Any]) -> None:
    """The part is equal in all 401 answers. AUTH-01 to AUTH-04 report other statuses."""
    unauthorized = {kind: exchange for kind, exchange in answers.items() if exchange.status == 401}
    expect.precondition(unauthorized, "no caller without a valid key was answered with 401")
    first = next(iter(unauthorized.values()))
    for kind, exchange in unauthorized.items():
        if part(exchange) != part(first):
            raise Mismatch(
                f"{part(first)}, as for another invalid key, for a {kind} one", f"{part(exchange)}", first, exchange
            )


@requirement("AUTH-06")
def test_me_needs_no_scope(role_keys: RoleKeys) -> None:
    envelope.record(role_keys(Role.NONE).get("/me"), 200)


@requirement("AUTH-07")
@pytest.mark.parametrize("kind", ["only", "all_but"])
def test_me_lists_exactly_the_scopes(kind: str, role_keys: RoleKeys) -> None:
    for scope in SCOPES:
        given = [scope] if kind == "only" else [other for other in SCOPES if other != scope]
        exchange = role_keys(kind, scope).get("/me")
        expect.same_members(scopes(exchange), given, "scopes in GET /me", exchange)


@requirement("AUTH-07")
def test_me_lists_no_scope_for_a_key_without_scopes(role_keys: RoleKeys) -> None:
    exchange = role_keys(Role.NONE).get("/me")
    if exchange.status == 200:  # AUTH-06 reports other statuses
        expect.equal(scopes(exchange), [], "scopes in GET /me", exchange)


@requirement("AUTH-07")
@pytest.mark.parametrize("role", [Role.FULL, Role.OTHER, Role.UNCONFIGURED])
def test_me_lists_every_scope_of_a_full_key(role: str, role_keys: RoleKeys) -> None:
    exchange = role_keys(role).get("/me")
    expect.same_members(scopes(exchange), SCOPES, "scopes in GET /me", exchange)


@requirement("AUTH-07")
def test_me_names_the_same_account_for_all_its_keys(api: Api, role_keys: RoleKeys) -> None:
    mine = account_of(api.get("/me"))
    for scope in SCOPES:
        for kind in ("only", "all_but"):
            exchange = role_keys(kind, scope).get("/me")
            expect.equal(account_of(exchange), mine, "(id, name) of the account for another of its keys", exchange)


@requirement("AUTH-07")
@pytest.mark.parametrize("role", [Role.OTHER, Role.UNCONFIGURED])
def test_me_names_different_accounts_for_keys_of_two_accounts(role: str, api: Api, role_keys: RoleKeys) -> None:
    mine, theirs = api.get("/me"), role_keys(role).get("/me")
    expect.that(
        account_of(mine)[0] != account_of(theirs)[0], "two account ids", f"{account_of(mine)[0]} twice", mine, theirs
    )


def scopes(exchange: Exchange) -> list[Any]:
    record, found = envelope.record(exchange, 200), own_account(exchange).scopes
    expect.that(found is not None, "a list of scopes in data.key", repr(record), exchange)
    return found or []


def account_of(exchange: Exchange) -> tuple[Any, Any]:
    """Id and name of the account."""
    record, account = envelope.record(exchange, 200), own_account(exchange)
    expect.that(account.id, "the account's id in data.account", repr(record), exchange)
    return account.id, account.name


@requirement("AUTH-08")
@each_operation
def test_bad_input_without_a_key_is_401(operation: Operation, probe: Probe, calls: Calls) -> None:
    for key in (None, invalid_credentials.unknown()):
        is_refused_before_validation(operation, lambda key=key, **request: probe.send(key=key, **request), calls)


@requirement("AUTH-08")
@each_operation
def test_bad_input_with_a_revoked_or_expired_key_is_401(
    operation: Operation, calls: Calls, role_keys: RoleKeys
) -> None:
    for role in (Role.REVOKED, Role.EXPIRED):
        is_refused_before_validation(operation, role_keys(role).call, calls, BROKEN_BODIES[1:2])


def is_refused_before_validation(
    operation: Operation, send: Callable[..., Exchange], calls: Calls, contents: tuple[bytes, ...] = BROKEN_BODIES
) -> None:
    """An invalid request gets 401 where the valid one does; AUTH-01 to AUTH-04 report where it does not."""
    call = calls.to_nothing(operation)
    if send(method=operation.method, path=call.path, json=call.json).status != 401:
        return
    for content in contents if operation.has_body else ():
        refused(send(method=operation.method, path=call.path, content=content))
    if operation.has_body:
        refused(send(method=operation.method, path=call.path, content=b"a=b", headers={"Content-Type": "text/plain"}))
    elif not operation.takes_id:
        wrong = {"limit": "x", "cursor": "x", "tag": "x", "contact_id": "x", "status": "x"}
        refused(send(method="GET", path=call.path, params=wrong))
    if operation.takes_id:
        refused(send(method=operation.method, path=operation.url("no-id"), json=call.json))


@requirement("AUTH-08")
@each_write
def test_nothing_is_written_without_a_valid_key(
    operation_id: str, calls: Calls, role_keys: RoleKeys, probe: Probe, api: Api
) -> None:
    write = traced_write(calls, operation_id)
    answers = [write.call.bare(probe, credential) for credential in invalid_keys(api)]
    answers += [write.call.through(role_keys(role)) for role in (Role.REVOKED, Role.EXPIRED)]
    if all(exchange.status == 401 for exchange in answers):  # AUTH-01 to AUTH-04 report keys that are accepted
        effect = write.effect()
        expect.that(not effect, "nothing written by callers without a valid key", effect, *answers)


def invalid_keys(api: Api) -> list[Credential | None]:
    key = api.pool.keys(Role.FULL)[0]
    return [
        None,
        invalid_credentials.unknown(),
        invalid_credentials.malformed()[4],
        invalid_credentials.distorted(key)[0],
    ]
