"""Variants: which requests are understood, and what a refused one costs."""

import re
from typing import Any

from starlette.requests import Request

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.bodies import B
from reference.wacrm.protocol.envelope import ApiError, Code
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
