from __future__ import annotations

from typing import Any

import pytest

from conformance.wacrm.steps.outbound_messages import TYPES, normalized, parameter, sample, template


def body(kind: str, payload: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": "12025550100", "type": kind, kind: payload}


@pytest.mark.parametrize("kind", TYPES)
def test_a_samples_request_matches_what_meta_must_get(kind: str) -> None:
    made = sample(kind, "word")
    assert made.to("+12025550100")["type"] == kind
    assert normalized(body(kind, made.wire)) == made.wire


def test_a_missing_type_is_text() -> None:
    assert normalized({"to": "1", "text": {"body": "hello"}}) == {"body": "hello"}


@pytest.mark.parametrize(
    ("kind", "payload", "meaning"),
    [
        ("text", {"body": "a", "preview_url": True}, {"body": "a"}),
        ("image", {"link": "l", "caption": ""}, {"link": "l"}),
        ("document", {"link": "l", "caption": None, "filename": None}, {"link": "l"}),
        ("template", {"name": "n", "language": {"code": "it", "policy": "deterministic"}, "components": []},
         {"name": "n", "language": {"code": "it"}}),
    ],
)  # fmt: skip
def test_members_without_meaning_are_left_out(kind: str, payload: Any, meaning: Any) -> None:
    assert normalized(body(kind, payload)) == meaning


def test_components_compare_in_any_order_and_case() -> None:
    header = {"type": "HEADER", "parameters": [parameter("h")]}
    button = {"type": "button", "sub_type": "URL", "index": 0, "parameters": [parameter("b")]}
    one, other = ({"components": parts} for parts in ([header, button], [button, header]))
    assert normalized(body("template", one)) == normalized(body("template", other))
    assert normalized(body("template", one))["components"][0]["index"] == "0"


def test_parameter_values_are_unchanged() -> None:
    strange = " Type\r\nÉ́ "
    made = template("n", "it", strange, strange)
    assert normalized(body("template", made.wire))["components"][0]["parameters"] == [parameter(strange)] * 2


@pytest.mark.parametrize("nothing", [None, [], "text", {"type": "image"}, {"type": []}, {"text": "bare"}])
def test_anything_but_a_message_gives_an_empty_object(nothing: Any) -> None:
    assert normalized(nothing) == {}
