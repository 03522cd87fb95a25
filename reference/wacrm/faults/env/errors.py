"""ENV-04, ENV-05, ENV-06: undocumented 5xx, impossible ids, messages that leak."""

from typing import Any

from starlette.datastructures import QueryParams

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer, patch
from reference.wacrm.patching.steps import current_operation, wrap
from reference.wacrm.protocol.bodies import B
from reference.wacrm.protocol.envelope import ApiError, Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window


@patch
def _ignore_impossible(wacrm: Wacrm, listed: str, name: str) -> None:
    window = wacrm.pages.window

    def opened(query: QueryParams, *subject: str) -> Window:
        text = query.get(name)
        if subject[0] == listed and text is not None and Ids.parse(text) is None:
            query._dict.pop(name, None)  # noqa: SLF001 - the request's own parameters, as a middleware would
        return window(query, *subject)

    wrap(wacrm.pages, "window", opened)


@patch
def _leak(wacrm: Wacrm, operation: Operation, status: int, leak: str) -> None:
    def leaking(body: Json) -> None:
        body["error"]["message"] += leak

    answer(operation, leaking, status=status)(wacrm)


ROWS = (
    Fault("ENV-05", "impossible-contact-filter-is-ignored", _ignore_impossible("conversations", "contact_id"),
          "a filter that is no UUID is dropped instead of refused"),
    Fault("ENV-05", "impossible-tag-filter-is-ignored", _ignore_impossible("contacts", "tag"),
          "a tag that is no UUID is dropped instead of refused"),
    Fault("ENV-06", "missing-webhook-names-the-query",
          _leak(Operation.UPDATE_WEBHOOK, 404, " (SELECT * FROM webhook_endpoints WHERE id = $1 returned no rows)"),
          "the ORM's message is passed on to the client"),
)  # fmt: skip


@fault("ENV-04", "deep nesting runs the parser out of stack")
def deep_json_is_a_500(wacrm: Wacrm) -> None:
    parse = wacrm.bodies.parse

    def unguarded(raw: bytes) -> dict[str, Any]:
        try:
            return parse(raw)
        except ApiError as error:
            if "nested too deeply" in error.message:
                raise RecursionError from None
            raise

    wrap(wacrm.bodies, "parse", unguarded)


@fault("ENV-04", "the database refuses NUL in a parameter, and nobody expected one")
def nul_in_search_is_a_500(wacrm: Wacrm) -> None:
    page = wacrm.contacts.page

    def strict(account: str, window: Window, search: str | None, tag: str | None) -> list[Row]:
        if search and "\x00" in search:
            raise ValueError("invalid byte sequence for encoding")
        return page(account, window, search, tag)

    wrap(wacrm.contacts, "page", strict)


@fault("ENV-04", "null where an array is expected is iterated over")
def null_events_are_a_500(wacrm: Wacrm) -> None:
    running, validate = current_operation(wacrm), wacrm.bodies.validate

    def unguarded(body: dict[str, Any], model: type[B]) -> B:
        if running() is Operation.UPDATE_WEBHOOK and body.get("events", []) is None:
            raise TypeError("object is not iterable")
        return validate(body, model)

    wrap(wacrm.bodies, "validate", unguarded)


@fault("ENV-04", "the column takes 255 characters, and nobody counts them before")
def long_company_is_a_500(wacrm: Wacrm) -> None:
    running, validate = current_operation(wacrm), wacrm.bodies.validate

    def unguarded(body: dict[str, Any], model: type[B]) -> B:
        company = body.get("company")
        if running() is Operation.UPDATE_CONTACT and isinstance(company, str) and len(company) > 255:  # noqa: PLR2004
            raise ValueError("value too long for type character varying(255)")
        return validate(body, model)

    wrap(wacrm.bodies, "validate", unguarded)


@fault("ENV-04", "the id of a quoted message goes to the database as it comes")
def impossible_reply_is_a_500(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate

    def unguarded(body: dict[str, Any], model: type[B]) -> B:
        quoted = body.get("reply_to_message_id")
        if isinstance(quoted, str) and Ids.parse(quoted) is None:
            raise ValueError("invalid input syntax for type uuid")
        return validate(body, model)

    wrap(wacrm.bodies, "validate", unguarded)


@fault("ENV-05", "the database's complaint about the id's syntax is not caught")
def impossible_broadcast_id_is_a_500(wacrm: Wacrm) -> None:
    read = wacrm.broadcasts.read

    def unguarded(account: str, text: str) -> Json:
        if Ids.parse(text) is None:
            raise ValueError("invalid input syntax for type uuid")
        return read(account, text)

    wrap(wacrm.broadcasts, "read", unguarded)


@fault("ENV-06", "the stack is added to errors in development, and development was never switched off")
def bad_contact_carries_a_stack_trace(wacrm: Wacrm) -> None:
    trace = (
        "\n    at validate (/app/src/lib/contacts.ts:41:11)\n    at POST (/app/src/app/api/v1/contacts/route.ts:17:5)"
    )
    _leak(Operation.CREATE_CONTACT, 400, trace)(wacrm)


@fault("ENV-06", "the decoder's exception is formatted into the answer")
def bad_cursor_carries_a_traceback(wacrm: Wacrm) -> None:
    trace = ' Traceback (most recent call last): File "/srv/wacrm/pages.py", line 71, in decode'
    _leak(Operation.LIST_CONVERSATIONS, 400, trace)(wacrm)


@fault("ENV-06", "the failed request to Meta is printed into the message, its token included")
def metas_refusal_carries_the_access_token(wacrm: Wacrm) -> None:
    def leaking(body: Json) -> None:
        whatsapp = wacrm.settings.accounts[0].whatsapp
        body["error"]["message"] += f" (Authorization: Bearer {whatsapp.access_token if whatsapp else ''})"

    answer(Operation.SEND_MESSAGE, leaking, status=502)(wacrm)
