"""Which input must be refused: what the specification forbids and its tolerances do not excuse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from conformance.contract import json_schema
from conformance.generation.traffic import ABSENT, UNPARSABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract.json_schema import Json
    from conformance.contract.openapi import Operation
    from conformance.generation.traffic import Request


@dataclass(frozen=True)
class Refusal:
    """Why a request must be refused: `$.text: expected member to, got only text`."""

    reason: str

    @property
    def where(self) -> str:
        return self.reason.partition(", got ")[0]


def must_be_refused(request: Request) -> Refusal | None:
    """The reason why no correct deployment may accept the request, or None. Query parameters are never a reason."""
    if request.operation.id_is_uuid and not json_schema.is_uuid(request.id or ""):
        return Refusal(f"path: expected a uuid, got {json_schema.shown(request.id)}")
    return body_is_refused(request)


def body_is_refused(request: Request) -> Refusal | None:
    """The reason in the body alone."""
    if not request.operation.has_body:
        return None
    body = request.json
    if body is ABSENT:
        return Refusal("body: expected JSON, got no body")
    if body is UNPARSABLE:
        return Refusal("body: expected JSON, got something else")
    problems = json_schema.problems(tolerant_schema(request.operation), body)
    return Refusal(problems[0]) if problems else None


def body_is_valid(request: Request) -> bool:
    """Whether the body, if the operation takes one, is what the specification asks for, tolerances aside."""
    if not request.operation.has_body:
        return True
    body = request.json
    unread = body is ABSENT or body is UNPARSABLE
    return not unread and not json_schema.problems(request.operation.body_schema, body)


def is_valid(request: Request) -> bool:
    """Whether id, query and body are what the specification asks for, tolerances aside."""
    id_is_valid = not request.operation.id_is_uuid or json_schema.is_uuid(request.id or "")
    return id_is_valid and _query_is_valid(request) and body_is_valid(request)


def _query_is_valid(request: Request) -> bool:
    """Whether each parameter that is a text by the specification is such a text; numbers are read in many ways."""
    schemas = request.operation.query_schemas
    texts = [(schemas[name], value) for name, value in request.query if schemas.get(name, {}).get("type") == "string"]
    return not any(json_schema.problems(schema, value) for schema, value in texts)


@cache
def tolerant_schema(operation: Operation) -> Mapping[str, Json]:
    """The schema of an operation's body, widened by every tolerance."""
    return operation.specification.widened(operation.body_schema)
