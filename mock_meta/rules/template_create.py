"""What Meta refuses in a new or edited template (fact sheet 13.1, 13.6)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mock_meta.accounts import TemplateCategory
from mock_meta.errors import GraphError, invalid, management
from mock_meta.numbers import whole
from mock_meta.rules.languages import LANGUAGES
from mock_meta.rules.shape import Object, array_at, as_object, one_of, text_at
from mock_meta.rules.template_buttons import check_buttons
from mock_meta.rules.template_match import VARIABLE, variables

HandleKnown = Callable[[str], bool]

_NAME = re.compile(r"[a-z0-9_]{1,512}\Z")
_TYPES = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST")
_FORMATS = ("TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT")
UNSAMPLED = frozenset({"TEXT", "LOCATION", "PRODUCT"})
_HEADER, _BODY, _FOOTER = 60, 1024, 60
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


def read_draft(params: Object, handle_known: HandleKnown) -> Draft:
    """Raises GraphError: 100 for the envelope, 100 with a subcode for the content."""
    name = text_at(params, "name", "", 512)
    if not _NAME.match(name):
        raise invalid("Param name must contain only lowercase alphanumeric characters and underscores.")
    category = read_category(params.get("category"))
    language = text_at(params, "language", "", 64)
    if language not in LANGUAGES:
        raise invalid(f'Param language must be one of {{{", ".join(sorted(LANGUAGES))}}} - got "{language}".')
    wanted = params.get("parameter_format", "POSITIONAL")
    form = one_of(_upper(wanted), ("POSITIONAL", "NAMED"), "parameter_format")
    _check_ttl(params, category)
    components = read_components(params, category, form, handle_known)
    return Draft(name, language, category, components, form)


def read_category(value: object) -> TemplateCategory:
    return TemplateCategory(one_of(_upper(value), tuple(TemplateCategory), "category"))


def _upper(value: object) -> object:
    """Graph reads its enumerations in any case."""
    return value.upper() if isinstance(value, str) else value


def _check_ttl(params: Object, category: TemplateCategory) -> None:
    value = params.get("message_send_ttl_seconds")
    if value is None:
        return
    low, high = _TTL[category]
    seconds = whole(value)
    if seconds is None or not low <= seconds <= high:
        raise invalid(f"Param message_send_ttl_seconds must be a number between {low} and {high}.")


def read_components(
    params: Object, category: TemplateCategory, form: str, handle_known: HandleKnown
) -> list[dict[str, Any]]:
    """The components with upper-case types, as Meta lists them."""
    given = array_at(params, "components", "")
    components = [_normal(one, f"components[{index}]") for index, one in enumerate(given)]
    types = [one["type"] for one in components]
    if len(set(types)) != len(types):
        raise invalid("Param components must contain each component type at most once.")
    if "BODY" not in types:
        raise management(2388072, "Message Body Format Is Incorrect", "The message template needs a body.")
    for one in components:
        _check_component(one, category, form, handle_known)
    return components


def _normal(value: object, param: str) -> dict[str, Any]:
    component = dict(as_object(value, param))
    component["type"] = one_of(_upper(component.get("type")), _TYPES, f"{param}['type']")
    if component["type"] == "HEADER":
        component["format"] = one_of(_upper(component.get("format", "TEXT")), _FORMATS, f"{param}['format']")
    if component["type"] == "BUTTONS" and isinstance(component.get("buttons"), list):
        component["buttons"] = [
            {**one, "type": _upper(one.get("type"))} if isinstance(one, Mapping) else one
            for one in component["buttons"]
        ]
    return component


def _check_component(one: Object, category: TemplateCategory, form: str, handle_known: HandleKnown) -> None:
    authentication = category is TemplateCategory.AUTHENTICATION
    if one["type"] == "HEADER":
        _check_header(one, form, handle_known)
    elif one["type"] == "BODY" and not authentication:
        _check_body(one, form)
    elif one["type"] == "FOOTER" and not authentication:
        _check_footer(one)
    elif one["type"] == "BUTTONS":
        check_buttons(one, authentication=authentication)


def _check_header(header: Object, form: str, handle_known: HandleKnown) -> None:
    example = header.get("example") or {}
    if header["format"] in UNSAMPLED - {"TEXT"}:
        return
    if header["format"] != "TEXT":
        handles = example.get("header_handle") if isinstance(example, Mapping) else None
        first = handles[0] if isinstance(handles, list) and handles else handles
        if not isinstance(first, str) or not handle_known(first):
            sort = header["format"].lower()
            raise management(
                2388273, "Sample Missing", f"The {sort} header needs a sample: give a valid header_handle."
            )
        return
    text = _text(header, 2388047, "Message Header Format Is Incorrect", _HEADER)
    if "\n" in text or len(VARIABLE.findall(text)) > 1:
        raise management(
            2388047, "Message Header Format Is Incorrect", "A header has one line and at most one variable."
        )
    key = "header_text_named_params" if form == "NAMED" else "header_text"
    _check_samples(text, _samples(example, key), form)


def _check_body(body: Object, form: str) -> None:
    title = "Message Body Format Is Incorrect"
    text = _text(body, 2388072, title, _BODY)
    names = VARIABLE.findall(text)
    if form == "POSITIONAL" and variables(text) != [str(number + 1) for number in range(len(set(names)))]:
        raise management(2388072, title, "Variables must be numbered {{1}}, {{2}}, {{3}} in order.")
    if re.search(r"\}\}\s*\{\{", text):
        raise management(2388072, title, "Variables must not stand next to each other.")
    stripped = text.strip()
    if names and (stripped.startswith("{{") or stripped.endswith("}}")):
        raise management(2388299, "Leading or Trailing Params Not Allowed", "Variables can't be at the start or end.")
    if len(text.split()) < 2 * len(names) + 1:
        raise management(2388293, "Too Many Params", "There are too many variables for the length of the message.")
    key = "body_text_named_params" if form == "NAMED" else "body_text"
    example = body.get("example") or {}
    _check_samples(text, _samples(example, key), form)


def _check_footer(footer: Object) -> None:
    text = _text(footer, 2388073, "Message Footer Format Is Incorrect", _FOOTER)
    if VARIABLE.search(text) or "\n" in text:
        raise management(2388073, "Message Footer Format Is Incorrect", "A footer has one line and no variables.")


def _text(component: Object, subcode: int, title: str, longest: int) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise management(subcode, title, "The text is missing.")
    if len(text) > longest:
        raise management(
            2388040, "Character Limit Exceeded", f"The text has {len(text)} characters, {longest} are allowed."
        )
    return text


def _samples(example: object, key: str) -> Sequence[Any]:
    """The samples of a component. ``body_text`` is a list of lists, the others are flat."""
    found = example.get(key) if isinstance(example, Mapping) else None
    if not isinstance(found, list):
        return []
    return found[0] if found and isinstance(found[0], list) else found


def _check_samples(text: str, samples: Sequence[Any], form: str) -> None:
    names = variables(text)
    if len(samples) != len(names):
        raise _missing_samples(len(names))
    if form == "NAMED":
        given = {one.get("param_name") for one in samples if isinstance(one, Mapping)}
        if given != set(names):
            raise _missing_samples(len(names))
    elif not all(isinstance(one, str) and one for one in samples):
        raise _missing_samples(len(names))


def _missing_samples(count: int) -> GraphError:
    return management(
        2388043, "Sample Values Missing or Invalid", f"The text has {count} variables; give a sample for each."
    )
