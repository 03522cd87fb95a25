"""Interactive messages: which parts each of them has (fact sheet 5.4; texts 4.4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mock_meta.protocol.errors import invalid
from mock_meta.rules.interactive_actions import (
    check_address,
    check_call_permission,
    check_contact_request,
    check_cta_url,
    check_flow,
    check_location_request,
    check_voice_call,
)
from mock_meta.rules.interactive_buttons import check_buttons, check_list
from mock_meta.rules.interactive_carousel import check_carousel
from mock_meta.rules.interactive_products import check_catalog, check_product, check_product_list
from mock_meta.rules.media import MediaKnown, check_source
from mock_meta.rules.value_checks import Object, as_object, member, object_at, one_of, only, required, text_at

_HEADERS = ("text", "image", "video", "document")
_TEXT_ONLY = ("text",)
_MEMBERS = frozenset({"type", "header", "body", "footer", "action"})
_HEADER_TEXT, _FOOTER, _BODY, _LIST_BODY = 60, 60, 1024, 4096


@dataclass(frozen=True, slots=True)
class _Form:
    """What a type consists of. ``check`` judges the action."""

    check: Callable[[Object], None]
    headers: tuple[str, ...] = ()
    header_needed: bool = False
    body: int = _BODY
    body_needed: bool = True
    footer: bool = True


def _forms(known: MediaKnown) -> Mapping[str, _Form]:
    return {**_PLAIN, "carousel": _Form(lambda action: check_carousel(action, known), footer=False)}


_PLAIN: Mapping[str, _Form] = MappingProxyType(
    {
        "address_message": _Form(check_address, _HEADERS),
        "button": _Form(check_buttons, _HEADERS),
        "call_permission_request": _Form(check_call_permission, body_needed=False, footer=False),
        "catalog_message": _Form(check_catalog),
        "cta_url": _Form(check_cta_url, _HEADERS),
        "flow": _Form(check_flow, _HEADERS),
        "list": _Form(check_list, _TEXT_ONLY, body=_LIST_BODY),
        "location_request_message": _Form(check_location_request, footer=False),
        "product": _Form(check_product, body_needed=False),
        "product_list": _Form(check_product_list, _TEXT_ONLY, header_needed=True),
        "request_contact_info": _Form(check_contact_request),
        "voice_call": _Form(check_voice_call, _HEADERS),
    }
)
_TYPES = (*_PLAIN, "carousel")


def check_interactive(value: object, known: MediaKnown) -> None:
    """Raises GraphError: 100 for what is no interactive object, 131009 for Meta's limits."""
    param = "interactive"
    interactive = as_object(value, param)
    if interactive.get("type") is None:
        raise required("interactive['type']")
    form = _forms(known)[one_of(interactive["type"], _TYPES, "interactive['type']")]
    only(interactive, _MEMBERS, param)
    _check_body(interactive, form)
    _check_header(interactive.get("header"), form, known)
    _check_footer(interactive.get("footer"), form)
    form.check(object_at(interactive, "action", param))


def _check_body(interactive: Object, form: _Form) -> None:
    if interactive.get("body") is None and not form.body_needed:
        return
    body = object_at(interactive, "body", "interactive")
    only(body, {"text"}, "interactive['body']")
    text_at(body, "text", "interactive['body']", form.body)


def _check_header(value: object, form: _Form, known: MediaKnown) -> None:
    param = "interactive['header']"
    if value is None:
        if form.header_needed:
            raise required(param)
        return
    if not form.headers:
        raise invalid('Unexpected key "header" on param "interactive".')
    header = as_object(value, param)
    only(header, {"type", *_HEADERS}, param)
    sort = one_of(header.get("type"), form.headers, member(param, "type"))
    if sort == "text":
        text_at(header, "text", param, _HEADER_TEXT)
    else:
        media = object_at(header, sort, param)
        only(media, {"id", "link", "filename"} if sort == "document" else {"id", "link"}, member(param, sort))
        check_source(media, sort, member(param, sort), known)


def _check_footer(value: object, form: _Form) -> None:
    if value is None:
        return
    if not form.footer:
        raise invalid('Unexpected key "footer" on param "interactive".')
    footer = as_object(value, "interactive['footer']")
    only(footer, {"text"}, "interactive['footer']")
    text_at(footer, "text", "interactive['footer']", _FOOTER)
