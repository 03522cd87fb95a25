"""ENV-07: the content type of answers."""

from collections.abc import Mapping

from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.faults.env.envelope import Match
from reference.wacrm.faults.registry import Fault, fault
from reference.wacrm.patching.patches import patch
from reference.wacrm.patching.steps import wrap
from reference.wacrm.protocol.envelope import Code, Json
from reference.wacrm.protocol.operations import Operation


@patch
def _content_type(wacrm: Wacrm, match: Match, content_type: str) -> None:
    respond = wacrm.envelope.respond

    def retyped(operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:
        response = respond(operation, status, body, headers)
        if match(operation, status, body):
            response.headers["content-type"] = content_type
        return response

    wrap(wacrm.envelope, "respond", retyped)


ROWS = (
    Fault("ENV-07", "accepted-broadcast-is-plain-text",
          _content_type(lambda operation, _status, _body: operation is Operation.CREATE_BROADCAST, "text/plain"),
          "the 202 of a broadcast is sent as text/plain"),
    Fault("ENV-07", "message-list-is-an-octet-stream",
          _content_type(lambda operation, _status, _body: operation is Operation.LIST_MESSAGES, "application/octet-stream"),
          "the message list is streamed as application/octet-stream"),
    Fault("ENV-07", "unknown-path-is-a-problem",
          _content_type(lambda operation, _status, _body: operation is None, "application/problem+json"),
          "paths that no route has are answered with problem details (RFC 9457)"),
)  # fmt: skip


@fault("ENV-07", "the refusal is written by a middleware that sets no content type")
def forbidden_is_plain_text(wacrm: Wacrm) -> None:
    def forbidden(_operation: Operation | None, _status: int, body: Json) -> bool:
        return bool(body.get("error", {}).get("code") == Code.FORBIDDEN)

    _content_type(forbidden, "text/plain; charset=utf-8")(wacrm)
