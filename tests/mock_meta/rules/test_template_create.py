"""What Meta refuses in a new template (fact sheet 13.1, 13.6)."""

import json
from typing import Any

import pytest

from tests.mock_meta.drafts import BODY, QUICK, URL, body, buttons, create, handle
from tests.mock_meta.inside import WABA, Inside


@pytest.mark.parametrize(
    ("components", "subcode"),
    [
        ([{"type": "FOOTER", "text": "x"}], 2388072),
        ([body("x" * 1025)], 2388040),
        ([body("Hello {{2}} and {{3}} there you are", "a", "b")], 2388072),
        ([body("Hello {{1}} {{2}} there you are now", "a", "b")], 2388072),
        ([body("{{1}} is here and well", "a")], 2388299),
        ([body("Here and well is {{1}}", "a")], 2388299),
        ([body("Hi {{1}}.", "a")], 2388293),
        ([body("Hello {{1}}, how are you?")], 2388043),
        ([body("Hello {{1}}, how are you?", "a", "b")], 2388043),
        ([{"type": "HEADER", "format": "IMAGE"}, body("x")], 2388043),
        ([{"type": "HEADER", "format": "VIDEO", "example": {"header_url": ["https://x"]}}, body("x")], 2388043),
        ([{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::made:up"]}}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "TEXT", "text": "{{1}} {{2}}"}, body("x")], 2388047),
        ([{"type": "HEADER", "format": "TEXT", "text": "x" * 61}, body("x")], 2388040),
        ([{"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"}, body("x")], 2388043),
        ([body("x"), {"type": "FOOTER", "text": "Hi {{1}}"}], 2388073),
        ([body("x"), buttons()], 2388060),
        ([body("x"), buttons(*[QUICK] * 11)], 2388060),
        ([body("x"), buttons(QUICK, URL, QUICK)], 2388060),
        ([body("x"), buttons(URL, URL, URL)], 2388060),
        ([body("x"), buttons({"type": "QUICK_REPLY", "text": "x" * 26})], 2388060),
        ([body("x"), buttons({"type": "QUICK_REPLY", "text": "Hi {{1}}"})], 2388060),
        ([body("x"), buttons({**URL, "url": "https://s.example/{{1}}/x"})], 2388060),
        ([body("x"), buttons({**URL, "example": None})], 2388043),
        ([body("x"), buttons({**URL, "url": "https://wa.me/39333"})], 2388081),
        ([body("x"), buttons({"type": "COPY_CODE"})], 2388043),
        ([body("Hello {{ }} there")], 2388072),
        ([body("Hello {{1} there")], 2388072),
        (
            [{"type": "HEADER", "format": "TEXT", "text": "Hi {{2}}", "example": {"header_text": ["a"]}}, body("x")],
            2388047,
        ),
        (
            [{"type": "HEADER", "format": "TEXT", "text": "Hi {{who}}", "example": {"header_text": ["a"]}}, body("x")],
            2388047,
        ),
        ([body("x"), {"type": "FOOTER", "text": "Hi {{1}"}], 2388073),
        ([body("x"), buttons({"type": "FLOW", "text": "Go"})], 2388060),
        ([body("x"), buttons({"type": "FLOW", "text": "Go", "flow_id": "1", "flow_name": "x"})], 2388060),
        ([body("x"), buttons({"type": "OTP", "otp_type": "COPY_CODE"})], 2388060),
    ],
)
def test_content_that_is_refused(inside: Inside, components: list[dict[str, Any]], subcode: int) -> None:
    error = create(inside, *components)["error"]
    assert (error["message"], error["code"], error["error_subcode"]) == ("Invalid parameter", 100, subcode)
    assert error["is_transient"] is False
    assert error["error_user_title"]
    assert error["error_user_msg"]


@pytest.mark.parametrize(
    "members",
    [
        {"name": "Bad Name"},
        {"name": None},
        {"category": "SPAM"},
        {"category": None},
        {"message_send_ttl_seconds": 29},
        {"message_send_ttl_seconds": 43_201},
        {"message_send_ttl_seconds": -1, "category": "MARKETING"},
        {"components": [body("x"), {"type": "LIMITED_TIME_OFFER"}]},
        {"components": [{**body("x"), "deep": json.loads("[" * 40 + "]" * 40)}]},
        {"language": "xx"},
        {"components": "x"},
        {"components": None},
    ],
)
def test_envelopes_that_are_refused(inside: Inside, members: dict[str, Any]) -> None:
    error = create(inside, **{"components": [body("x")], **members})["error"]
    assert error["code"] == 100
    assert error["message"].startswith("(#100) ")


def test_a_template_may_come_as_json_a_form_or_a_query(inside: Inside) -> None:
    path = f"{WABA}/message_templates"
    components = json.dumps([body("x")])
    for way in ("json", "data", "params"):
        given: Any = {"name": way, "category": "UTILITY", "language": "it", "components": components}
        options: dict[str, Any] = {way: given}
        assert inside.graph("POST", path, **options).json()["status"] == "PENDING"


def test_named_parameters(inside: Inside) -> None:
    named = {
        "type": "body",
        "text": "Hello {{first_name}}, how are you?",
        "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Anna"}]},
    }
    assert "id" in create(inside, named, parameter_format="NAMED")
    assert "id" in create(inside, body("x"), parameter_format=None, name="a")
    unlike = {**named, "text": "Hello {{First}}, how are you?"}
    assert create(inside, unlike, parameter_format="NAMED", name="b")["error"]["error_subcode"] == 2388072
    unsampled = {**named, "example": {"body_text_named_params": [{"param_name": "first_name"}]}}
    assert create(inside, unsampled, parameter_format="NAMED", name="c")["error"]["error_subcode"] == 2388043


