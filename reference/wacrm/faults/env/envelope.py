"""ENV-01, ENV-02, ENV-03: envelope, status and error code."""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.keys import Caller
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import answer, patch, status
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Code, Json
from reference.wacrm.protocol.operations import Operation

Match = Callable[[Operation | None, int, Json], bool]


@patch
def _instead(wacrm: Wacrm, match: Match, answer: Callable[[int, Json], Response]) -> None:
    respond = wacrm.envelope.respond

    def altered(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        if match(operation, status, body):
            return answer(status, body)
        return respond(operation, status, body, headers)

    wrap(wacrm.envelope, "respond", altered)


@patch
def _recode(wacrm: Wacrm, operation: Operation, status: int, code: str) -> None:
    def recoded(body: Json) -> None:
        body["error"]["code"] = code

    answer(operation, recoded, status=status)(wacrm)


ROWS = (
    Fault("ENV-03", "bad-contact-patch-is-a-validation-error", _recode(Operation.UPDATE_CONTACT, 400, "validation_error"),
          "one handler names its validation errors in its own way"),
    Fault("ENV-03", "bad-webhook-patch-is-422", status(Operation.UPDATE_WEBHOOK, 400, 422),
          "bad input to one route is 422, as the framework has it"),
    Fault("ENV-03", "missing-broadcast-is-broadcast-not-found", _recode(Operation.READ_BROADCAST, 404, "broadcast_not_found"),
          "a missing broadcast is named after the resource"),
)  # fmt: skip


@fault("ENV-01", "a driver that returns big integers as strings", partial(answer, Operation.LIST_WEBHOOKS))
def failure_count_is_a_string_in_the_webhook_list(body: Json) -> None:
    for endpoint in body["data"]:
        endpoint["failure_count"] = str(endpoint["failure_count"])


@fault(
    "ENV-01", "timestamps of one table are passed on as epoch milliseconds", partial(answer, Operation.READ_BROADCAST)
)
def broadcast_times_are_numbers(body: Json) -> None:
    body["data"]["created_at"] = 1_782_920_640_000


@fault(
    "ENV-01",
    "the tag's color is a column that the embedding query forgot",
    partial(answer, Operation.READ_CONVERSATION),
)
def embedded_tags_have_no_color(body: Json) -> None:
    for tag in body["data"]["contact"]["tags"]:
        del tag["color"]


@fault(
    "ENV-01",
    "null members are left out of the answer, and the last page has no cursor",
    partial(answer, Operation.LIST_MESSAGES),
)
def last_page_of_messages_has_no_cursor(body: Json) -> None:
    if body["meta"]["next_cursor"] is None:
        del body["meta"]["next_cursor"]


@fault("ENV-01", "an outer join gives null for a contact without tags", partial(answer, Operation.READ_CONTACT))
def contact_without_tags_has_null_tags(body: Json) -> None:
    body["data"]["tags"] = body["data"]["tags"] or None


@fault(
    "ENV-02",
    "paths that no route has get the framework's page",
    partial(_instead, lambda operation, status, _body: operation is None and status == HTTPStatus.NOT_FOUND),
)
def unknown_path_gets_the_frameworks_answer(_status: int, _body: Json) -> Response:
    return Response(b'{"detail":"Not Found"}', 404, media_type="application/json")


@fault("ENV-02", "a body that is no JSON ends in the parser's own answer")
def unparsable_json_gets_a_bare_error(wacrm: Wacrm) -> None:
    def bare(status: int, _body: Json) -> Response:
        return Response(b'{"error":"Unexpected token in JSON at position 0"}', status, media_type="application/json")

    def unparsable(operation: Operation | None, _status: int, body: Json) -> bool:
        return operation is Operation.UPDATE_WEBHOOK and "not valid JSON" in body.get("error", {}).get("message", "")

    _instead(unparsable, bare)(wacrm)


@fault("ENV-02", "a body that is an array is validated by another library with its own errors")
def array_body_gets_a_list_of_errors(wacrm: Wacrm) -> None:
    def listed(status: int, _body: Json) -> Response:
        body = {"errors": [{"path": [], "message": "Expected object, received array"}]}
        return Response(json.dumps(body).encode(), status, media_type="application/json")

    def no_object(operation: Operation | None, _status: int, body: Json) -> bool:
        is_broadcast = operation is Operation.CREATE_BROADCAST
        return is_broadcast and "must be a JSON object" in body.get("error", {}).get("message", "")

    _instead(no_object, listed)(wacrm)


@fault("ENV-02", "errors are answered with an HTML page when Accept prefers HTML")
def browsers_get_an_error_page(wacrm: Wacrm) -> None:
    prefers_html: ContextVar[bool] = ContextVar("prefers_html", default=False)
    admit, respond = wacrm.admission.admit, wacrm.envelope.respond

    def noted(request: Request, operation: Operation) -> Caller:
        prefers_html.set(request.headers.get("accept", "").startswith("text/html"))
        return admit(request, operation)

    def shown(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        response = respond(operation, status, body, headers)
        is_page = status >= 400 and prefers_html.get()  # noqa: PLR2004 - the first status of errors
        return HTMLResponse(f"<h1>{status}</h1>", status) if is_page else response

    wrap(wacrm.admission, "admit", noted)
    wrap(wacrm.envelope, "respond", shown)


@fault("ENV-03", "an account without WhatsApp is answered with 422")
def unconfigured_send_is_422(wacrm: Wacrm) -> None:
    respond = wacrm.envelope.respond

    def altered(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        unconfigured = body.get("error", {}).get("code") == Code.WHATSAPP_NOT_CONFIGURED
        return respond(operation, 422 if unconfigured else status, body, headers)

    wrap(wacrm.envelope, "respond", altered)
