"""`openapi.yaml` as its tests read it: references resolved, compositions followed."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.wacrm.specification import OPENAPI


def resolved(node: Mapping[str, Any]) -> dict[str, Any]:
    """The node with what its `$ref` names merged in; its own members win."""
    if "$ref" not in node:
        return dict(node)
    target: Any = OPENAPI.document
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return resolved(target) | {key: value for key, value in node.items() if key != "$ref"}


def schema(name: str) -> dict[str, Any]:
    return resolved({"$ref": f"#/components/schemas/{name}"})


def raw(label: str) -> dict[str, Any]:
    method, path = label.split()
    operation: dict[str, Any] = OPENAPI.document["paths"][path][method.lower()]
    return operation


def branches(node: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The node, and whatever its composition adds to it."""
    node = resolved(node)
    yield node
    for keyword in ("oneOf", "anyOf", "allOf"):
        for part in node.get(keyword, []):
            yield from branches(part)


def members(node: Mapping[str, Any]) -> set[str]:
    return {name for branch in branches(node) for name in branch.get("properties", {})}


def every_member() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of every schema, at any depth, with the path to it."""

    def walk(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "properties":
                    yield from ((f"{where}.{name}", member) for name, member in value.items())
                if key != "x-wacrm-tolerated":
                    yield from walk(value, f"{where}.{key}" if key != "properties" else where)

    for name, node in OPENAPI.document["components"]["schemas"].items():
        yield from walk(node, name)


def every_schema() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the schemas, tolerances aside, with the path to it."""
    yield from _objects(OPENAPI.document["components"]["schemas"], "schemas")


def _objects(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            if key != "x-wacrm-tolerated":
                yield from _objects(value, f"{where}.{key}")
    elif isinstance(node, list):
        for item in node:
            yield from _objects(item, where)
