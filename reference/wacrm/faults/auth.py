"""AUTH: who is calling."""

import re
from collections.abc import Callable

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import B, patch, reshape
from reference.wacrm.protocol.envelope import ApiError, Code, Json, not_found
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.settings import hash_key
from reference.wacrm.storage.database import Row

SHOWN = 19


def _without_key(wacrm: Wacrm, operation: Operation, instead: Callable[[], Caller]) -> None:
    """What one operation does when no key is presented."""
    identify = wacrm.gate.identify

    def judged(request: Request, asked: Operation) -> Caller:
        if asked is operation and "authorization" not in request.headers:
            return instead()
        return identify(request, asked)

    patch(wacrm.gate, "identify", judged)


def _skip(wacrm: Wacrm, judgement: str, operation: Operation) -> None:
    """One operation's key cache knows nothing of one of the two ways in which a key ends."""
    identify, ended = wacrm.gate.identify, getattr(wacrm.keys, judgement)
    asked_for: list[Operation] = []

    def noted(request: Request, asked: Operation) -> Caller:
        asked_for[:] = [asked]
        return identify(request, asked)

    def judged(row: Row) -> bool:
        return asked_for != [operation] and ended(row)

    patch(wacrm.gate, "identify", noted)
    patch(wacrm.keys, judgement, judged)


@fault("AUTH-01", "the framework's own answer to a missing header, 403, shows through")
def missing_key_is_403_on_delete_webhook(wacrm: Wacrm) -> None:
    def forbidden() -> Caller:
        raise ApiError(Code.FORBIDDEN, "Not authenticated")

    _without_key(wacrm, Operation.DELETE_WEBHOOK, forbidden)


@fault("AUTH-01", "the row is looked up before the key, and nobody owns it")
def missing_key_is_404_on_read_broadcast(wacrm: Wacrm) -> None:
    def unfound() -> Caller:
        raise not_found()

    _without_key(wacrm, Operation.READ_BROADCAST, unfound)


@fault("AUTH-01", "the caller is kept between requests, and a request without a key inherits the last one")
def missing_key_inherits_the_last_caller_on_list_messages(wacrm: Wacrm) -> None:
    last: list[Caller] = []
    authenticate = wacrm.keys.authenticate

    def remembered(authorization: str | None) -> Caller:
        last[:] = [authenticate(authorization)]
        return last[0]

    def inherited() -> Caller:
        return last[0] if last else authenticate(None)

    patch(wacrm.keys, "authenticate", remembered)
    _without_key(wacrm, Operation.LIST_MESSAGES, inherited)


@fault("AUTH-02", "the key is taken from the header with a search, and what follows it is ignored")
def key_with_trailing_garbage_is_accepted(wacrm: Wacrm) -> None:
    def searched(authorization: str | None) -> str | None:
        match = re.match(r"(?i:bearer) (wacrm_live_[A-Za-z0-9_-]{43})", authorization or "")
        return match[1] if match else None

    patch(wacrm.keys, "presented", searched)


