"""An OpenAPI document as checks read it: operations, and whether an answer is what they document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from conformance.contract import json_schema as jsonschema_2020

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract.json_schema import Json

_FOLDERS = (Path(__file__).parent, Path(__file__).parents[2])
METHODS = ("get", "post", "patch", "delete", "put")
_PARAMETER = re.compile(r"\{\w+\}")


class ContractError(LookupError):
    """The document is not there, or has no such operation or event."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One of an API's operations.

    `path` is relative to the base path, with at most one parameter in braces: `/contacts/{id}`. `scope` is None where
    any valid key will do. `statuses` are all documented ones, `success_statuses` the 2xx among them. `id_is_uuid` says
    that the path's parameter is documented as a UUID.
    """

    id: str
    method: str
    path: str
    scope: str | None
    statuses: tuple[int, ...]
    has_body: bool
    id_is_uuid: bool
    specification: Specification = field(repr=False)

    @property
    def success_statuses(self) -> tuple[int, ...]:
        return tuple(status for status in self.statuses if 200 <= status < 300)  # noqa: PLR2004

    @property
    def label(self) -> str:
        """`PATCH /contacts/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def takes_id(self) -> bool:
        return _PARAMETER.search(self.path) is not None

    @property
    def body_schema(self) -> Mapping[str, Json]:
        """The schema of the request's body, self-contained. Raises ContractError for an operation without one."""
        return self.specification.body_schema(self)

    @property
    def query_schemas(self) -> Mapping[str, Mapping[str, Json]]:
        """The schemas of the query parameters by name."""
        return self.specification.query_schemas(self)

    def url(self, id_: str = "") -> str:
        """The path with its parameter filled in."""
        return _PARAMETER.sub(lambda _: id_, self.path)


class Specification:
    """One document, `openapi.yaml`: inside the installed package, else at the root of the checkout.

    `extension` begins the names of its own members: `x-wacrm-scope` is the scope that an operation needs, and
    `x-wacrm-tolerated` a wider schema of input that a correct deployment may accept as well.
    """

    def __init__(self, name: str, extension: str) -> None:
        self.name, self.extension = name, extension
        self._answers: dict[tuple[str, int], Mapping[str, Json] | None] = {}

    @property
    def location(self) -> Path:
        """Where the document is. Raises ContractError."""
        for folder in _FOLDERS:
            if (path := folder / self.name).is_file():
                return path
        raise ContractError(f"{self.name} is neither in {_FOLDERS[0]} nor in {_FOLDERS[1]}")

    @cached_property
    def document(self) -> Mapping[str, Json]:
        """The parsed document. It is shared: treat it as read-only."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = self.location.read_text(encoding="utf-8")
        document: Mapping[str, Json] = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
        return document

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """All operations in the document's order."""
        return tuple(
            self._operation(path, method)
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        )

    def operation(self, operation_id: str) -> Operation:
        """The operation with that operationId. Raises ContractError."""
        for candidate in self.operations:
            if candidate.id == operation_id:
                return candidate
        known = ", ".join(candidate.id for candidate in self.operations)
        raise ContractError(f"no operation {operation_id!r}; there are {known}")

    def schema_for(self, operation: Operation, status: int) -> Mapping[str, Json] | None:
        """The schema of the JSON answer with its tolerances, self-contained; None where the status is undocumented or
        has no body.
        """
        if (operation.id, status) not in self._answers:
            content = self._response(operation, status).get("content")
            schema = self.widened(self._standalone(content["application/json"]["schema"])) if content else None
            self._answers[operation.id, status] = schema
        return self._answers[operation.id, status]

    def body_schema(self, operation: Operation) -> Mapping[str, Json]:
        """As `Operation.body_schema`."""
        if not operation.has_body:
            raise ContractError(f"{operation.label} takes no body")
        body = self._raw(operation)["requestBody"]
        return self._standalone(body["content"]["application/json"]["schema"])

    def query_schemas(self, operation: Operation) -> Mapping[str, Mapping[str, Json]]:
        """As `Operation.query_schemas`."""
        parameters = [self._resolved(one) for one in self._raw(operation).get("parameters", ())]
        return {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}

    def validate(self, operation_id: str, status: int, body: Json) -> list[str]:
        """What is wrong with an answer's status and JSON body; empty when it is as documented.

        `body` is None for an answer without a body. Each problem is `path: expected …, got …`.
        """
        wanted = self.operation(operation_id)
        if status not in wanted.statuses:
            documented = ", ".join(map(str, wanted.statuses))
            return [f"status: expected one of {documented}, got {status}"]
        schema = self.schema_for(wanted, status)
        if schema is None:
            return [] if body is None else [f"$: expected no body with {status}, got {jsonschema_2020.shown(body)}"]
        return jsonschema_2020.problems(schema, body)

    def validate_headers(self, operation_id: str, status: int, headers: Mapping[str, str]) -> list[str]:
        """What is wrong with an answer's headers: the documented ones are there and have the documented values."""
        lowered = {name.lower(): value for name, value in headers.items()}
        documented = self._response(self.operation(operation_id), status).get("headers", {})
        found = [_header_problem(n, self._resolved(header), lowered.get(n.lower())) for n, header in documented.items()]
        return [problem for problem in found if problem is not None]

    def validate_event(self, event: str, body: Json) -> list[str]:
        """What is wrong with the body of an outbound webhook delivery of `event`."""
        try:
            item = self.document["webhooks"][event]["post"]
        except KeyError:
            known = ", ".join(self.document["webhooks"])
            raise ContractError(f"no event {event!r}; there are {known}") from None
        schema = self._standalone(item["requestBody"]["content"]["application/json"]["schema"])
        return jsonschema_2020.problems(schema, body)

    def widened(self, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """The schema with every tolerance in the place of what it widens."""
        wider: Mapping[str, Json] = _widened(schema, f"{self.extension}-tolerated")
        return wider

    def _operation(self, path: str, method: str) -> Operation:
        raw = self.document["paths"][path][method]
        statuses = tuple(int(status) for status in raw["responses"])
        scope = raw.get(f"{self.extension}-scope")
        in_path = [
            self._resolved(p) for p in (*self.document["paths"][path].get("parameters", ()), *raw.get("parameters", ()))
        ]
        uuids = any(p["in"] == "path" and p["schema"].get("format") == "uuid" for p in in_path)
        return Operation(raw["operationId"], method.upper(), path, scope, statuses, "requestBody" in raw, uuids, self)

    def _raw(self, operation: Operation) -> Mapping[str, Json]:
        raw: Mapping[str, Json] = self.document["paths"][operation.path][operation.method.lower()]
        return raw

    def _response(self, operation: Operation, status: int) -> Mapping[str, Json]:
        return self._resolved(self._raw(operation)["responses"].get(str(status), {}))

    def _resolved(self, node: Mapping[str, Json]) -> Mapping[str, Json]:
        """The node that a local `$ref` names, or the node itself."""
        if "$ref" not in node:
            return node
        target: Json = self.document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return self._resolved(target)

    def _standalone(self, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """The schema with the components beside it, so that its local references resolve without the document."""
        return {**schema, "components": {"schemas": self.document["components"]["schemas"]}}


def _widened(node: Any, tolerated: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        return [_widened(item, tolerated) for item in node]
    if not isinstance(node, dict):
        return node
    if tolerated in node:
        return _widened(node[tolerated], tolerated)
    # Tolerances may make the branches of a `oneOf` overlap.
    return {"anyOf" if key == "oneOf" else key: _widened(value, tolerated) for key, value in node.items()}


def _header_problem(name: str, header: Mapping[str, Json], value: str | None) -> str | None:
    if value is None:
        return f"header {name}: expected {header['schema']['type']}, got no such header" if header["required"] else None
    typed: Json = int(value) if header["schema"]["type"] == "integer" and value.strip().isdecimal() else value
    found = jsonschema_2020.problems(header["schema"], typed)
    return f"header {name}: {found[0].removeprefix('$: ')}" if found else None
