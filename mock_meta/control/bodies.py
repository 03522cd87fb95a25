"""The bodies of control calls: what they have in common, and how they are read."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from mock_meta.control.errors import ControlError, explain
from mock_meta.mock import Mock
from mock_meta.protocol.call import MOST_FILE_BYTES
from mock_meta.protocol.connection import BodyTooLargeError, read_body
from mock_meta.protocol.strict_json import parse_json

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """What a control call takes. Unknown members are refused, with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def mock_of(request: Request) -> Mock:
    mock = request.app.state.mock
    assert isinstance(mock, Mock)
    return mock


async def raw_body(request: Request) -> bytes:
    """The request's bytes. Raises ControlError 413 for more than the mock takes at once."""
    try:
        return await read_body(request.receive, MOST_FILE_BYTES) or b""
    except BodyTooLargeError as problem:
        raise ControlError(f"the body has more than {MOST_FILE_BYTES} bytes", 413) from problem


async def body_as(request: Request, model: type[Model]) -> Model:
    """The request's JSON as a model; an empty body is an empty object. Raises ControlError."""
    raw = await raw_body(request)
    try:
        document = parse_json(raw) if raw else {}
    except ValueError as problem:
        raise ControlError(f"the body is not JSON: {problem}") from problem
    return as_body(document, model)


def as_body(document: Any, model: type[Model]) -> Model:  # noqa: ANN401  # JSON comes in
    if not isinstance(document, dict):
        raise ControlError(f"the body must be a JSON object, not {type(document).__name__}")
    try:
        return model.model_validate(document)
    except ValidationError as problem:
        raise explain(problem, model) from problem