@fault("AUTH-02", "the header is split at blanks, and what stands behind the key is not looked at")
def words_behind_the_key_are_ignored(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def second_word(authorization: str | None) -> str | None:
        return presented(" ".join((authorization or "").split()[:2]))

    patch(wacrm.keys, "presented", second_word)


@fault("AUTH-02", "the scheme before the key is not looked at")
def any_scheme_is_accepted(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def last_word(authorization: str | None) -> str | None:
        return presented(f"Bearer {(authorization or '').rpartition(' ')[2]}")

    patch(wacrm.keys, "presented", last_word)


@fault("AUTH-02", "an unknown key fails as bad input where the body is parsed first")
def unknown_key_is_400_on_update_contact(wacrm: Wacrm) -> None:
    identify = wacrm.gate.identify

    def judged(request: Request, asked: Operation) -> Caller:
        key = wacrm.keys.presented(request.headers.get("authorization"))
        if asked is Operation.UPDATE_CONTACT and key is not None and wacrm.keys.find(hash_key(key)) is None:
            raise ApiError(Code.BAD_REQUEST, "Invalid API key.")
        return identify(request, asked)

    patch(wacrm.gate, "identify", judged)


@fault("AUTH-02", "the cache of verified keys is indexed by the part of a key that the dashboard shows")
def shown_part_of_a_key_is_enough(wacrm: Wacrm) -> None:
    authenticate = wacrm.keys.authenticate
    verified: dict[str, Caller] = {}

    def cached(authorization: str | None) -> Caller:
        shown = (wacrm.keys.presented(authorization) or "")[:SHOWN]
        if shown not in verified:
            verified[shown] = authenticate(authorization)
        return verified[shown]

    patch(wacrm.keys, "authenticate", cached)


@fault("AUTH-03", "the key cache of the inbox routes is not told when a key is revoked")
def revoked_key_still_lists_conversations(wacrm: Wacrm) -> None:
    _skip(wacrm, "revoked", Operation.LIST_CONVERSATIONS)


@fault("AUTH-03", "the sending route keeps verified keys in memory and never asks again")
def revoked_key_still_sends(wacrm: Wacrm) -> None:
    _skip(wacrm, "revoked", Operation.SEND_MESSAGE)


@fault("AUTH-03", "revocation is checked on reads and writes, and forgotten on deletes")
def revoked_key_still_deletes_webhooks(wacrm: Wacrm) -> None:
    _skip(wacrm, "revoked", Operation.DELETE_WEBHOOK)


@fault("AUTH-04", "the list route's query finds keys by hash alone, whatever their date")
def expired_key_still_lists_contacts(wacrm: Wacrm) -> None:
    _skip(wacrm, "expired", Operation.LIST_CONTACTS)


@fault("AUTH-04", "the campaign route was written before keys could expire")
def expired_key_still_launches_broadcasts(wacrm: Wacrm) -> None:
    _skip(wacrm, "expired", Operation.CREATE_BROADCAST)


@fault("AUTH-04", "the expiry date is compared in the wrong direction on one route")
def expired_key_still_reads_webhooks(wacrm: Wacrm) -> None:
    _skip(wacrm, "expired", Operation.READ_WEBHOOK)


def _tell(wacrm: Wacrm, judgement: str, message: str) -> None:
    ended: Callable[[Row], bool] = getattr(wacrm.keys, judgement)

    def told(row: Row) -> bool:
        if ended(row):
            raise ApiError(Code.UNAUTHORIZED, message, {"WWW-Authenticate": "Bearer"})
        return False

    patch(wacrm.keys, judgement, told)


@fault("AUTH-05", "a helpful message tells a revoked key from an unknown one")
def revoked_key_is_told_so(wacrm: Wacrm) -> None:
    _tell(wacrm, "revoked", "This API key has been revoked.")


@fault("AUTH-05", "a helpful message tells an expired key from an unknown one")
def expired_key_is_told_so(wacrm: Wacrm) -> None:
    _tell(wacrm, "expired", "This API key has expired.")


@fault("AUTH-05", "a malformed key gets advice that an unknown one does not get")
def malformed_key_is_told_so(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def told(authorization: str | None) -> str | None:
        key = presented(authorization)
        if key is None and authorization is not None:
            raise ApiError(Code.UNAUTHORIZED, "API keys start with wacrm_live_.", {"WWW-Authenticate": "Bearer"})
        return key

    patch(wacrm.keys, "presented", told)


@fault("AUTH-05", "the limiter's headers are set for every key that the database knows")
def revoked_key_shows_a_budget(wacrm: Wacrm) -> None:
    revoked = wacrm.keys.revoked

    def judged(row: Row) -> bool:
        if revoked(row):
            refusal = wacrm.keys.refusal()
            limited = {"X-RateLimit-Limit": str(wacrm.limiter.limit)}
            raise ApiError(refusal.code, refusal.message, refusal.headers | limited)
        return False

    patch(wacrm.keys, "revoked", judged)


@fault("AUTH-06", "a key without scopes is taken for one without any rights, the right to ask included")
def me_is_forbidden_without_scopes(wacrm: Wacrm) -> None:
    check = wacrm.gate.check_scope

    def judged(caller: Caller, operation: Operation) -> None:
        if operation is Operation.ME and not caller.scopes:
            raise ApiError(Code.FORBIDDEN, "This API key lacks every scope.")
        check(caller, operation)

    patch(wacrm.gate, "check_scope", judged)


@fault("AUTH-06", "an empty list of scopes is falsy, and the key counts as unknown")
def key_without_scopes_is_unknown(wacrm: Wacrm) -> None:
    identify = wacrm.gate.identify

    def judged(request: Request, operation: Operation) -> Caller:
        caller = identify(request, operation)
        if operation is Operation.ME and not caller.scopes:
            raise wacrm.keys.refusal()
        return caller

    patch(wacrm.gate, "identify", judged)


@fault("AUTH-07", "the last scope of the stored list is lost in parsing")
def me_omits_the_last_scope(wacrm: Wacrm) -> None:
    def omit(body: Json) -> None:
        body["data"]["scopes"] = body["data"]["scopes"][:-1]

    reshape(wacrm, Operation.ME, omit, status=200)


@fault("AUTH-07", "scopes that another implies are listed as if they had been given")
def me_adds_implied_scopes(wacrm: Wacrm) -> None:
    def add(body: Json) -> None:
        scopes = body["data"]["scopes"]
        implied = [scope.replace("write", "read") for scope in scopes if scope.endswith(":write")]
        scopes.extend(scope for scope in implied if scope not in scopes)

    reshape(wacrm, Operation.ME, add, status=200)


@fault("AUTH-07", "the account's name is joined from the key's row")
def me_names_the_first_account(wacrm: Wacrm) -> None:
    first = wacrm.settings.accounts[0]

    def rename(body: Json) -> None:
        body["data"]["account"] = {"id": first.id, "name": first.name}

    reshape(wacrm, Operation.ME, rename, status=200)


@fault("AUTH-07", "the answer is cached by account, and the next key of the account gets the first one's scopes")
def me_is_cached_by_account(wacrm: Wacrm) -> None:
    first: dict[str, Json] = {}

    def cached(body: Json) -> None:
        body["data"] = first.setdefault(body["data"]["account"]["id"], body["data"])

    reshape(wacrm, Operation.ME, cached, status=200)


def _body_first(wacrm: Wacrm, operation: Operation) -> None:
    """One operation validates its body before it asks for a key."""
    identify, charge, read = wacrm.gate.identify, wacrm.gate.charge, wacrm.bodies.read

    def postponed(request: Request, asked: Operation) -> Caller:
        try:
            return identify(request, asked)
        except ApiError as error:
            if asked is not operation:
                raise
            request.scope["wacrm.refusal"] = error
            return Caller("", "", "", tuple(scope for scope in wacrm.gate.scopes.values() if scope))

    def charged(caller: Caller, asked: Operation) -> None:
        if caller.key_hash:
            charge(caller, asked)

    async def read_then_refuse(request: Request, model: type[B]) -> B:
        body = await read(request, model)
        refusal = request.scope.get("wacrm.refusal")
        if refusal is not None:
            raise refusal
        return body

    patch(wacrm.gate, "identify", postponed)
    patch(wacrm.gate, "charge", charged)
    patch(wacrm.bodies, "read", read_then_refuse)


@fault("AUTH-08", "the body is validated by the framework, before the handler asks for a key")
def body_is_judged_before_the_key_on_create_contact(wacrm: Wacrm) -> None:
    _body_first(wacrm, Operation.CREATE_CONTACT)


@fault("AUTH-08", "a middleware rejects bad recipients before the key is read")
def body_is_judged_before_the_key_on_create_broadcast(wacrm: Wacrm) -> None:
    _body_first(wacrm, Operation.CREATE_BROADCAST)


@fault("AUTH-08", "the URL is checked before the key")
def body_is_judged_before_the_key_on_create_webhook(wacrm: Wacrm) -> None:
    _body_first(wacrm, Operation.CREATE_WEBHOOK)


@fault("AUTH-08", "the row is deleted in a task that does not wait for the key to be judged")
def endpoint_is_deleted_behind_a_401(wacrm: Wacrm) -> None:
    identify = wacrm.gate.identify

    def judged(request: Request, asked: Operation) -> Caller:
        try:
            return identify(request, asked)
        except ApiError:
            if asked is Operation.DELETE_WEBHOOK:
                wacrm.db.run("DELETE FROM webhook_endpoints WHERE id = :id", {"id": request.path_params["webhook_id"]})
            raise

    patch(wacrm.gate, "identify", judged)
