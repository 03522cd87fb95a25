"""The load test's types say what `openapi.yaml` says."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from conformance.wacrm.specification import OPENAPI
from loadtests.users import answers
from loadtests.users.answers import Operation

OPERATIONS = [value for value in vars(answers).values() if isinstance(value, Operation)]


def resolved(schema: Any, root: Any) -> Any:
    while "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def members(schema: Any, root: Any) -> tuple[dict[str, Any], set[str]]:
    """Properties and required ones, with what `allOf` adds."""
    schema = resolved(schema, root)
    properties, required = dict(schema.get("properties", {})), set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        more, needed = members(part, root)
        properties |= more
        required |= needed
    return properties, required


def compare(kind: Any, schema: Any, root: Any) -> None:
    schema = resolved(schema, root)
    if schema.get("type") == "array":
        compare(get_args(kind)[0], schema["items"], root)
        return
    inner = next(
        (one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, msgspec.Struct)), None
    )
    if inner is None:
        return
    properties, required = members(schema, root)
    assert set(inner.__struct_fields__) <= required, inner
    for field in msgspec.structs.fields(inner):
        compare(field.type, properties[field.name], root)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
def test_methods_paths_and_statuses_are_the_contracts(operation: Operation[Any]) -> None:
    documented = OPENAPI.operation(operation.id)
    assert (operation.method, operation.path) == (documented.method, documented.path)
    assert operation.success <= set(documented.success_statuses)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
def test_members_are_required_ones_of_the_contract(operation: Operation[Any]) -> None:
    kind = operation.decoder.type
    documented = OPENAPI.operation(operation.id)
    schema = OPENAPI.schema_for(documented, max(operation.success))
    assert schema is not None
    origin_fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    properties, required = members(schema, schema)
    assert set(origin_fields) <= required
    for name, inner in origin_fields.items():
        compare(inner, properties[name], schema)


def test_an_answer_with_a_wrong_type_is_refused() -> None:
    data = {
        "message_id": 5,
        "whatsapp_message_id": "w",
        "conversation_id": "c",
        "contact_id": "k",
        "contact_created": True,
    }
    body = msgspec.json.encode({"data": data})
    with pytest.raises(msgspec.ValidationError, match="message_id"):
        answers.SEND_MESSAGE.decoder.decode(body)


def test_further_members_are_let_pass() -> None:
    assert (
        answers.FAILURE.decode(b'{"error": {"code": "x", "message": "y", "request_id": 1}, "fork": 2}').error.code
        == "x"
    )
