"""Carousels of media cards or of products, without a template (Meta's interactive carousel pages)."""

from mock_meta.rules.interactive_actions import check_link_button
from mock_meta.rules.interactive_buttons import check_replies
from mock_meta.rules.media import MediaKnown, check_source
from mock_meta.rules.value_checks import (
    Object,
    array_at,
    as_object,
    counted,
    member,
    object_at,
    one_of,
    only,
    text_at,
    wrong_value,
)

_ACTION = "interactive['action']"
_LEAST_CARDS, _MOST_CARDS, _MOST_BUTTONS = 2, 10, 3
_CARD_TEXT, _ID = 160, 512
_MEDIA = ("image", "video")


def check_carousel(action: Object, known: MediaKnown) -> None:
    """2 to 10 cards, numbered in their order, all of one kind."""
    only(action, {"cards"}, _ACTION)
    cards = array_at(action, "cards", _ACTION)
    counted(cards, "cards", _MOST_CARDS, _LEAST_CARDS)
    kinds = [_check_card(card, index, known) for index, card in enumerate(cards)]
    if len(set(kinds)) > 1:
        raise wrong_value("All cards of a carousel must have the same type and the same header")


def _check_card(value: object, index: int, known: MediaKnown) -> tuple[str, str]:
    param = f"{_ACTION}['cards'][{index}]"
    card = as_object(value, param)
    only(card, {"card_index", "type", "header", "body", "action"}, param)
    if card.get("card_index") != index or isinstance(card["card_index"], bool):
        raise wrong_value(f"card_index must be {index} for the card at index {index}")
    kind = one_of(card.get("type"), ("cta_url", "product"), member(param, "type"))
    action, place = object_at(card, "action", param), member(param, "action")
    if kind == "product":
        only(action, {"catalog_id", "product_retailer_id"}, place)
        text_at(action, "catalog_id", place, _ID)
        text_at(action, "product_retailer_id", place, _ID)
        return kind, ""
    _check_button(action, place)
    _check_text(card, param)
    return kind, _header(card, param, known)


def _check_button(action: Object, place: str) -> None:
    """A link, or up to three quick replies."""
    if "buttons" in action:
        only(action, {"buttons"}, place)
        check_replies(action, place, "quick_reply", _MOST_BUTTONS)
    else:
        check_link_button(action, place)


def _check_text(card: Object, param: str) -> None:
    if card.get("body") is not None:
        body, place = object_at(card, "body", param), member(param, "body")
        only(body, {"text"}, place)
        text_at(body, "text", place, _CARD_TEXT)


def _header(card: Object, param: str, known: MediaKnown) -> str:
    header, place = object_at(card, "header", param), member(param, "header")
    only(header, {"type", *_MEDIA}, place)
    sort = one_of(header.get("type"), _MEDIA, member(place, "type"))
    media = object_at(header, sort, place)
    only(media, {"id", "link"}, member(place, sort))
    check_source(media, sort, member(place, sort), known)
    return sort
