"""What Meta refuses in a new or edited template (fact sheet 13.1, 13.6)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import TemplateCategory
from mock_meta.protocol.errors import invalid, management
from mock_meta.protocol.numbers import whole
from mock_meta.protocol.strict_json import decoded
from mock_meta.rules.languages import LANGUAGES
from mock_meta.rules.template_create_authentication import check_authentication
from mock_meta.rules.template_create_buttons import check_buttons
from mock_meta.rules.template_texts import check_body, check_footer, check_header_text, missing_example
from mock_meta.rules.value_checks import Object, array_at, as_object, member, object_at, one_of, required, text_at

HandleKnown = Callable[[str, str], bool]  # a handle, and the format of the header that it is a sample for

_NAME = re.compile(r"[a-z0-9_]{1,512}\Z")
_TYPES = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST")
_CARD_TYPES = ("HEADER", "BODY", "BUTTONS")
_FORMATS = ("TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT")
UNSAMPLED = frozenset({"TEXT", "LOCATION", "PRODUCT"})
_OFFER = 16
_MOST_CARDS = 10
_DEEPEST = 32
_LONGEST_TTL = -1
_TTL: Mapping[TemplateCategory, tuple[int, int]] = MappingProxyType(
    {
        TemplateCategory.AUTHENTICATION: (30, 900),
        TemplateCategory.UTILITY: (30, 43_200),
        TemplateCategory.MARKETING: (43_200, 2_592_000),
    }
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A well-formed template before review."""

    name: str
    language: str
    category: TemplateCategory
    components: list[dict[str, Any]]
    parameter_format: str
    ttl: int | None


def read_draft(params: Object, handle_known: HandleKnown) -> Draft:
    """Raises GraphError: 100 for the envelope, 100 with a subcode for the content."""
    name = text_at(params, "name", "", 512)
    if not _NAME.match(name):
        raise invalid("Param name must contain only lowercase alphanumeric characters and underscores.")
    category = read_category(params.get("category"))
    language = text_at(params, "language", "", 64)
    if language not in LANGUAGES:
        raise invalid(f'Param language must be one of {{{", ".join(sorted(LANGUAGES))}}} - got "{language}".')
    wanted = params.get("parameter_format") or "POSITIONAL"
    form = one_of(_upper(wanted), ("POSITIONAL", "NAMED"), "parameter_format")
    ttl = read_ttl(params, category)
    components = read_components(params, category, form, handle_known)
    return Draft(name, language, category, components, form, ttl)


def read_category(value: object) -> TemplateCategory:
    if value is None:
        raise required("category")
    return TemplateCategory(one_of(_upper(value), tuple(TemplateCategory), "category"))


def _upper(value: object) -> object:
    """Graph reads its enumerations in any case."""
    return value.upper() if isinstance(value, str) else value


def read_ttl(params: Object, category: TemplateCategory) -> int | None:
    """Seconds that a message may wait for its recipient, or -1 for 30 days; None where nothing is asked."""
    value = params.get("message_send_ttl_seconds")
    if value is None:
        return None
    if str(value) == str(_LONGEST_TTL) and category is not TemplateCategory.MARKETING:
        return _LONGEST_TTL
    low, high = _TTL[category]
    seconds = whole(value)
    if seconds is None or not low <= seconds <= high:
        raise invalid(f"Param message_send_ttl_seconds must be a number between {low} and {high}.")
    return seconds


def read_components(
    params: Object, category: TemplateCategory, form: str, handle_known: HandleKnown
) -> list[dict[str, Any]]:
    """The components with upper-case types, as Meta lists them."""
    components = _normalised(params, "", _TYPES)
    if _deeper(components, _DEEPEST):
        raise invalid("Param components is nested too deeply.")
    types = [one["type"] for one in components]
    if len(set(types)) != len(types):
        raise invalid("Param components must contain each component type at most once.")
    if "BODY" not in types:
        raise management(2388072, "Message body format is incorrect", "The message template needs a body.")
    if category is TemplateCategory.AUTHENTICATION:
        check_authentication(components)
        return components
    for index, one in enumerate(components):
        _check_component(one, f"components[{index}]", form, handle_known)
    return components


