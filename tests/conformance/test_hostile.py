"""The catalogue of hostile input, and how it is put into bodies and paths."""

from __future__ import annotations

import json
import uuid

import pytest

from conformance import hostile

BODY = {"to": "+12025550100", "recipients": [{"to": "+12025550101", "params": ["x", "y"]}], "tags": []}


def test_pointers_name_every_member_and_the_first_item_of_a_list() -> None:
    assert list(hostile.pointers(BODY)) == [
        ("to",),
        ("recipients",),
        ("recipients", 0),
        ("recipients", 0, "to"),
        ("recipients", 0, "params"),
        ("recipients", 0, "params", 0),
        ("tags",),
    ]


def test_a_body_without_members_has_no_pointers() -> None:
    assert not list(hostile.pointers("text"))
    assert not list(hostile.pointers({}))


def test_a_token_takes_one_place_and_leaves_the_rest() -> None:
    raw = hostile.placed(BODY, ("recipients", 0, "params"), b"null")
    changed = json.loads(raw)
    assert changed["recipients"] == [{"to": "+12025550101", "params": None}]
    assert changed["to"] == BODY["to"]
    assert json.loads(hostile.placed(BODY, ("to",), b'"x"'))["to"] == "x"


def test_placing_does_not_change_the_body_it_is_given() -> None:
    before = json.dumps(BODY)
    hostile.placed(BODY, ("recipients", 0, "to"), b"1")
    assert json.dumps(BODY) == before


@pytest.mark.parametrize("kind", hostile.TOKENS)
def test_tokens_are_json_texts(kind: str) -> None:
    json.loads(hostile.TOKENS[kind])


@pytest.mark.parametrize("kind", hostile.UNPARSABLE)
def test_unparsable_bodies_are_none(kind: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON or UTF-8, either will do
        json.loads(hostile.UNPARSABLE[kind])


@pytest.mark.parametrize("kind", hostile.NOT_OBJECTS)
def test_bodies_that_are_no_objects_are_json_all_the_same(kind: str) -> None:
    assert not isinstance(json.loads(hostile.NOT_OBJECTS[kind]), dict)


@pytest.mark.parametrize("id_", hostile.IMPOSSIBLE_IDS)
def test_impossible_ids_are_no_uuids(id_: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - uuid says no more
        uuid.UUID(id_)


def test_an_escaped_id_is_one_segment_of_a_path() -> None:
    for id_ in (*hostile.IMPOSSIBLE_IDS, *hostile.HOSTILE_IDS):
        assert not set(hostile.escaped(id_)) & set("/?# ")
    assert hostile.escaped("\ud800") == "%ED%A0%80"


def test_queries_take_the_parameters_name() -> None:
    assert hostile.QUERIES["twice"].format("limit") == "limit=1&limit=2"
    assert set(hostile.OF_PAGING) <= set(hostile.QUERIES)
