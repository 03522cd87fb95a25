"""ENV: one envelope."""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import fault
from reference.wacrm.faults.steps import current_operation, patch, reshape, restatus
from reference.wacrm.protocol.bodies import B
from reference.wacrm.protocol.envelope import ApiError, Code, Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.storage.clock import Ids
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window

Match = Callable[[Operation | None, int, Json], bool]


def _instead(wacrm: Wacrm, match: Match, answer: Callable[[int, Json], Response]) -> None:
    respond = wacrm.envelope.respond

    def altered(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        if match(operation, status, body):
            return answer(status, body)
        return respond(operation, status, body, headers)

    patch(wacrm.envelope, "respond", altered)


@fault("ENV-01", "a driver that returns big integers as strings")
def failure_count_is_a_string_in_the_webhook_list(wacrm: Wacrm) -> None:
    def stringify(body: Json) -> None:
        for endpoint in body["data"]:
            endpoint["failure_count"] = str(endpoint["failure_count"])

    reshape(wacrm, Operation.LIST_WEBHOOKS, stringify, status=200)


@fault("ENV-01", "timestamps of one table are passed on as epoch milliseconds")
def broadcast_times_are_numbers(wacrm: Wacrm) -> None:
    def number(body: Json) -> None:
        body["data"]["created_at"] = 1_782_920_640_000

    reshape(wacrm, Operation.READ_BROADCAST, number, status=200)


@fault("ENV-01", "the tag's color is a column that the embedding query forgot")
def embedded_tags_have_no_color(wacrm: Wacrm) -> None:
    def uncolor(body: Json) -> None:
        for tag in body["data"]["contact"]["tags"]:
            del tag["color"]

    reshape(wacrm, Operation.READ_CONVERSATION, uncolor, status=200)


@fault("ENV-01", "null members are left out of the answer, and the last page has no cursor")
def last_page_of_messages_has_no_cursor(wacrm: Wacrm) -> None:
    def omit(body: Json) -> None:
        if body["meta"]["next_cursor"] is None:
            del body["meta"]["next_cursor"]

    reshape(wacrm, Operation.LIST_MESSAGES, omit, status=200)


@fault("ENV-01", "an outer join gives null for a contact without tags")
def contact_without_tags_has_null_tags(wacrm: Wacrm) -> None:
    def nullify(body: Json) -> None:
        body["data"]["tags"] = body["data"]["tags"] or None

    reshape(wacrm, Operation.READ_CONTACT, nullify, status=200)


@fault("ENV-02", "paths that no route has get the framework's page")
def unknown_path_gets_the_frameworks_answer(wacrm: Wacrm) -> None:
    def page(_status: int, _body: Json) -> Response:
        return Response(b'{"detail":"Not Found"}', 404, media_type="application/json")

    _instead(wacrm, lambda operation, status, _body: operation is None and status == 404, page)  # noqa: PLR2004 - a status


@fault("ENV-02", "a body that is no JSON ends in the parser's own answer")
def unparsable_json_gets_a_bare_error(wacrm: Wacrm) -> None:
    def bare(status: int, _body: Json) -> Response:
        return Response(b'{"error":"Unexpected token in JSON at position 0"}', status, media_type="application/json")

    def unparsable(operation: Operation | None, _status: int, body: Json) -> bool:
        return operation is Operation.UPDATE_WEBHOOK and "not valid JSON" in body.get("error", {}).get("message", "")

    _instead(wacrm, unparsable, bare)


@fault("ENV-02", "a body that is an array is validated by another library with its own errors")
def array_body_gets_a_list_of_errors(wacrm: Wacrm) -> None:
    def listed(status: int, _body: Json) -> Response:
        body = {"errors": [{"path": [], "message": "Expected object, received array"}]}
        return Response(json.dumps(body).encode(), status, media_type="application/json")

    def no_object(operation: Operation | None, _status: int, body: Json) -> bool:
        is_broadcast = operation is Operation.CREATE_BROADCAST
        return is_broadcast and "must be a JSON object" in body.get("error", {}).get("message", "")

    _instead(wacrm, no_object, listed)


def _recode(wacrm: Wacrm, operation: Operation, status: int, code: str) -> None:
    def recoded(body: Json) -> None:
        body["error"]["code"] = code

    reshape(wacrm, operation, recoded, status=status)


@fault("ENV-02", "who prefers HTML is taken for a person, and gets a page about the error")
def browsers_get_an_error_page(wacrm: Wacrm) -> None:
    prefers_html: ContextVar[bool] = ContextVar("prefers_html", default=False)
    admit, respond = wacrm.gate.admit, wacrm.envelope.respond

    def noted(request: Request, operation: Operation) -> Caller:
        prefers_html.set(request.headers.get("accept", "").startswith("text/html"))
        return admit(request, operation)

    def shown(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        response = respond(operation, status, body, headers)
        is_page = status >= 400 and prefers_html.get()  # noqa: PLR2004 - the first status of errors
        return HTMLResponse(f"<h1>{status}</h1>", status) if is_page else response

    patch(wacrm.gate, "admit", noted)
    patch(wacrm.envelope, "respond", shown)


@fault("ENV-03", "one handler names its validation errors in its own way")
def bad_contact_patch_is_a_validation_error(wacrm: Wacrm) -> None:
    _recode(wacrm, Operation.UPDATE_CONTACT, 400, "validation_error")


@fault("ENV-03", "bad input to one route is 422, as the framework has it")
def bad_webhook_patch_is_422(wacrm: Wacrm) -> None:
    restatus(wacrm, Operation.UPDATE_WEBHOOK, 400, 422)


@fault("ENV-03", "a missing broadcast is named after the resource")
def missing_broadcast_is_broadcast_not_found(wacrm: Wacrm) -> None:
    _recode(wacrm, Operation.READ_BROADCAST, 404, "broadcast_not_found")


@fault("ENV-03", "a missing connection is thought unprocessable")
def unconfigured_send_is_422(wacrm: Wacrm) -> None:
    respond = wacrm.envelope.respond

    def altered(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        unconfigured = body.get("error", {}).get("code") == Code.WHATSAPP_NOT_CONFIGURED
        return respond(operation, 422 if unconfigured else status, body, headers)

    patch(wacrm.envelope, "respond", altered)


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

    patch(wacrm.bodies, "parse", unguarded)


@fault("ENV-04", "the database refuses NUL in a parameter, and nobody expected one")
def nul_in_search_is_a_500(wacrm: Wacrm) -> None:
    page = wacrm.contacts.page

    def strict(account: str, window: Window, search: str | None, tag: str | None) -> list[Row]:
        if search and "\x00" in search:
            raise ValueError("invalid byte sequence for encoding")
        return page(account, window, search, tag)

    patch(wacrm.contacts, "page", strict)


@fault("ENV-04", "null where an array is expected is iterated over")
def null_events_are_a_500(wacrm: Wacrm) -> None:
    running, validate = current_operation(wacrm), wacrm.bodies.validate

    def unguarded(body: dict[str, Any], model: type[B]) -> B:
        if running() is Operation.UPDATE_WEBHOOK and body.get("events", []) is None:
            raise TypeError("object is not iterable")
        return validate(body, model)

    patch(wacrm.bodies, "validate", unguarded)


@fault("ENV-04", "the column takes 255 characters, and nobody counts them before")
def long_company_is_a_500(wacrm: Wacrm) -> None:
    running, validate = current_operation(wacrm), wacrm.bodies.validate

    def unguarded(body: dict[str, Any], model: type[B]) -> B:
        company = body.get("company")
        if running() is Operation.UPDATE_CONTACT and isinstance(company, str) and len(company) > 255:  # noqa: PLR2004
            raise ValueError("value too long for type character varying(255)")
        return validate(body, model)

    patch(wacrm.bodies, "validate", unguarded)


@fault("ENV-04", "the id of a quoted message goes to the database as it comes")
def impossible_reply_is_a_500(wacrm: Wacrm) -> None:
    validate = wacrm.bodies.validate

    def unguarded(body: dict[str, Any], model: type[B]) -> B:
        quoted = body.get("reply_to_message_id")
        if isinstance(quoted, str) and Ids.parse(quoted) is None:
            raise ValueError("invalid input syntax for type uuid")
        return validate(body, model)

    patch(wacrm.bodies, "validate", unguarded)


@fault("ENV-05", "a filter that is no UUID is dropped instead of refused")
def impossible_contact_filter_is_ignored(wacrm: Wacrm) -> None:
    _ignore_impossible(wacrm, "conversations", "contact_id")


@fault("ENV-05", "a tag that is no UUID is dropped instead of refused")
def impossible_tag_filter_is_ignored(wacrm: Wacrm) -> None:
    _ignore_impossible(wacrm, "contacts", "tag")


def _ignore_impossible(wacrm: Wacrm, listed: str, name: str) -> None:
    window = wacrm.pages.window

    def opened(query: QueryParams, *subject: str) -> Window:
        text = query.get(name)
        if subject[0] == listed and text is not None and Ids.parse(text) is None:
            query._dict.pop(name, None)  # noqa: SLF001 - the request's own parameters, as a middleware would
        return window(query, *subject)

    patch(wacrm.pages, "window", opened)


@fault("ENV-05", "the database's complaint about the id's syntax is not caught")
def impossible_broadcast_id_is_a_500(wacrm: Wacrm) -> None:
    read = wacrm.broadcasts.read

    def unguarded(account: str, text: str) -> Json:
        if Ids.parse(text) is None:
            raise ValueError("invalid input syntax for type uuid")
        return read(account, text)

    patch(wacrm.broadcasts, "read", unguarded)


def _leak(wacrm: Wacrm, operation: Operation, status: int, leak: str) -> None:
    def leaking(body: Json) -> None:
        body["error"]["message"] += leak

    reshape(wacrm, operation, leaking, status=status)


@fault("ENV-06", "the ORM's message is passed on to the client")
def missing_webhook_names_the_query(wacrm: Wacrm) -> None:
    _leak(wacrm, Operation.UPDATE_WEBHOOK, 404, " (SELECT * FROM webhook_endpoints WHERE id = $1 returned no rows)")


@fault("ENV-06", "the stack is added to errors in development, and development was never switched off")
def bad_contact_carries_a_stack_trace(wacrm: Wacrm) -> None:
    trace = (
        "\n    at validate (/app/src/lib/contacts.ts:41:11)\n    at POST (/app/src/app/api/v1/contacts/route.ts:17:5)"
    )
    _leak(wacrm, Operation.CREATE_CONTACT, 400, trace)


@fault("ENV-06", "the decoder's exception is formatted into the answer")
def bad_cursor_carries_a_traceback(wacrm: Wacrm) -> None:
    trace = ' Traceback (most recent call last): File "/srv/wacrm/pages.py", line 71, in decode'
    _leak(wacrm, Operation.LIST_CONVERSATIONS, 400, trace)


@fault("ENV-06", "the failed request to Meta is printed into the message, its token included")
def metas_refusal_carries_the_access_token(wacrm: Wacrm) -> None:
    def leaking(body: Json) -> None:
        whatsapp = wacrm.settings.accounts[0].whatsapp
        body["error"]["message"] += f" (Authorization: Bearer {whatsapp.access_token if whatsapp else ''})"

    reshape(wacrm, Operation.SEND_MESSAGE, leaking, status=502)


def _content_type(wacrm: Wacrm, match: Match, content_type: str) -> None:
    respond = wacrm.envelope.respond

    def retyped(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        response = respond(operation, status, body, headers)
        if match(operation, status, body):
            response.headers["content-type"] = content_type
        return response

    patch(wacrm.envelope, "respond", retyped)


@fault("ENV-07", "the refusal is written by the gate, which sets no content type")
def forbidden_is_plain_text(wacrm: Wacrm) -> None:
    def forbidden(_operation: Operation | None, _status: int, body: Json) -> bool:
        return bool(body.get("error", {}).get("code") == Code.FORBIDDEN)

    _content_type(wacrm, forbidden, "text/plain; charset=utf-8")


@fault("ENV-07", "the accepted broadcast is answered by hand")
def accepted_broadcast_is_plain_text(wacrm: Wacrm) -> None:
    _content_type(wacrm, lambda operation, _status, _body: operation is Operation.CREATE_BROADCAST, "text/plain")


@fault("ENV-07", "the message list is streamed, and a stream is bytes")
def message_list_is_an_octet_stream(wacrm: Wacrm) -> None:
    _content_type(
        wacrm, lambda operation, _status, _body: operation is Operation.LIST_MESSAGES, "application/octet-stream"
    )


@fault("ENV-07", "paths that no route has are answered with problem details (RFC 9457)")
def unknown_path_is_a_problem(wacrm: Wacrm) -> None:
    _content_type(wacrm, lambda operation, _status, _body: operation is None, "application/problem+json")
