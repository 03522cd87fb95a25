"""Reading a control request's body."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from mock_meta.control.shapes import ControlError, explain
from mock_meta.mock import Mock
from mock_meta.protocol.strict_json import parse_json

Body = TypeVar("Body", bound=BaseModel)


def mock_of(request: Request) -> Mock:
    mock = request.app.state.mock
    assert isinstance(mock, Mock)
    return mock


async def body_as(request: Request, model: type[Body]) -> Body:
    """The request's JSON as a shape; an empty body is an empty object. Raises ControlError."""
    raw = await request.body()
    try:
        document = parse_json(raw) if raw else {}
    except ValueError as problem:
        raise ControlError(f"the body is not JSON: {problem}") from problem
    return as_shape(document, model)


def as_shape(document: Any, model: type[Body]) -> Body:  # noqa: ANN401  # JSON comes in
    if not isinstance(document, dict):
        raise ControlError(f"the body must be a JSON object, not {type(document).__name__}")
    try:
        return model.model_validate(document)
    except ValidationError as problem:
        raise explain(problem, model) from problem
