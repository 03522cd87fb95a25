"""Interactive messages beyond buttons and lists: what Meta takes, and what it refuses with which words."""

from typing import Any

import pytest

from tests.mock_meta.inside import Inside, details

LINK = {"name": "cta_url", "parameters": {"display_text": "Vai", "url": "https://s.example"}}
REPLIES = {"buttons": [{"type": "quick_reply", "quick_reply": {"id": "a", "title": "A"}}]}
PRODUCT = {"catalog_id": "1", "product_retailer_id": "sku"}


def message(kind: str, action: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A message with a text; a part given as None is left out."""
    whole = {"type": kind, "body": {"text": "Scegli"}, "action": action, **parts}
    return {name: part for name, part in whole.items() if part is not None}


def flow(**parameters: Any) -> dict[str, Any]:
    usual = {"flow_message_version": "3", "flow_id": "123", "flow_cta": "Apri", "flow_token": "t", **parameters}
    shown = {name: value for name, value in usual.items() if value is not None}
    return message("flow", {"name": "flow", "parameters": shown})


def products(*sizes: int, **section: Any) -> dict[str, Any]:
    listed = [{"title": f"S{n}", "product_items": [{"product_retailer_id": "x"}] * n, **section} for n in sizes]
    action = {"catalog_id": "1", "sections": [{k: v for k, v in one.items() if v is not None} for one in listed]}
    return message("product_list", action, header={"type": "text", "text": "Shop"})


def card(index: int, action: dict[str, Any] = LINK, media: str = "image", **more: Any) -> dict[str, Any]:
    header = {"type": media, media: {"link": "https://x.example/a"}}
    return {"card_index": index, "type": "cta_url", "header": header, "action": action, **more}


def carousel(*cards: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return message("carousel", {"cards": list(cards)}, **parts)


def product_card(index: int) -> dict[str, Any]:
    return {"card_index": index, "type": "product", "action": PRODUCT}


def call(**parameters: Any) -> dict[str, Any]:
    return message("voice_call", {"name": "voice_call", "parameters": parameters})


def named(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    return message(kind, {"name": name}, **parts)


FOOTER = {"text": "Grazie"}
HEADER = {"type": "text", "text": "Info"}


@pytest.mark.parametrize(
    "interactive",
    [
        flow(),
        flow(flow_id=None, flow_name="f", flow_token=None, mode="draft"),
        flow(flow_action="navigate", flow_action_payload={"screen": "S", "data": {"a": 1}}),
        flow(flow_action="data_exchange"),
        flow(flow_action=None, mode=None),
        named("location_request_message", "send_location"),
        named("call_permission_request", "call_permission_request", body=None),
        named("request_contact_info", "request_contact_info", footer=FOOTER),
        named("catalog_message", "catalog_message"),
        message("catalog_message", {"name": "catalog_message", "parameters": {"thumbnail_product_retailer_id": "sku"}}),
        message("product", PRODUCT, body=None, footer=FOOTER),
        products(30),
        products(1, title=None),
        products(10, 10, 10),
        carousel(card(0), card(1)),
        carousel(*(card(index, REPLIES, "video", body={"text": "b" * 160}) for index in range(10))),
        carousel(product_card(0), product_card(1)),
        named("voice_call", "voice_call"),
        call(display_text="Chiama", ttl_minutes=60, payload="p"),
        message("address_message", {"name": "address_message", "parameters": {"country": "IN"}}),
    ],
)
def test_accepted(inside: Inside, interactive: dict[str, Any]) -> None:
    inside.send(type="interactive", text=None, interactive=interactive)


@pytest.mark.parametrize(
    ("interactive", "code", "text"),
    [
        (flow(flow_name="f"), 131009, "Exactly one of flow_id and flow_name is required"),
        (flow(flow_id=["1"]), 100, "['flow_id'] must be a string"),
        (flow(flow_message_version=None), 100, "['flow_message_version'] is required"),
        (flow(flow_id=None), 131009, "Exactly one of flow_id and flow_name is required"),
        (flow(flow_cta="x" * 31), 131009, "Flow button text length invalid. Min length: 1, Max length: 30"),
        (flow(flow_message_version="2"), 100, "['flow_message_version'] must be one of {3} - got \"2\"."),
        (flow(flow_action="data_exchange", flow_action_payload={"screen": "S"}), 131009, "navigate only"),
        (flow(flow_action_payload={"screen": "S", "data": {}}), 131009, "must not be empty"),
        (flow(flow_action_payload={}), 100, "The parameter interactive['action']['parameters']['flow_action_payload']"),
        (named("location_request_message", "send"), 100, "must be one of {SEND_LOCATION}"),
        (named("location_request_message", "send_location", footer=FOOTER), 100, 'Unexpected key "footer"'),
        (named("location_request_message", "send_location", header=HEADER), 100, 'Unexpected key "header"'),
        (named("location_request_message", "send_location", body=None), 100, "interactive['body'] is required"),
        (message("product", {"catalog_id": "1"}), 100, "['product_retailer_id'] is required"),
        (products(), 131009, "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10"),
        (products(0), 131009, "Invalid product_items count. Min allowed product_items: 1"),
        (products(16, 15), 131009, "Total product count exceed max allowed count: 30"),
        (products(1, 1, title=None), 131009, "Section title is required when there is more than one section"),
        ({**products(1), "header": None}, 100, "The parameter interactive['header'] is required."),
        (carousel(card(0)), 131009, "Invalid cards count. Min allowed cards: 2, Max allowed cards: 10"),
        (carousel(*map(card, range(11))), 131009, "Invalid cards count"),
        (carousel(card(0), card(2)), 131009, "card_index must be 1 for the card at index 1"),
        (carousel(card(0), card(1, media="video")), 131009, "must have the same type and the same header"),
        (carousel(card(0), product_card(1)), 131009, "must have the same type and the same header"),
        (carousel(card(0, body={"text": "b" * 161}), card(1)), 100, "must be at most 160 characters long"),
        (carousel(card(0, {"buttons": []}), card(1)), 131009, "Invalid buttons count"),
        (carousel(card(0), card(1), header=HEADER), 100, 'Unexpected key "header"'),
        (call(ttl_minutes=0), 131009, "ttl_minutes must be between 1 and 43200"),
        (call(display_text="x" * 21), 131009, "Button title length invalid"),
        (message("address_message", {"name": "address_message", "parameters": {"country": "IT"}}), 100, "{IN, SG}"),
        (named("dance", "dance"), 100, "Param interactive['type'] must be one of {ADDRESS_MESSAGE, BUTTON,"),
    ],
)
def test_refused(inside: Inside, interactive: dict[str, Any], code: int, text: str) -> None:
    error = inside.refused(type="interactive", text=None, interactive=interactive)
    assert error["code"] == code
    assert text in (details(error) or error["message"])


def test_media_of_a_card_must_exist(inside: Inside) -> None:
    unknown = card(1)
    unknown["header"] = {"type": "image", "image": {"id": "999"}}
    error = inside.refused(type="interactive", text=None, interactive=carousel(card(0), unknown))
    assert details(error) == "Media with id 999 does not exist or is not accessible"
