"""AUTH-01, AUTH-02: a key that is missing, malformed or unknown."""

import re
from collections.abc import Callable
from functools import partial

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.envelope import ApiError, Code, not_found
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.settings import hash_key

SHOWN = 19


@patch
def _without_key(wacrm: Wacrm, operation: Operation, instead: Callable[[], Caller]) -> None:
    """What one operation does when no key is presented."""
    identify = wacrm.admission.identify

    def checked(request: Request, asked: Operation) -> Caller:
        if asked is operation and "authorization" not in request.headers:
            return instead()
        return identify(request, asked)

    wrap(wacrm.admission, "identify", checked)


@fault(
    "AUTH-01",
    "the framework's own answer to a missing header, 403, shows through",
    partial(_without_key, Operation.DELETE_WEBHOOK),
)
def missing_key_is_403_on_delete_webhook() -> Caller:
    raise ApiError(Code.FORBIDDEN, "Not authenticated")


@fault(
    "AUTH-01",
    "the row is looked up before the key, and nobody owns it",
    partial(_without_key, Operation.READ_BROADCAST),
)
def missing_key_is_404_on_read_broadcast() -> Caller:
    raise not_found()


@fault("AUTH-01", "the caller is kept between requests, and a request without a key inherits the last one")
def missing_key_inherits_the_last_caller_on_list_messages(wacrm: Wacrm) -> None:
    last: list[Caller] = []
    authenticate = wacrm.keys.authenticate

    def remembered(authorization: str | None) -> Caller:
        last[:] = [authenticate(authorization)]
        return last[0]

    def inherited() -> Caller:
        return last[0] if last else authenticate(None)

    wrap(wacrm.keys, "authenticate", remembered)
    _without_key(Operation.LIST_MESSAGES, inherited)(wacrm)


@fault("AUTH-02", "the key is taken from the header with a search, and what follows it is ignored")
def key_with_trailing_garbage_is_accepted(wacrm: Wacrm) -> None:
    def searched(authorization: str | None) -> str | None:
        match = re.match(r"(?i:bearer) (wacrm_live_[A-Za-z0-9_-]{43})", authorization or "")
        return match[1] if match else None

    replace_step(wacrm.keys, "presented", searched)


@fault("AUTH-02", "the header is split at blanks, and what stands behind the key is not looked at")
def words_behind_the_key_are_ignored(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def second_word(authorization: str | None) -> str | None:
        return presented(" ".join((authorization or "").split()[:2]))

    wrap(wacrm.keys, "presented", second_word)


@fault("AUTH-02", "the scheme before the key is not looked at")
def any_scheme_is_accepted(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def last_word(authorization: str | None) -> str | None:
        return presented(f"Bearer {(authorization or '').rpartition(' ')[2]}")

    wrap(wacrm.keys, "presented", last_word)


@fault("AUTH-02", "an unknown key fails as bad input where the body is parsed first")
def unknown_key_is_400_on_update_contact(wacrm: Wacrm) -> None:
    identify = wacrm.admission.identify

    def checked(request: Request, asked: Operation) -> Caller:
        key = wacrm.keys.presented(request.headers.get("authorization"))
        if asked is Operation.UPDATE_CONTACT and key is not None and wacrm.keys.find(hash_key(key)) is None:
            raise ApiError(Code.BAD_REQUEST, "Invalid API key.")
        return identify(request, asked)

    wrap(wacrm.admission, "identify", checked)


@fault("AUTH-02", "the cache of verified keys is indexed by the part of a key that the dashboard shows")
def shown_part_of_a_key_is_enough(wacrm: Wacrm) -> None:
    authenticate = wacrm.keys.authenticate
    verified: dict[str, Caller] = {}

    def cached(authorization: str | None) -> Caller:
        shown = (wacrm.keys.presented(authorization) or "")[:SHOWN]
        if shown not in verified:
            verified[shown] = authenticate(authorization)
        return verified[shown]

    wrap(wacrm.keys, "authenticate", cached)
