"""Variants: which requests are understood, and what a refused one costs."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import B
from reference.wacrm.protocol.envelope import ApiError, Code, Json, bad_request
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.keyset_pages import DEFAULT_LIMIT, Window
from reference.wacrm.variants.registry import variant


@variant("what becomes of an unusable limit")
def unusable_limit_is_the_default(wacrm: Wacrm) -> None:
    limit = wacrm.pages.limit

    def tolerant(text: str | None, listed: str) -> int:
        try:
            return limit(text, listed)
        except ApiError:
            return DEFAULT_LIMIT

    wrap(wacrm.pages, "limit", tolerant)


@variant("what becomes of a cursor that the server did not issue")
def foreign_cursor_starts_over(wacrm: Wacrm) -> None:
    decode, start = wacrm.pages.decode, Window("", 1)

    def tolerant(cursor: str, subject: str) -> tuple[str, str]:
        try:
            return decode(cursor, subject)
        except ApiError:
            return start.created_at, start.id

    wrap(wacrm.pages, "decode", tolerant)


@variant("400 or 404 for an impossible id (ENV-05)")
def impossible_id_is_400(wacrm: Wacrm) -> None:
    admit = wacrm.admission.admit

    def strict(request: Request, operation: Operation) -> Caller:
        caller = admit(request, operation)
        if any(wacrm.ids.parse(value) is None for value in request.path_params.values()):
            raise ApiError(Code.BAD_REQUEST, "The id is not valid.")
        return caller

    wrap(wacrm.admission, "admit", strict)


@variant("what an unknown status filter selects, as long as it is not other statuses (CONV-02)")
def unknown_status_selects_nothing(wacrm: Wacrm) -> None:
    known = wacrm.conversations.status_filter

    def tolerant(text: str | None) -> str | None:
        try:
            return known(text)
        except ApiError:
            return "none of the three"

    wrap(wacrm.conversations, "status_filter", tolerant)


@variant("whether numbers with blanks or without + are understood")
def phones_are_normalised(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate

    def lenient(body: dict[str, Any], model: type[B]) -> B:
        for name in ("phone", "to"):
            if isinstance(body.get(name), str) and re.fullmatch(r"\+?[\d\s().-]{8,20}", body[name]):
                body = {**body, name: "+" + re.sub(r"\D", "", body[name])}
        return validate(body, model)

    wrap(wacrm.bodies, "validate", lenient)


@variant("what is charged (RATE-10): refusals cost nothing")
def refusals_cost_nothing(wacrm: Wacrm) -> None:
    def scope_first(request: Request, operation: Operation) -> Caller:
        request.scope["wacrm.operation"] = operation
        caller = wacrm.admission.identify(request, operation)
        wacrm.admission.check_scope(caller, operation)
        wacrm.admission.charge(caller, operation)
        return caller

    replace_step(wacrm.admission, "admit", scope_first)


@variant("whether a key without Bearer is accepted (AUTH-02)")
def bare_key_is_accepted(wacrm: Wacrm) -> None:
    presented = wacrm.keys.presented

    def either(authorization: str | None) -> str | None:
        text = authorization or ""
        return presented(f"Bearer {text}" if text.startswith("wacrm_live_") else text)

    wrap(wacrm.keys, "presented", either)


@variant("what stands in front: it refuses large requests in statuses of its own, in the envelope (ENV-08)")
def large_requests_are_refused_in_front(wacrm: Wacrm) -> None:
    admit, respond = wacrm.admission.admit, wacrm.envelope.respond

    def small(request: Request, operation: Operation) -> Caller:
        if int(request.headers.get("content-length", 0)) > 2**20 or len(str(request.url)) > 2**13:
            request.scope["wacrm.operation"] = operation
            raise bad_request("The request is too large.")
        return admit(request, operation)

    def restated(asked: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        is_large = body.get("error", {}).get("message") == "The request is too large."
        return respond(asked, 413 if is_large else status, body, headers)

    wrap(wacrm.admission, "admit", small)
    wrap(wacrm.envelope, "respond", restated)
