"""The outline of a template send: what is refused before Meta looks at the template itself (code 100)."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from mock_meta.errors import GraphError, invalid, refuse
from mock_meta.numbers import whole
from mock_meta.rules.media import MediaKnown, check_source
from mock_meta.rules.shape import Object, array_at, as_object, member, one_of, only, optional_text, required, text_at

_COMPONENTS = ("header", "body", "button", "footer", "carousel", "limited_time_offer")
_SUB_TYPES = ("quick_reply", "url", "copy_code", "flow", "catalog", "mpm", "spm", "voice_call", "otp")
_MEMBERS = frozenset({"type", "sub_type", "index", "parameters", "cards"})
_MEDIA = frozenset({"image", "video", "gif", "document"})
# What each kind of parameter must carry under which name.
PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "text": "text",
        "currency": "currency",
        "date_time": "date_time",
        "image": "image",
        "video": "video",
        "gif": "gif",
        "document": "document",
        "location": "location",
        "product": "product",
        "payload": "payload",
        "coupon_code": "coupon_code",
        "action": "action",
        "limited_time_offer": "limited_time_offer",
    }
)


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """One value. ``text`` is what gets hydrated for text-like kinds, and empty for media."""

    kind: str
    text: str
    name: str | None


class Component(msgspec.Struct, frozen=True, gc=False):
    """A component of a send, types in lower case; ``index`` for buttons only, ``cards`` for a carousel."""

    type: str
    sub_type: str | None
    index: int | None
    parameters: tuple[Parameter, ...]
    cards: tuple[tuple["Component", ...], ...] = ()


class TemplateSend(msgspec.Struct, frozen=True, gc=False):
    """The well-formed ``template`` member."""

    name: str
    language: str
    components: tuple[Component, ...]


def read_template(value: object, known: MediaKnown) -> TemplateSend:
    """Raises GraphError 100 for what is no template object."""
    template = as_object(value, "template")
    only(template, {"name", "language", "components", "namespace"}, "template")
    name = text_at(template, "name", "template", 512)
    language = _language(template)
    components = template.get("components")
    if components is None:
        return TemplateSend(name, language, ())
    if not isinstance(components, list):
        raise invalid("Param template['components'] must be an array.")
    read = (_component(one, f"template['components'][{index}]", known) for index, one in enumerate(components))
    return TemplateSend(name, language, tuple(read))


def _language(template: Object) -> str:
    if template.get("language") is None:
        raise required("template['language']['code']")
    language = as_object(template["language"], "template['language']")
    only(language, {"code", "policy"}, "template['language']")
    if language.get("policy") is not None:
        one_of(language["policy"], ("deterministic",), "template['language']['policy']")
    return text_at(language, "code", "template['language']", 64)


def _component(value: object, param: str, known: MediaKnown) -> Component:
    component = as_object(value, param)
    only(component, _MEMBERS, param)
    kind = one_of(_lowered(component.get("type")), _COMPONENTS, member(param, "type"))
    sub_type, index = _button(component, param) if kind == "button" else (None, None)
    parameters = component.get("parameters", [])
    if not isinstance(parameters, list):
        raise invalid(f"Param {member(param, 'parameters')} must be an array.")
    here = member(param, "parameters")
    read = tuple(_parameter(one, f"{here}[{place}]", known) for place, one in enumerate(parameters))
    cards = _cards(component, param, known) if kind == "carousel" else ()
    return Component(kind, sub_type, index, read, cards)


def _cards(component: Object, param: str, known: MediaKnown) -> tuple[tuple[Component, ...], ...]:
    """The components of each card, in the order of ``card_index``."""
    place = member(param, "cards")
    cards = {}
    for index, value in enumerate(array_at(component, "cards", param)):
        here = f"{place}[{index}]"
        card = as_object(value, here)
        only(card, {"card_index", "components"}, here)
        number = whole(card.get("card_index"))
        if number is None:
            raise required(member(here, "card_index"))
        listed = enumerate(array_at(card, "components", here))
        cards[number] = tuple(_component(one, f"{member(here, 'components')}[{n}]", known) for n, one in listed)
    return tuple(cards[number] for number in sorted(cards))


def _button(component: Object, param: str) -> tuple[str, int]:
    if component.get("sub_type") is None:
        raise required(member(param, "sub_type"))
    sub_type = one_of(_lowered(component["sub_type"]), _SUB_TYPES, member(param, "sub_type"))
    index = component.get("index")
    if index is None or index == "":
        raise required(member(param, "index"))
    place = whole(index)
    if place is None:
        raise invalid(f"Param {member(param, 'index')} must be an integer.")
    return sub_type, place


def _parameter(value: object, param: str, known: MediaKnown) -> Parameter:
    parameter = as_object(value, param)
    if parameter.get("type") is None:
        raise required(member(param, "type"))
    kind = one_of(_lowered(parameter["type"]), tuple(PARAMETERS), member(param, "type"))
    holder = PARAMETERS[kind]
    only(parameter, {"type", "parameter_name", holder}, param)
    content = parameter.get(holder)
    if content is None or content == "":
        raise _mandatory(holder, kind)
    name = optional_text(parameter, "parameter_name", param, 512)
    return Parameter(kind, _content(kind, parameter, member(param, holder), known), name)


def _content(kind: str, parameter: Object, param: str, known: MediaKnown) -> str:
    value = parameter[PARAMETERS[kind]]
    if kind in _MEDIA:
        media = as_object(value, param)
        only(media, {"id", "link", "filename"} if kind == "document" else {"id", "link"}, param)
        check_source(media, kind, param, known)
        return ""
    if kind in {"currency", "date_time"}:
        return text_at(as_object(value, param), "fallback_value", param, 1 << 16)
    if kind in {"text", "payload", "coupon_code"}:
        if not isinstance(value, str):
            raise invalid(f"Param {param} must be a string.")
        return value
    as_object(value, param)
    return ""


def _mandatory(holder: str, kind: str) -> GraphError:
    return refuse(100, f"Parameter '{holder}' is mandatory for component parameter type '{kind}'")


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
