"""Reply buttons and lists of interactive messages: how many, their ids, the length of their titles (fact sheet 5.4)."""

from collections.abc import Sequence

from mock_meta.rules.value_checks import (
    ANY_LENGTH,
    Object,
    array_at,
    as_object,
    counted,
    limited,
    member,
    object_at,
    one_of,
    only,
    optional_text,
    unique,
    wrong_value,
)

_ACTION = "interactive['action']"
_TITLE, _BUTTON_ID = 20, 256
_MAX_BUTTONS, _MAX_SECTIONS, _MAX_ROWS = 3, 10, 10
_SECTION_TITLE, _ROW_TITLE, _ROW_ID, _ROW_DESCRIPTION = 24, 24, 200, 72


def check_buttons(action: Object) -> None:
    only(action, {"buttons"}, _ACTION)
    check_replies(action, _ACTION, "reply", _MAX_BUTTONS)


def check_replies(action: Object, param: str, kind: str, most: int) -> None:
    """1 to ``most`` buttons of a kind (``reply``, a carousel's ``quick_reply``) with ids and titles that differ."""
    buttons = array_at(action, "buttons", param)
    counted(buttons, "buttons", most)
    replies = [_reply(button, f"{param}['buttons'][{index}]", kind) for index, button in enumerate(buttons)]
    unique([reply["id"] for reply in replies], "Duplicated button ids")
    unique([reply["title"] for reply in replies], "Duplicated button titles")


def _reply(value: object, param: str, kind: str) -> Object:
    button = as_object(value, param)
    only(button, {"type", kind}, param)
    one_of(button.get("type"), (kind,), member(param, "type"))
    reply = object_at(button, kind, param)
    only(reply, {"id", "title"}, member(param, kind))
    limited(reply, "title", member(param, kind), "Button title length", _TITLE)
    limited(reply, "id", member(param, kind), "Button id length", _BUTTON_ID)
    return reply


def check_list(action: Object) -> None:
    only(action, {"button", "sections"}, _ACTION)
    limited(action, "button", _ACTION, "List button label length", _TITLE)
    sections = array_at(action, "sections", _ACTION)
    counted(sections, "sections", _MAX_SECTIONS)
    rows = [row for index, section in enumerate(sections) for row in _section_rows(section, index, len(sections))]
    if len(rows) > _MAX_ROWS:
        raise wrong_value(f"Total row count exceed max allowed count: {_MAX_ROWS}")
    unique([row["id"] for row in rows], "Duplicated row ids")


def _section_rows(value: object, index: int, count: int) -> list[Object]:
    param = f"{_ACTION}['sections'][{index}]"
    rows = section_items(value, param, "rows", index, count)
    counted(rows, "rows", _MAX_ROWS)
    return [_row(row, f"{param}['rows'][{place}]") for place, row in enumerate(rows)]


def section_items(value: object, param: str, items: str, index: int, count: int) -> Sequence[object]:
    """What a section holds; it needs a title unless it is the only one."""
    section = as_object(value, param)
    only(section, {"title", items}, param)
    if section.get("title") not in (None, ""):
        limited(section, "title", param, "Section title length", _SECTION_TITLE)
    elif count > 1:
        raise wrong_value(f"Section title is required when there is more than one section: section at index {index}")
    return array_at(section, items, param)


def _row(value: object, param: str) -> Object:
    row = as_object(value, param)
    only(row, {"id", "title", "description"}, param)
    limited(row, "id", param, "Row id length", _ROW_ID)
    limited(row, "title", param, "Row title length", _ROW_TITLE)
    description = optional_text(row, "description", param, ANY_LENGTH)
    if description is not None and len(description) > _ROW_DESCRIPTION:
        raise wrong_value(f"Row description length invalid. Min length: 0, Max length: {_ROW_DESCRIPTION}")
    return row
