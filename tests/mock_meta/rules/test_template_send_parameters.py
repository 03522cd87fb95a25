"""The values in a template send: what each kind of parameter must hold (Meta's parameter objects)."""

from typing import Any

import pytest

from tests.mock_meta.inside import WABA, Inside, details

HERE = "template['components'][0]['parameters'][0]"
PRICE = {"fallback_value": "€ 10", "code": "EUR", "amount_1000": 10000}
PLACE = {"latitude": "45.46", "longitude": 9.19, "name": "Duomo", "address": "Milano"}


def sent(name: str, component: dict[str, Any]) -> dict[str, Any]:
    template = {"name": name, "language": {"code": "en_US"}, "components": [component]}
    return {"type": "template", "text": None, "template": template}


def one(component: str, kind: str, value: Any) -> dict[str, Any]:
    return {"type": component, "parameters": [{"type": kind, kind: value}]}


@pytest.fixture
def stocked(inside: Inside) -> Inside:
    """With templates that take a text, a place and a list of products."""
    products = {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "View"}]}
    for name, components in {
        "priced": [{"type": "BODY", "text": "It costs {{1}} now."}],
        "shop": [{"type": "HEADER", "format": "LOCATION"}],
        "goods": [products],
        "offer": [{"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Hurry", "has_expiration": True}}],
    }.items():
        inside.control("POST", f"/accounts/{WABA}/templates", {"name": name, "components": components})
    return inside


def test_accepted(stocked: Inside) -> None:
    stocked.send(**sent("priced", {"type": "BODY", "parameters": [{"type": "CURRENCY", "currency": PRICE}]}))
    stocked.send(**sent("priced", one("body", "date_time", {"fallback_value": "June 1", "day_of_week": 5})))
    stocked.send(**sent("shop", one("header", "location", PLACE)))
    stocked.send(
        **sent("offer", one("limited_time_offer", "limited_time_offer", {"expiration_time_ms": 1750000000000}))
    )
    stocked.send(**sent("plain", {"type": "body", "parameters": None}))
    action = {"thumbnail_product_retailer_id": "sku", "sections": []}
    stocked.send(**sent("goods", {**one("button", "action", action), "sub_type": "mpm", "index": 0}))


@pytest.mark.parametrize(
    ("component", "text"),
    [
        (one("body", "currency", {**PRICE, "code": None}), f"The parameter {HERE}['currency']['code'] is required."),
        (
            one("body", "currency", {"fallback_value": "x", "code": "EUR"}),
            f"The parameter {HERE}['currency']['amount_1000'] is required.",
        ),
        (
            one("body", "currency", {**PRICE, "amount_1000": "ten"}),
            f"Param {HERE}['currency']['amount_1000'] must be an integer.",
        ),
        (one("body", "date_time", {}), f"The parameter {HERE}['date_time']['fallback_value'] is required."),
        (one("header", "location", {}), f"The parameter {HERE}['location']['latitude'] is required."),
        (
            one("header", "location", {**PLACE, "longitude": 200}),
            f"Param {HERE}['location']['longitude'] must be a number between -180 and 180.",
        ),
        (
            one("header", "product", {"product_retailer_id": "1"}),
            f"The parameter {HERE}['product']['catalog_id'] is required.",
        ),
        (
            one("limited_time_offer", "limited_time_offer", {}),
            f"The parameter {HERE}['limited_time_offer']['expiration_time_ms'] is required.",
        ),
        ({"type": "body", "parameters": [{"text": "x"}]}, f"The parameter {HERE}['type'] is required."),
        (one("body", "text", 5), f"Param {HERE}['text'] must be a string."),
    ],
)
def test_refused(stocked: Inside, component: dict[str, Any], text: str) -> None:
    assert stocked.refused(**sent("priced", component))["message"] == f"(#100) {text}"


def test_a_list_of_products_must_say_which(stocked: Inside) -> None:
    nothing = {"type": "button", "sub_type": "mpm", "index": 0}
    error = stocked.refused(**sent("goods", nothing))
    assert (error["code"], details(error)) == (131008, "buttons: Button at index 0 of type Mpm requires a parameter")
    wrong = {**nothing, "parameters": [{"type": "payload", "payload": "P"}]}
    assert stocked.refused(**sent("goods", wrong))["code"] == 132012


def test_an_offer_says_when_it_ends(stocked: Inside) -> None:
    error = stocked.refused(**sent("offer", {"type": "limited_time_offer"}))
    assert (error["code"], details(error)) == (131008, "limited_time_offer: expiration_time_ms is required")
    error = stocked.refused(**sent("plain", one("limited_time_offer", "limited_time_offer", {"expiration_time_ms": 1})))
    assert (error["code"], details(error)) == (132018, "Template does not contain limited time offer component")


def test_a_header_has_one_value(stocked: Inside) -> None:
    place = one("header", "location", PLACE)
    error = stocked.refused(**sent("shop", {**place, "parameters": place["parameters"] * 2}))
    assert error["code"] == 132000
    assert details(error).startswith("header: number of localizable_params (2)")
