"""Meta's refusals and the envelope they come in (fact sheet 3.2, 3.5, 4.1-4.4)."""

from dataclasses import dataclass
from typing import Any

from mock_meta.protocol.error_codes import code_row

OAUTH = "OAuthException"
GRAPH_METHOD = "GraphMethodException"
_TRANSIENT = frozenset({1, 2, 4})
_DOCS = "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"


_UNPREFIXED = frozenset({104, 190})


class GraphError(Exception):
    """A refusal in Meta's terms. ``message`` is what stands in ``error.message``, prefix included."""

    def __init__(self, body: "ErrorBody") -> None:
        super().__init__(body.message)
        self.body = body


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error envelope is made of; ``http`` is the answer's status."""

    code: int
    message: str
    http: int
    details: str | None = None
    kind: str = OAUTH
    subcode: int | None = None
    transient: bool | None = None
    user_title: str | None = None
    user_msg: str | None = None


def error_body(code: int, details: str | None = None, message: str | None = None, http: int | None = None) -> ErrorBody:
    """The synchronous error for a code. An unknown code is a plain 400 with the given text."""
    row = code_row(code)
    text = row.title if code in _UNPREFIXED else f"(#{code}) {row.title}"
    transient = True if code in _TRANSIENT else None
    return ErrorBody(code, message or text, http or row.http, details or row.details, transient=transient)


def refuse(code: int, details: str | None = None, *, message: str | None = None) -> GraphError:
    """The error to raise for a code; ``details`` default to Meta's usual ones."""
    return GraphError(error_body(code, details, message))


def invalid(text: str) -> GraphError:
    """Code 100 with its own sentence and no ``error_data``: ``(#100) The parameter to is required.``"""
    return GraphError(ErrorBody(100, f"(#100) {text}", 400))


def too_large() -> "ErrorBody":
    """A body beyond the limit: the status is HTTP's own (RFC 9110, section 15.5.14), the text is in Meta's style."""
    return ErrorBody(100, "(#100) The request body is too large.", 413)


def management(subcode: int, title: str, text: str) -> GraphError:
    """Template management: code 100 with a subcode and the two user-facing members (13.6)."""
    body = ErrorBody(
        100, "Invalid parameter", 400, None, OAUTH, subcode, transient=False, user_title=title, user_msg=text
    )
    return GraphError(body)


def unknown_object(method: str, node_id: str) -> GraphError:
    """An id that the token cannot see: HTTP 400, 100/33, the verb as called (3.4)."""
    text = (
        f"Unsupported {method.lower()} request. Object with ID '{node_id}' does not exist, cannot be loaded due to "
        f"missing permissions, or does not support this operation. {_DOCS}"
    )
    return GraphError(ErrorBody(100, text, 400, None, GRAPH_METHOD, 33))


def unsupported_request(method: str) -> GraphError:
    """The root, or a method that Graph does not know."""
    return GraphError(ErrorBody(100, f"Unsupported {method.lower()} request. {_DOCS}", 400, None, GRAPH_METHOD))


def unknown_path(components: str) -> GraphError:
    return GraphError(ErrorBody(2500, f"Unknown path components: /{components}", 400))


def unknown_alias(alias: str) -> GraphError:
    return GraphError(ErrorBody(803, f"(#803) Some of the aliases you requested do not exist: {alias}", 404))


def envelope(body: ErrorBody, trace: str) -> dict[str, Any]:
    """``{"error": {...}}`` with the members in Meta's order; absent members are left out."""
    data = {"messaging_product": "whatsapp", "details": body.details} if body.details else None
    members = {
        "message": body.message,
        "type": body.kind,
        "code": body.code,
        "error_data": data,
        "error_subcode": body.subcode,
        "is_transient": body.transient,
        "error_user_title": body.user_title,
        "error_user_msg": body.user_msg,
        "fbtrace_id": trace,
    }
    return {"error": {name: value for name, value in members.items() if value is not None}}


def webhook_error(code: int, details: str | None = None, title: str | None = None) -> dict[str, Any]:
    """An element of ``statuses[].errors``: title and message are the same text (16.1), and there is no ``href`` (20.1)."""
    row = code_row(code)
    text = title or row.title
    shown = details or row.details or text
    return {"code": code, "title": text, "message": text, "error_data": {"details": shown}}
