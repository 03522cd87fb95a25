"""`openapi.yaml` as the judge reads it: operations, and whether an answer is what they document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from conformance.contract import json_schema as jsonschema_2020

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract.json_schema import Json

_IN_PACKAGE = Path(__file__).with_name("openapi.yaml")
_IN_CHECKOUT = Path(__file__).parents[2] / "openapi.yaml"

METHODS = ("get", "post", "patch", "delete", "put")


class ContractError(LookupError):
    """`openapi.yaml` is not there, or has no such operation or event."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the API's operations.

    `path` is relative to the base path, with parameters in braces: `/contacts/{id}`. `scope` is None where any
    valid key will do. `statuses` are all documented ones, `success_statuses` the 2xx among them.
    """

    id: str
    method: str
    path: str
    scope: str | None
    statuses: tuple[int, ...]
    has_body: bool

    @property
    def success_statuses(self) -> tuple[int, ...]:
        return tuple(status for status in self.statuses if 200 <= status < 300)  # noqa: PLR2004

    @property
    def label(self) -> str:
        """`PATCH /contacts/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def takes_id(self) -> bool:
        return "{id}" in self.path

    def url(self, id_: str = "") -> str:
        """The path with its id filled in."""
        return self.path.replace("{id}", id_)


def location() -> Path:
    """Where `openapi.yaml` is: inside the installed package, else at the root of the checkout."""
    for path in (_IN_PACKAGE, _IN_CHECKOUT):
        if path.is_file():
            return path
    raise ContractError(f"openapi.yaml is neither at {_IN_PACKAGE} nor at {_IN_CHECKOUT}")


@cache
def document() -> Mapping[str, Json]:
    """The parsed document. It is shared: treat it as read-only."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Mapping[str, Json] = yaml.load(location().read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
    return document


@cache
def operations() -> tuple[Operation, ...]:
    """The 16 operations in the document's order."""
    return tuple(
        _operation(path, method, item[method])
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    )


def operation(operation_id: str) -> Operation:
    """The operation with that operationId."""
    for candidate in operations():
        if candidate.id == operation_id:
            return candidate
    known = ", ".join(candidate.id for candidate in operations())
    raise ContractError(f"no operation {operation_id!r}; there are {known}")


def schema_for(operation: Operation, status: int) -> Mapping[str, Json] | None:
    """The schema of the JSON answer, self-contained; None where the status is undocumented or has no body."""
    content = _response(operation, status).get("content")
    return _standalone(content["application/json"]["schema"]) if content else None


def body_schema(operation: Operation) -> Mapping[str, Json]:
    """The schema of the request's body, self-contained. Raises ContractError for an operation without one."""
    if not operation.has_body:
        raise ContractError(f"{operation.label} takes no body")
    body = _raw(operation)["requestBody"]
    return _standalone(body["content"]["application/json"]["schema"])


def validate(operation_id: str, status: int, body: Json) -> list[str]:
    """What is wrong with an answer's status and JSON body; empty when it is as documented.

    `body` is None for an answer without a body. Each problem is `path: expected …, got …`.
    """
    wanted = operation(operation_id)
    if status not in wanted.statuses:
        documented = ", ".join(map(str, wanted.statuses))
        return [f"status: expected one of {documented}, got {status}"]
    schema = schema_for(wanted, status)
    if schema is None:
        return [] if body is None else [f"$: expected no body with {status}, got {jsonschema_2020.shown(body)}"]
    return jsonschema_2020.problems(schema, body)


def validate_headers(operation_id: str, status: int, headers: Mapping[str, str]) -> list[str]:
    """What is wrong with an answer's headers: the documented ones are there and have the documented values."""
    lowered = {name.lower(): value for name, value in headers.items()}
    documented = _response(operation(operation_id), status).get("headers", {})
    found = [_header_problem(name, _resolved(header), lowered.get(name.lower())) for name, header in documented.items()]
    return [problem for problem in found if problem is not None]


def validate_event(event: str, body: Json) -> list[str]:
    """What is wrong with the body of an outbound webhook delivery of `event`."""
    try:
        item = document()["webhooks"][event]["post"]
    except KeyError:
        known = ", ".join(document()["webhooks"])
        raise ContractError(f"no event {event!r}; there are {known}") from None
    return jsonschema_2020.problems(_standalone(item["requestBody"]["content"]["application/json"]["schema"]), body)


def _operation(path: str, method: str, raw: Mapping[str, Json]) -> Operation:
    statuses = tuple(int(status) for status in raw["responses"])
    return Operation(raw["operationId"], method.upper(), path, raw["x-wacrm-scope"], statuses, "requestBody" in raw)


def _raw(operation: Operation) -> Mapping[str, Json]:
    raw: Mapping[str, Json] = document()["paths"][operation.path][operation.method.lower()]
    return raw


def _response(operation: Operation, status: int) -> Mapping[str, Json]:
    return _resolved(_raw(operation)["responses"].get(str(status), {}))


def _resolved(node: Mapping[str, Json]) -> Mapping[str, Json]:
    """The node that a local `$ref` names, or the node itself."""
    if "$ref" not in node:
        return node
    target: Json = document()
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return _resolved(target)


def _standalone(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    """The schema with the components beside it, so that its local references resolve without the document."""
    return {**schema, "components": {"schemas": document()["components"]["schemas"]}}


def _header_problem(name: str, header: Mapping[str, Json], value: str | None) -> str | None:
    if value is None:
        return f"header {name}: expected {header['schema']['type']}, got no such header" if header["required"] else None
    typed: Json = int(value) if header["schema"]["type"] == "integer" and value.strip().isdecimal() else value
    found = jsonschema_2020.problems(header["schema"], typed)
    return f"header {name}: {found[0].removeprefix('$: ')}" if found else None
