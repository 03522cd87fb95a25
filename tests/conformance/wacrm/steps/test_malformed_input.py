"""The catalogue of malformed input, and how it is put into bodies and paths."""

from __future__ import annotations

import json
import uuid

import pytest

from conformance.wacrm.steps import malformed_input

BODY = {"to": "+12025550100", "recipients": [{"to": "+12025550101", "params": ["x", "y"]}], "tags": []}


def test_pointers_name_every_member_and_the_first_item_of_a_list() -> None:
    assert list(malformed_input.pointers(BODY)) == [
        ("to",),
        ("recipients",),
        ("recipients", 0),
        ("recipients", 0, "to"),
        ("recipients", 0, "params"),
        ("recipients", 0, "params", 0),
        ("tags",),
    ]


def test_a_body_without_members_has_no_pointers() -> None:
    assert not list(malformed_input.pointers("text"))
    assert not list(malformed_input.pointers({}))


def test_one_value_is_replaced_and_the_rest_is_kept() -> None:
    raw = malformed_input.with_value_at(BODY, ("recipients", 0, "params"), b"null")
    changed = json.loads(raw)
    assert changed["recipients"] == [{"to": "+12025550101", "params": None}]
    assert changed["to"] == BODY["to"]
    assert json.loads(malformed_input.with_value_at(BODY, ("to",), b'"x"'))["to"] == "x"


def test_the_given_body_is_not_changed() -> None:
    before = json.dumps(BODY)
    malformed_input.with_value_at(BODY, ("recipients", 0, "to"), b"1")
    assert json.dumps(BODY) == before


@pytest.mark.parametrize("kind", malformed_input.JSON_VALUES)
def test_json_values_are_json(kind: str) -> None:
    json.loads(malformed_input.JSON_VALUES[kind])


@pytest.mark.parametrize("kind", malformed_input.UNPARSABLE)
def test_unparsable_bodies_are_not_json(kind: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON or UTF-8, either will do
        json.loads(malformed_input.UNPARSABLE[kind])


@pytest.mark.parametrize("kind", malformed_input.NOT_OBJECTS)
def test_bodies_that_are_not_objects_are_json(kind: str) -> None:
    assert not isinstance(json.loads(malformed_input.NOT_OBJECTS[kind]), dict)


@pytest.mark.parametrize("id_", malformed_input.INVALID_UUIDS)
def test_invalid_uuids_are_invalid(id_: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - uuid says no more
        uuid.UUID(id_)


def test_an_escaped_id_is_one_segment_of_a_path() -> None:
    for id_ in (*malformed_input.INVALID_UUIDS, *malformed_input.MALFORMED_IDS):
        assert not set(malformed_input.escaped(id_)) & set("/?# ")
    assert malformed_input.escaped("\ud800") == "%ED%A0%80"


def test_queries_take_the_parameters_name() -> None:
    assert malformed_input.QUERIES["twice"].format("limit") == "limit=1&limit=2"
    assert set(malformed_input.PAGING_QUERIES) <= set(malformed_input.QUERIES)
