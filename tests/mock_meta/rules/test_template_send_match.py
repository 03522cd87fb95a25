"""Section 6 of the fact sheet: a template send against the approved template."""

from typing import Any

import pytest

from tests.mock_meta.inside import PHONE, WABA, Inside, details

IMAGE = {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.example/a.png"}}]}
URL = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "A-17"}]}
CODE = {
    "type": "button",
    "sub_type": "copy_code",
    "index": "1",
    "parameters": [{"type": "coupon_code", "coupon_code": "SAVE20"}],
}


def body(*values: Any) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}


def template(name: str, *components: dict[str, Any], language: str = "en_US") -> dict[str, Any]:
    return {"name": name, "language": {"code": language}, "components": list(components)}


def refused(inside: Inside, sent: dict[str, Any]) -> tuple[int, str]:
    error = inside.refused(type="template", template=sent)
    return error["code"], details(error)


def test_accepted(inside: Inside) -> None:
    quick = {
        "type": "button",
        "sub_type": "quick_reply",
        "index": 2,
        "parameters": [{"type": "payload", "payload": "P"}],
    }
    named = {"type": "body", "parameters": [{"type": "text", "parameter_name": "who", "text": "Anna"}]}
    for sent in (
        template("plain"),
        template("greeting", body("Anna", "A-17")),
        template("rich", IMAGE, body("Anna"), URL, CODE),
        template("rich", IMAGE, body("Anna"), URL, CODE, quick),
        template("named", named, language="it"),
    ):
        answer = inside.send(type="template", text=None, template=sent)
        assert answer["messages"][0]["message_status"] == "accepted"


def test_a_template_that_cannot_be_sent(inside: Inside) -> None:
    for name, language in (("promo", "en_US"), ("plain", "it"), ("plain", "en"), ("waiting", "en_US")):
        answer = refused(inside, template(name, language=language))
        assert answer == (132001, f"template name ({name}) does not exist in {language}")
    assert refused(inside, template("paused"))[0] == 132015
    assert refused(inside, template("off"))[0] == 132016


@pytest.mark.parametrize(
    ("sent", "code", "text"),
    [
        (
            template("greeting", body("Anna")),
            132000,
            "body: number of localizable_params (1) does not match the expected number of params (2)",
        ),
        (
            template("plain", body("Anna")),
            132000,
            "body: number of localizable_params (1) does not match the expected number of params (0)",
        ),
        (template("rich", body("A"), URL, CODE), 132012, "header: Format mismatch, expected IMAGE, received UNKNOWN"),
        (
            template("rich", {"type": "header", "parameters": [{"type": "text", "text": "x"}]}, body("A"), URL, CODE),
            132012,
            "header: Format mismatch, expected IMAGE, received TEXT",
        ),
        (template("plain", IMAGE), 132018, "Template does not contain title component"),
        (
            template("rich", IMAGE, body("A"), CODE),
            131008,
            "buttons: Button at index 0 of type Url requires a parameter",
        ),
        (
            template("rich", IMAGE, body("A"), URL),
            131008,
            "buttons: Button at index 1 of type CopyCode requires a parameter",
        ),
        (
            template("rich", IMAGE, body("A"), {**URL, "sub_type": "quick_reply"}, CODE),
            132018,
            "buttons: Button at index 0 must be of type Url",
        ),
        (
            template("greeting", body("a\nb", "c")),
            132018,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        ),
        (
            template("greeting", body("a     b", "c")),
            132018,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        ),
        (
            template("greeting", body("a", "")),
            100,
            "Parameter 'text' is mandatory for component parameter type 'text'",
        ),
        (
            template("greeting", body("a", None)),
            100,
            "Parameter 'text' is mandatory for component parameter type 'text'",
        ),
        (template("named", body("Anna"), language="it"), 100, "Parameter name is missing or empty"),
    ],
)
def test_refused(inside: Inside, sent: dict[str, Any], code: int, text: str) -> None:
    assert refused(inside, sent) == (code, text)


def test_hydrated_text_has_a_limit(inside: Inside) -> None:
    assert refused(inside, template("greeting", body("x" * 1020, "y")))[0] == 132005


def test_the_outline_is_checked_first(inside: Inside) -> None:
    for broken in ({"type": "bodies"}, {"type": "body", "parametres": []}, {"type": "button", "sub_type": "url"}, "x"):
        sent = {"name": "nothing", "language": {"code": "en_US"}, "components": [broken]}
        assert refused(inside, sent)[0] == 100


def test_hello_world_is_for_test_numbers(inside: Inside) -> None:
    phone = {"id": PHONE, "display_phone_number": "+1 555-078-3881"}
    inside.control("POST", f"/accounts/{WABA}/templates", {"name": "hello_world", "components": []})
    assert refused(inside, template("hello_world"))[0] == 131058
    inside.control("PUT", f"/accounts/{WABA}", {"phone_numbers": [{**phone, "mode": "SANDBOX"}]})
    inside.send(type="template", text=None, template=template("hello_world"))