def _deeper(value: object, levels: int) -> bool:
    """Whether JSON is nested more than so many levels deep: what is kept must be listed again."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(levels == 0 or _deeper(one, levels - 1) for one in inner)


def _normalised(parent: Object, param: str, allowed: Sequence[str]) -> list[dict[str, Any]]:
    place = member(param, "components")
    given = array_at({"components": decoded(parent.get("components"))}, "components", param)
    return [_normal(one, f"{place}[{index}]", allowed) for index, one in enumerate(given)]


def _normal(value: object, param: str, allowed: Sequence[str]) -> dict[str, Any]:
    component = dict(as_object(value, param))
    component["type"] = one_of(_upper(component.get("type")), allowed, f"{param}['type']")
    if component["type"] == "HEADER":
        component["format"] = one_of(_upper(component.get("format", "TEXT")), _FORMATS, f"{param}['format']")
    if component["type"] == "CAROUSEL":
        place = member(param, "cards")
        cards = [as_object(one, place) for one in array_at(component, "cards", param)]
        component["cards"] = [{**card, "components": _normalised(card, place, _CARD_TYPES)} for card in cards]
    if component["type"] == "BUTTONS" and isinstance(component.get("buttons"), list):
        component["buttons"] = [
            {**one, "type": _upper(one.get("type"))} if isinstance(one, Mapping) else one
            for one in component["buttons"]
        ]
    return component


def _check_component(one: Object, param: str, form: str, handle_known: HandleKnown) -> None:
    kind = one["type"]
    if kind == "HEADER":
        _check_header(one, form, handle_known)
    elif kind == "BODY":
        check_body(one, form)
    elif kind == "FOOTER":
        check_footer(one)
    elif kind == "BUTTONS":
        check_buttons(one, param)
    elif kind == "CAROUSEL":
        _check_cards(one, param, form, handle_known)
    elif kind == "LIMITED_TIME_OFFER":
        text_at(object_at(one, "limited_time_offer", "components"), "text", "limited_time_offer", _OFFER)


def _check_cards(carousel: Object, param: str, form: str, handle_known: HandleKnown) -> None:
    """Every card is a small template with a header and buttons, and all have the same components."""
    cards = [card["components"] for card in carousel["cards"]]
    if not 1 <= len(cards) <= _MOST_CARDS:
        raise invalid(f"Param cards must be an array of 1 to {_MOST_CARDS} cards.")
    kinds = [sorted(one["type"] for one in card) for card in cards]
    if any(kind != kinds[0] for kind in kinds):
        raise invalid("All cards of a carousel must have the same components.")
    if not {"HEADER", "BUTTONS"} <= set(kinds[0]) or len(set(kinds[0])) < len(kinds[0]):
        raise invalid("A card has a header, buttons, and at most a body, each once.")
    for number, card in enumerate(cards):
        for index, one in enumerate(card):
            place = f"{param}['cards'][{number}]['components'][{index}]"
            _check_component(one, place, form, handle_known)


def _check_header(header: Object, form: str, handle_known: HandleKnown) -> None:
    if header["format"] == "TEXT":
        check_header_text(header, form)
    if header["format"] in UNSAMPLED:
        return
    example = header.get("example")
    handles = example.get("header_handle") if isinstance(example, Mapping) else None
    first = handles[0] if isinstance(handles, list) and handles else handles
    if not isinstance(first, str) or not first:
        raise missing_example("HEADER")
    if not handle_known(first, header["format"]):
        sort = header["format"].lower()
        raise management(2388273, "Sample missing", f"The {sort} header needs a sample: give a valid header_handle.")
