"""A generated request, and the function through which it leaves."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract.json_schema import Json
    from conformance.contract.openapi import Operation, Specification

UNPARSABLE = object()
"""What `Request.json` is for a body that is no JSON."""
ABSENT = object()
"""What `Request.json` is without a body."""


class Answer(Protocol):
    """What came back: `probe.Exchange` is one."""

    @property
    def status(self) -> int | None: ...
    @property
    def answer_headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...


class Send(Protocol):
    """Sends a request, with a key of its own choice, and waits for the answer; `probe.Api.call` is one.

    `path` begins after the base path and includes the query. Raises what the caller of `run` is to see.
    """

    def __call__(self, method: str, path: str, *, content: bytes | None, headers: Mapping[str, str]) -> Answer: ...


@dataclass(frozen=True)
class Request:
    """A request to one of the operations. `id` is the path's, decoded; `body` is None when there is none."""

    operation: Operation
    id: str | None
    query: tuple[tuple[str, str], ...]
    body: bytes | None

    @property
    def path(self) -> str:
        """Path and query, encoded."""
        path = self.operation.url(quote(self.id or "", safe=""))
        return f"{path}?{urlencode(self.query)}" if self.query else path

    @property
    def json(self) -> Json:
        """The body's value, `ABSENT` or `UNPARSABLE`."""
        if self.body is None:
            return ABSENT
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return UNPARSABLE

    @property
    def size(self) -> int:
        """How much a person has to read to understand it."""
        return len(self.path) + len(self.body or b"")

    @property
    def kind(self) -> str:
        """The collection that the operation is about: `contacts`."""
        return self.operation.path.split("/")[1]

    def with_json(self, value: Json) -> Request:
        return replace(self, body=json.dumps(value).encode())


def read(specification: Specification, method: str, url: str, body: bytes | None) -> Request | None:
    """The request that Schemathesis prepared; None when its path is no operation's."""
    split = urlsplit(url)
    for operation in specification.operations:
        found = re.fullmatch(".*/api/v1" + operation.url("(?P<id>[^/]*)"), split.path)
        if found and operation.method == method:
            id_ = unquote(found["id"]) if operation.takes_id else None
            return Request(operation, id_, tuple(parse_qsl(split.query, keep_blank_values=True)), body or None)
    return None


def send(request: Request, through: Send) -> Answer:
    """Send it, as JSON whatever it is."""
    headers: dict[str, str] = {"Content-Type": "application/json"} if request.body is not None else {}
    return through(request.operation.method, request.path, content=request.body, headers=headers)


def answer_json(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    """The answer's value; `ABSENT` without a body, `UNPARSABLE` when it is no JSON."""
    if not answer.content:
        return ABSENT
    try:
        return json.loads(answer.content)
    except ValueError:
        return UNPARSABLE
