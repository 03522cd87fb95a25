"""Interactive messages: reply buttons, lists and a link button (fact sheet 5.4; texts 4.4)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mock_meta.errors import invalid
from mock_meta.rules.media import MediaKnown, check_source
from mock_meta.rules.shape import (
    Object,
    array_at,
    as_object,
    link,
    member,
    object_at,
    one_of,
    only,
    optional_text,
    required,
    text_at,
    wrong_value,
)

_TYPES = ("button", "list", "cta_url")
_HEADERS = ("text", "image", "video", "document")
_MEMBERS = frozenset({"type", "header", "body", "footer", "action"})
_HEADER_TEXT, _FOOTER, _TITLE, _BUTTON_ID = 60, 60, 20, 256
_BODY: Mapping[str, int] = MappingProxyType({"button": 1024, "list": 4096, "cta_url": 1024})
_MAX_BUTTONS, _MAX_SECTIONS, _MAX_ROWS = 3, 10, 10
_SECTION_TITLE, _ROW_TITLE, _ROW_ID, _ROW_DESCRIPTION = 24, 24, 200, 72


def check_interactive(value: object, known: MediaKnown) -> None:
    """Raises GraphError: 100 for what is no interactive object, 131009 for Meta's limits."""
    param = "interactive"
    interactive = as_object(value, param)
    if interactive.get("type") is None:
        raise required("interactive['type']")
    kind = one_of(interactive["type"], _TYPES, "interactive['type']")
    only(interactive, _MEMBERS, param)
    body = object_at(interactive, "body", param)
    only(body, {"text"}, "interactive['body']")
    text_at(body, "text", "interactive['body']", _BODY[kind])
    _check_header(interactive.get("header"), kind, known)
    _check_footer(interactive.get("footer"))
    _ACTIONS[kind](object_at(interactive, "action", param))


def _check_header(value: object, kind: str, known: MediaKnown) -> None:
    if value is None:
        return
    param = "interactive['header']"
    header = as_object(value, param)
    only(header, {"type", *_HEADERS}, param)
    sort = one_of(header.get("type"), ("text",) if kind == "list" else _HEADERS, member(param, "type"))
    if sort == "text":
        text_at(header, "text", param, _HEADER_TEXT)
    else:
        media = object_at(header, sort, param)
        only(media, {"id", "link", "filename"} if sort == "document" else {"id", "link"}, member(param, sort))
        check_source(media, sort, member(param, sort), known)


def _check_footer(value: object) -> None:
    if value is not None:
        footer = as_object(value, "interactive['footer']")
        only(footer, {"text"}, "interactive['footer']")
        text_at(footer, "text", "interactive['footer']", _FOOTER)


def _check_buttons(action: Object) -> None:
    only(action, {"buttons"}, "interactive['action']")
    buttons = array_at(action, "buttons", "interactive['action']")
    if not 1 <= len(buttons) <= _MAX_BUTTONS:
        raise wrong_value(f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {_MAX_BUTTONS}")
    replies = [_reply(button, f"interactive['action']['buttons'][{index}]") for index, button in enumerate(buttons)]
    _unique([reply["id"] for reply in replies], "Duplicated button ids")
    _unique([reply["title"] for reply in replies], "Duplicated button titles")


def _reply(value: object, param: str) -> Object:
    button = as_object(value, param)
    only(button, {"type", "reply"}, param)
    one_of(button.get("type"), ("reply",), member(param, "type"))
    reply = object_at(button, "reply", param)
    only(reply, {"id", "title"}, member(param, "reply"))
    _length(reply, "title", member(param, "reply"), "Button title length", _TITLE)
    _length(reply, "id", member(param, "reply"), "Button id length", _BUTTON_ID)
    return reply


def _check_list(action: Object) -> None:
    param = "interactive['action']"
    only(action, {"button", "sections"}, param)
    _length(action, "button", param, "List button label length", _TITLE)
    sections = array_at(action, "sections", param)
    if not 1 <= len(sections) <= _MAX_SECTIONS:
        raise wrong_value(f"Invalid sections count. Min allowed sections: 1, Max allowed sections: {_MAX_SECTIONS}")
    rows = [row for index, section in enumerate(sections) for row in _section_rows(section, index, len(sections))]
    if len(rows) > _MAX_ROWS:
        raise wrong_value(f"Total row count exceed max allowed count: {_MAX_ROWS}")
    _unique([row["id"] for row in rows], "Duplicated row ids")


def _section_rows(value: object, index: int, count: int) -> list[Object]:
    param = f"interactive['action']['sections'][{index}]"
    section = as_object(value, param)
    only(section, {"title", "rows"}, param)
    if section.get("title"):
        _length(section, "title", param, "Section title length", _SECTION_TITLE)
    elif count > 1:
        raise wrong_value(f"Section title is required when there is more than one section: section at index {index}")
    rows = array_at(section, "rows", param)
    if not rows:
        raise wrong_value(f"Invalid rows count. Min allowed rows: 1, Max allowed rows: {_MAX_ROWS}")
    return [_row(row, f"{param}['rows'][{place}]") for place, row in enumerate(rows)]


def _row(value: object, param: str) -> Object:
    row = as_object(value, param)
    only(row, {"id", "title", "description"}, param)
    _length(row, "id", param, "Row id length", _ROW_ID)
    _length(row, "title", param, "Row title length", _ROW_TITLE)
    description = optional_text(row, "description", param, 1 << 20)
    if description is not None and len(description) > _ROW_DESCRIPTION:
        raise wrong_value(f"Row description length invalid. Min length: 0, Max length: {_ROW_DESCRIPTION}")
    return row


def _check_cta_url(action: Object) -> None:
    param = "interactive['action']"
    only(action, {"name", "parameters"}, param)
    one_of(action.get("name"), ("cta_url",), member(param, "name"))
    parameters = object_at(action, "parameters", param)
    only(parameters, {"display_text", "url"}, member(param, "parameters"))
    _length(parameters, "display_text", member(param, "parameters"), "Button title length", _TITLE)
    if parameters.get("url") in (None, ""):
        raise required("interactive['action']['parameters']['url']")
    link(parameters["url"], "interactive['action']['parameters']['url']")


_ACTIONS: Mapping[str, Callable[[Object], None]] = MappingProxyType(
    {"button": _check_buttons, "list": _check_list, "cta_url": _check_cta_url}
)


def _length(parent: Object, name: str, param: str, label: str, longest: int) -> None:
    value = parent.get(name)
    if value is None:
        raise required(member(param, name))
    if not isinstance(value, str):
        raise invalid(f"Param {member(param, name)} must be a string.")
    if not len(value.strip()) >= 1 or len(value) > longest:
        raise wrong_value(f"{label} invalid. Min length: 1, Max length: {longest}")


def _unique(values: Sequence[Any], text: str) -> None:
    if len(set(values)) != len(values):
        raise wrong_value(text)