def test_a_sample_is_of_the_headers_kind(inside: Inside) -> None:
    sample = {"example": {"header_handle": [handle(inside)]}}
    assert "id" in create(inside, {"type": "HEADER", "format": "IMAGE", **sample}, body("x"))
    video = create(inside, {"type": "HEADER", "format": "VIDEO", **sample}, body("x"), name="video")
    assert video["error"]["error_subcode"] == 2388273


def test_the_cards_of_a_carousel(inside: Inside) -> None:
    def offered(*cards: Any) -> Any:
        inside.graph("DELETE", f"{WABA}/message_templates?name=order_update")
        inside.now += 60
        return create(inside, body("x"), {"type": "CAROUSEL", "cards": list(cards)}, category="MARKETING")

    picture = {"type": "header", "format": "image", "example": {"header_handle": [handle(inside)]}}
    card = {"components": [picture, body("Limes."), buttons(QUICK)]}
    assert "id" in offered(card, card)
    (listed,) = inside.graph("GET", f"{WABA}/message_templates?name=order").json()["data"]
    shown = listed["components"][1]["cards"][0]["components"][0]
    assert (shown["type"], shown["example"]["header_handle"][0][:8]) == ("HEADER", "https://")
    bare = {"components": [{"type": "HEADER", "format": "IMAGE"}, body("Limes."), buttons(QUICK)]}
    wordless = {"components": [picture, buttons(QUICK)]}
    nested: Any = body("x")
    for _ in range(230):
        nested = {"type": "CAROUSEL", "cards": [{"components": [nested]}]}
    footed = {"components": [*card["components"], {"type": "FOOTER", "text": "x"}]}
    broken: list[list[Any]] = [
        [footed],
        [{"components": [nested]}],
        [],
        [card] * 11,
        [bare],
        [card, wordless],
        [{"components": [body("x")]}],
        ["card"],
        [{}],
    ]
    for cards in broken:
        assert offered(*cards)["error"]["code"] == 100
    assert create(inside, body("x"), {"type": "CAROUSEL"}, category="MARKETING")["error"]["code"] == 100


def test_the_time_to_live(inside: Inside) -> None:
    def shown(template: str) -> Any:
        return inside.graph("GET", f"{template}?fields=message_send_ttl_seconds").json().get("message_send_ttl_seconds")

    inside.control("PUT", "/reviews", {"after": 0})
    template = create(inside, BODY, message_send_ttl_seconds=30)["id"]
    assert shown(template) == 30
    inside.rest()
    assert "error" in inside.graph("POST", template, json={"message_send_ttl_seconds": 29}).json()
    assert inside.graph("POST", template, json={"message_send_ttl_seconds": -1}).json()["success"] is True
    assert shown(template) == -1
    assert shown(create(inside, BODY, name="without")["id"]) is None
