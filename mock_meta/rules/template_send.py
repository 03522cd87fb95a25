"""The outline of a template send: what is refused before Meta looks at the template itself (code 100)."""

import msgspec

from mock_meta.protocol.errors import invalid
from mock_meta.protocol.numbers import whole
from mock_meta.rules.media import MediaKnown
from mock_meta.rules.template_send_parameters import Parameter, read_parameter
from mock_meta.rules.value_checks import Object, array_at, as_object, member, one_of, only, required, text_at

_COMPONENTS = ("header", "body", "button", "footer", "carousel", "limited_time_offer")
_CARD = ("header", "body", "button")
_SUB_TYPES = (
    *("booking_confirmation", "catalog", "copy_code", "flow", "mpm", "order_details"),
    *("quick_reply", "reminder", "url", "voice_call"),
)
"""As Meta lists them (capture at v24.0, 2026)."""
_MEMBERS = frozenset({"type", "sub_type", "index", "parameters", "cards"})


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


def _component(value: object, param: str, known: MediaKnown, kinds: tuple[str, ...] = _COMPONENTS) -> Component:
    component = as_object(value, param)
    only(component, _MEMBERS, param)
    kind = one_of(component.get("type"), kinds, member(param, "type"))
    sub_type, index = _button(component, param) if kind == "button" else (None, None)
    parameters = [] if component.get("parameters") is None else array_at(component, "parameters", param)
    here = member(param, "parameters")
    read = tuple(read_parameter(one, f"{here}[{place}]", known) for place, one in enumerate(parameters))
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
        cards[number] = tuple(_component(one, f"{member(here, 'components')}[{n}]", known, _CARD) for n, one in listed)
    return tuple(cards[number] for number in sorted(cards))


def _button(component: Object, param: str) -> tuple[str, int]:
    sub_type = one_of(component.get("sub_type"), _SUB_TYPES, member(param, "sub_type"))
    index = component.get("index")
    if index is None or index == "":
        raise required(member(param, "index"))
    place = whole(index)
    if place is None:
        raise invalid(f"Param {member(param, 'index')} must be an integer.")
    return sub_type, place
