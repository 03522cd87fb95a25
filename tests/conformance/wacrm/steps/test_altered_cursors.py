from __future__ import annotations

import base64
import json

import pytest

from conformance.wacrm.steps.altered_cursors import NEVER_ISSUED, WRONG_VALUES, altered


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(cursor: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return None


@pytest.mark.parametrize(
    "cursor", [encoded('{"created_at": "2026", "id": "x"}'), encoded("2026|x"), "opaque-7f", "1", "12"]
)
def test_no_altered_form_equals_the_cursor(cursor: str) -> None:
    forms = altered(cursor)
    assert cursor not in forms
    assert len(forms) == len(set(forms)) >= 8


def parsed(form: str) -> object:
    try:
        return json.loads(decoded(form) or "")
    except ValueError:
        return None


@pytest.mark.parametrize("members", [{"created_at": "2026", "id": "x"}, ["2026", "x"]])
def test_each_value_of_a_json_cursor_is_replaced_by_each_wrong_one(members: object) -> None:
    found = [parsed(form) for form in altered(encoded(json.dumps(members)))]
    replaced = [value for value in found if isinstance(value, type(members)) and value != members]
    assert len(replaced) == 2 * len(WRONG_VALUES)


def test_each_part_of_a_text_cursor_is_replaced() -> None:
    texts = [decoded(form) for form in altered(encoded("2026|x"))]
    assert "infinity|x" in texts
    assert "2026|infinity" in texts


def test_never_issued_cursors_differ() -> None:
    assert len(set(NEVER_ISSUED)) == len(NEVER_ISSUED)
