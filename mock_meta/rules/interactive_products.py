"""Products: one, a list of them, the whole catalogue (fact sheet 5.4). The mock keeps no catalogue: any id is one."""

from mock_meta.rules.interactive_buttons import section_items
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
_ID, _MAX_SECTIONS, _MAX_PRODUCTS = 512, 10, 30


def check_product(action: Object) -> None:
    only(action, {"catalog_id", "product_retailer_id"}, _ACTION)
    text_at(action, "catalog_id", _ACTION, _ID)
    text_at(action, "product_retailer_id", _ACTION, _ID)


def check_product_list(action: Object) -> None:
    only(action, {"catalog_id", "sections"}, _ACTION)
    text_at(action, "catalog_id", _ACTION, _ID)
    sections = array_at(action, "sections", _ACTION)
    counted(sections, "sections", _MAX_SECTIONS)
    total = sum(_products(section, index, len(sections)) for index, section in enumerate(sections))
    if total > _MAX_PRODUCTS:
        raise wrong_value(f"Total product count exceed max allowed count: {_MAX_PRODUCTS}")


def _products(value: object, index: int, count: int) -> int:
    param = f"{_ACTION}['sections'][{index}]"
    items = section_items(value, param, "product_items", index, count)
    counted(items, "product_items", _MAX_PRODUCTS)
    for place, value_of_item in enumerate(items):
        here = f"{param}['product_items'][{place}]"
        item = as_object(value_of_item, here)
        only(item, {"product_retailer_id"}, here)
        text_at(item, "product_retailer_id", here, _ID)
    return len(items)


def check_catalog(action: Object) -> None:
    only(action, {"name", "parameters"}, _ACTION)
    one_of(action.get("name"), ("catalog_message",), member(_ACTION, "name"))
    if action.get("parameters") is not None:
        place = member(_ACTION, "parameters")
        parameters = object_at(action, "parameters", _ACTION)
        only(parameters, {"thumbnail_product_retailer_id"}, place)
        text_at(parameters, "thumbnail_product_retailer_id", place, _ID)
