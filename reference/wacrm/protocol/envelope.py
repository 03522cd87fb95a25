"""One envelope for every answer under `/api/v1` (seeds: API overview)."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from starlette.responses import Response

from reference.wacrm.protocol.operations import Operation

Json = dict[str, Any]


class Code(StrEnum):
    BAD_REQUEST = "bad_request"
    WHATSAPP_NOT_CONFIGURED = "whatsapp_not_configured"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    INTERNAL = "internal"
    TEMPLATE_MALFORMED = "template_malformed"
    META_ERROR = "meta_error"


STATUS: Mapping[Code, int] = {
    Code.BAD_REQUEST: 400,
    Code.WHATSAPP_NOT_CONFIGURED: 400,
    Code.UNAUTHORIZED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.RATE_LIMITED: 429,
    Code.INTERNAL: 500,
    Code.TEMPLATE_MALFORMED: 500,
    Code.META_ERROR: 502,
}


class ApiError(Exception):
    """A failure that the client gets as an answer; `message` is for people and carries nothing internal."""

    def __init__(self, code: Code, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def bad_request(message: str) -> ApiError:
    return ApiError(Code.BAD_REQUEST, message)


def not_found() -> ApiError:
    """The same words for what does not exist and for what is another account's."""
    return ApiError(Code.NOT_FOUND, "The requested resource was not found.")


class Envelope:
    """Builds answers. Each step gets the operation, None outside of any."""

    def one(self, operation: Operation, data: Json, status: int = 200) -> Response:
        return self.respond(operation, status, {"data": data}, {})

    def page(self, operation: Operation, data: list[Json], next_cursor: str | None) -> Response:
        return self.respond(operation, 200, {"data": data, "meta": {"next_cursor": next_cursor}}, {})

    def failure(self, operation: Operation | None, error: ApiError) -> Response:
        body = {"error": {"code": error.code, "message": error.message}}
        return self.respond(operation, STATUS[error.code], body, error.headers)

    def unrouted(self, status: int) -> Response:  # noqa: ARG002 - the step knows an unknown path (404) from a wrong method (405)
        """The answer where no route is: both are nothing that the API has."""
        return self.failure(None, not_found())

    def respond(self, operation: Operation | None, status: int, body: Json, headers: Mapping[str, str]) -> Response:  # noqa: ARG002 - the step at which one operation's answer can be told from another's
        content = json.dumps(body, separators=(",", ":")).encode()
        return Response(content, status, dict(headers), media_type="application/json")
