from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.target.verdicts import Mismatch, NoVerdict
from conformance.wacrm.steps.messages import TYPES, parameter, said, sample, taken, template


def body(kind: str, payload: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": "12025550100", "type": kind, kind: payload}


@pytest.mark.parametrize("kind", TYPES)
def test_a_sample_says_what_its_wire_says(kind: str) -> None:
    made = sample(kind, "word")
    assert made.to("+12025550100")["type"] == kind
    assert said(body(kind, made.wire)) == made.wire


def test_a_missing_type_is_text() -> None:
    assert said({"to": "1", "text": {"body": "hello"}}) == {"body": "hello"}


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
def test_what_has_no_meaning_is_left_out(kind: str, payload: Any, meaning: Any) -> None:
    assert said(body(kind, payload)) == meaning


def test_components_compare_in_any_order_and_case() -> None:
    header = {"type": "HEADER", "parameters": [parameter("h")]}
    button = {"type": "button", "sub_type": "URL", "index": 0, "parameters": [parameter("b")]}
    one, other = ({"components": parts} for parts in ([header, button], [button, header]))
    assert said(body("template", one)) == said(body("template", other))
    assert said(body("template", one))["components"][0]["index"] == "0"


def test_values_are_never_touched() -> None:
    strange = " Type\r\nÉ́ "
    made = template("n", "it", strange, strange)
    assert said(body("template", made.wire))["components"][0]["parameters"] == [parameter(strange)] * 2


@pytest.mark.parametrize("nothing", [None, [], "text", {"type": "image"}, {"type": []}, {"text": "bare"}])
def test_what_is_no_message_says_nothing(nothing: Any) -> None:
    assert said(nothing) == {}


def answered(status: int, sent: dict[str, Any]) -> Exchange:
    content = httpx.Response(status, json={"data": {"message_id": "m"}}).content
    return Exchange(
        "POST", "http://x/messages", {}, json.dumps(sent).encode(), None, status, httpx.Headers(), content, 0.0, 0.0
    )


def account(status: int, asked: list[dict[str, Any]]) -> Any:
    """An account to which every further send is answered with `status`."""

    def post(_path: str, sent: dict[str, Any]) -> Exchange:
        asked.append(sent)
        return answered(status, sent)

    return SimpleNamespace(api=SimpleNamespace(post=post), numbers=SimpleNamespace(fresh=lambda: "+2"))


REPLY = {"to": "+1", "type": "image", "reply_to_message_id": "q"}


def test_a_send_that_was_taken_has_a_record() -> None:
    asked: list[dict[str, Any]] = []
    assert taken(account(500, asked), answered(201, REPLY)) == {"message_id": "m"}
    assert asked == []


@pytest.mark.parametrize(("alone", "verdict"), [(201, Mismatch), (502, NoVerdict)])
def test_a_refused_send_is_judged_where_the_same_goes_through_alone(alone: int, verdict: type[Exception]) -> None:
    asked: list[dict[str, Any]] = []
    with pytest.raises(verdict):
        taken(account(alone, asked), answered(502, REPLY))
    assert asked == [{"to": "+2", "type": "image"}]
