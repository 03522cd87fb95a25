"""Templates with cards, products and the newer kinds of components: created and sent."""

from typing import Any

import pytest

from tests.mock_meta.inside import WABA, Inside, details

TEXT = "Fresh limes and many more things."
CARD = {
    "components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Use code {{1}} today."},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Buy", "url": "https://s.example/{{1}}"}]},
    ]
}
CAROUSEL = {"name": "fruit", "components": [{"type": "BODY", "text": TEXT}, {"type": "CAROUSEL", "cards": [CARD] * 2}]}


def card(index: int, code: str = "A", media: str = "image", *, button: bool = True) -> dict[str, Any]:
    header = {"type": "header", "parameters": [{"type": media, media: {"link": "https://x.example/a"}}]}
    body = {"type": "body", "parameters": [{"type": "text", "text": code}] if code else []}
    url = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "a"}]}
    return {"card_index": index, "components": [header, body, *([url] if button else [])]}


def sent(*cards: dict[str, Any]) -> dict[str, Any]:
    carousel = {"type": "carousel", "cards": list(cards)}
    template = {"name": "fruit", "language": {"code": "en_US"}, "components": [carousel] if cards else []}
    return {"type": "template", "text": None, "template": template}


def test_every_card_is_sent(inside: Inside) -> None:
    inside.control("POST", f"/accounts/{WABA}/templates", CAROUSEL)
    inside.send(**sent(card(1), card(0)))


@pytest.mark.parametrize(
    ("cards", "code", "text"),
    [
        ([], 132012, "carousel: number of cards (0) does not match the expected number of cards (2)"),
        ([card(0)], 132012, "carousel: number of cards (1) does not match the expected number of cards (2)"),
        ([card(0), card(1, code="")], 132000, "body: number of localizable_params (0) does not match"),
        ([card(0, media="video"), card(1)], 132012, "header: Format mismatch, expected IMAGE, received VIDEO"),
        ([card(0), card(1, button=False)], 131008, "buttons: Button at index 0 of type Url requires a parameter"),
    ],
)
def test_every_card_is_checked(inside: Inside, cards: list[dict[str, Any]], code: int, text: str) -> None:
    inside.control("POST", f"/accounts/{WABA}/templates", CAROUSEL)
    error = inside.refused(**sent(*cards))
    assert error["code"] == code
    assert text in details(error)


def test_a_card_holds_no_cards(inside: Inside) -> None:
    inner = {"card_index": 0, "components": [{"type": "carousel", "cards": [card(0)]}]}
    error = inside.refused(**sent(inner))
    assert error["message"].endswith("['type'] must be one of {BODY, BUTTON, HEADER} - got \"carousel\".")


def test_the_outline_of_cards(inside: Inside) -> None:
    inside.control("POST", f"/accounts/{WABA}/templates", CAROUSEL)
    outlines: list[Any] = [{"card_index": 0}, {"components": []}, "card", {"card_index": 0, "components": [], "x": 1}]
    for broken in outlines:
        assert inside.refused(**sent(broken))["code"] == 100


def create(inside: Inside, *components: dict[str, Any], **members: Any) -> Any:
    asked = {"name": "new", "language": "en_US", "category": "MARKETING", "components": list(components), **members}
    return inside.graph("POST", f"{WABA}/message_templates", json=asked).json()


def test_words_of_meta_are_read_in_any_case(inside: Inside) -> None:
    buttons = {"type": "buttons", "buttons": [{"type": "quick_reply", "text": "Ok"}]}
    made = create(inside, {"type": "body", "text": TEXT}, buttons, category="marketing")
    listed = inside.graph("GET", made["id"]).json()
    assert (made["category"], listed["category"]) == ("MARKETING", "MARKETING")
    assert [one["type"] for one in listed["components"]] == ["BODY", "BUTTONS"]
    assert listed["components"][1]["buttons"][0]["type"] == "QUICK_REPLY"


def test_a_product_header(inside: Inside) -> None:
    view = {"type": "BUTTONS", "buttons": [{"type": "SPM", "text": "View"}]}
    made = create(inside, {"type": "HEADER", "format": "PRODUCT"}, {"type": "BODY", "text": TEXT}, view)
    inside.control("POST", f"/templates/{made['id']}", {"status": "APPROVED"})
    product = {"type": "product", "product": {"product_retailer_id": "sku", "catalog_id": "1"}}
    header = {"type": "header", "parameters": [product]}
    template = {"name": "new", "language": {"code": "en_US"}, "components": [header]}
    inside.send(type="template", text=None, template=template)
    refused = inside.refused(type="template", text=None, template={**template, "components": []})
    assert details(refused) == "header: Format mismatch, expected PRODUCT, received UNKNOWN"


def test_a_request_for_permission_to_call(inside: Inside) -> None:
    assert "id" in create(inside, {"type": "BODY", "text": TEXT}, {"type": "CALL_PERMISSION_REQUEST"})
