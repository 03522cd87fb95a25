"""A template send against the approved template: existence, counts, formats, buttons (fact sheet section 6)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mock_meta.business.accounts import Template, TemplateCategory, TemplateStatus
from mock_meta.protocol.errors import GraphError, refuse
from mock_meta.rules.template_send import Component, TemplateSend
from mock_meta.rules.template_send_parameters import Parameter

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_BODY, _HEADER, _AUTHENTICATION_VALUE = 1024, 60, 15
_FORBIDDEN = re.compile(r"[\n\r\t]| {5}")
_MEDIA_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "IMAGE": "image",
        "VIDEO": "video",
        "GIF": "gif",
        "DOCUMENT": "document",
        "LOCATION": "location",
        "PRODUCT": "product",
    }
)
_TEXT_KINDS = frozenset({"text", "currency", "date_time"})
# The template's button type -> how Meta prints it, and the sub_type that addresses it.
_BUTTONS: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "QUICK_REPLY": ("QuickReply", frozenset({"quick_reply"})),
        "URL": ("Url", frozenset({"url"})),
        "COPY_CODE": ("CopyCode", frozenset({"copy_code"})),
        "OTP": ("Url", frozenset({"url"})),
        "FLOW": ("Flow", frozenset({"flow"})),
        "CATALOG": ("Catalog", frozenset({"catalog"})),
        "MPM": ("Mpm", frozenset({"mpm"})),
        "SPM": ("Spm", frozenset()),
        "VOICE_CALL": ("VoiceCall", frozenset({"voice_call"})),
        "PHONE_NUMBER": ("PhoneNumber", frozenset()),
    }
)
# The parameter that a button takes.
_WANTED: Mapping[str, str] = MappingProxyType(
    {
        "URL": "text",
        "OTP": "text",
        "COPY_CODE": "coupon_code",
        "QUICK_REPLY": "payload",
        "FLOW": "action",
        "CATALOG": "action",
        "MPM": "action",
    }
)


def check_template(send: TemplateSend, template: Template | None) -> Template:
    """The template the send will use. Raises GraphError 131008 or 132xxx in the order of section 6."""
    template = _sendable(send, template)
    header = [one for one in send.components if one.type == "header"]
    body = [one for one in send.components if one.type == "body"]
    given_header = tuple(value for one in header for value in one.parameters)
    given_body = tuple(value for one in body for value in one.parameters)
    _check_header(template, given_header)
    _check_texts(template, "body", _text_of(template, "BODY"), given_body, _BODY)
    _check_buttons(template, [one for one in send.components if one.type == "button"])
    _check_offer(template, [one for one in send.components if one.type == "limited_time_offer"])
    _check_cards(template, [card for one in send.components for card in one.cards])
    return template


def _check_offer(template: Template, given: Sequence[Component]) -> None:
    """An offer that expires says when, and nothing else does."""
    offer = component(template, "LIMITED_TIME_OFFER")
    if offer is None and given:
        raise refuse(132018, "Template does not contain limited time offer component")
    about = offer.get("limited_time_offer") if offer else None
    expires = isinstance(about, Mapping) and about.get("has_expiration") is True
    if expires and not any(one.parameters for one in given):
        raise refuse(131008, "limited_time_offer: expiration_time_ms is required")


def _check_cards(template: Template, given: Sequence[tuple[Component, ...]]) -> None:
    """Every card of a carousel is a small template of its own."""
    carousel = component(template, "CAROUSEL")
    cards = carousel.get("cards", ()) if carousel else ()
    if len(cards) != len(given):
        raise refuse(
            132012,
            f"carousel: number of cards ({len(given)}) does not match the expected number of cards ({len(cards)})",
        )
    for card, components in zip(cards, given, strict=True):
        small = replace(template, components=list(card.get("components", ())))
        check_template(TemplateSend(template.name, template.language, components), small)


def _sendable(send: TemplateSend, template: Template | None) -> Template:
    if template is not None and template.status is TemplateStatus.PAUSED:
        raise refuse(132015)
    if template is not None and template.status is TemplateStatus.DISABLED:
        raise refuse(132016)
    if template is None or template.status is not TemplateStatus.APPROVED:
        raise refuse(132001, f"template name ({send.name}) does not exist in {send.language}")
    return template


def component(template: Template, kind: str) -> Mapping[str, Any] | None:
    """The template's component of a type (``HEADER``, ``BODY``, ``FOOTER``, ``BUTTONS``)."""
    return next((one for one in template.components if str(one.get("type")).upper() == kind), None)


def variables(text: str) -> list[str]:
    """The distinct variables of a text, in order of appearance."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def _text_of(template: Template, kind: str) -> str:
    found = component(template, kind)
    return str(found.get("text") or "") if found else ""


def _check_header(template: Template, given: Sequence[Parameter]) -> None:
    header = component(template, "HEADER")
    if header is None:
        if given:
            raise refuse(132018, "Template does not contain title component")
        return
    sort = str(header.get("format", "TEXT")).upper()
    if sort == "TEXT":
        _check_texts(template, "header", _text_of(template, "HEADER"), given, _HEADER)
        return
    if len(given) > 1:
        raise _count("header", len(given), 1)
    received = given[0].kind if given else "unknown"
    if received != _MEDIA_KINDS.get(sort, "unknown"):
        raise refuse(132012, f"header: Format mismatch, expected {sort}, received {received.upper()}")


def _check_texts(template: Template, place: str, text: str, given: Sequence[Parameter], longest: int) -> None:
    names = variables(text)
    if template.category is TemplateCategory.AUTHENTICATION and place == "body" and not names:
        names = ["1"]  # Meta writes an authentication template's body itself: the code is its one variable.
    for value in given:
        if value.kind not in _TEXT_KINDS:
            raise refuse(132012, f"{place}: Format mismatch, expected TEXT, received {value.kind.upper()}")
    if len(given) != len(names):
        raise _count(place, len(given), len(names))
    values = _named(place, names, given) if template.parameter_format == "NAMED" else _positional(place, names, given)
    for value in given:
        _check_characters(template, value.text)
    hydrated = VARIABLE.sub(lambda found: values.get(found[1], ""), text)
    if len(hydrated) > longest:
        raise refuse(132005, f"{place}: hydrated text is {len(hydrated)} characters long, the limit is {longest}")


def _count(place: str, given: int, expected: int) -> GraphError:
    text = f"{place}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    return refuse(132000, text)


def _named(place: str, names: Sequence[str], given: Sequence[Parameter]) -> dict[str, str]:
    if any(not value.name for value in given):
        raise refuse(100, "Parameter name is missing or empty")
    values = {value.name or "": value.text for value in given}
    if set(values) != set(names):
        raise _count(place, len(set(values) & set(names)), len(names))
    return values


def _positional(place: str, names: Sequence[str], given: Sequence[Parameter]) -> dict[str, str]:
    if any(value.name for value in given):
        raise refuse(132012, f"{place}: parameter_name is not allowed for a template with positional parameters")
    ordered = sorted(names, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0))
    return {name: value.text for name, value in zip(ordered, given, strict=True)}


def _check_characters(template: Template, text: str) -> None:
    if _FORBIDDEN.search(text):
        raise refuse(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    if template.category is TemplateCategory.AUTHENTICATION and len(text) > _AUTHENTICATION_VALUE:
        raise refuse(132018, f"Param text of an authentication template cannot be longer than {_AUTHENTICATION_VALUE}")


def _check_buttons(template: Template, given: Sequence[Component]) -> None:
    found = component(template, "BUTTONS")
    buttons = [one for one in (found or {}).get("buttons", []) if isinstance(one, Mapping)]
    sent = {one.index: one for one in given}
    for index in sent:
        if index is None or index >= len(buttons):
            raise refuse(132018, f"buttons: Button at index {index} does not exist in the template")
    for index, button in enumerate(buttons):
        _check_button(index, button, sent.get(index))


def _check_button(index: int, button: Mapping[str, Any], sent: Component | None) -> None:
    sort = str(button.get("type", "")).upper()
    printed, addressed = _BUTTONS.get(sort, (sort.title(), frozenset()))
    if sent is not None and sent.sub_type not in addressed:
        raise refuse(132018, f"buttons: Button at index {index} must be of type {printed}")
    dynamic = sort in {"COPY_CODE", "OTP", "MPM"} or (
        sort == "URL" and bool(VARIABLE.search(str(button.get("url", ""))))
    )
    if dynamic and (sent is None or not sent.parameters):
        raise refuse(131008, f"buttons: Button at index {index} of type {printed} requires a parameter")
    if sent is not None and sort == "URL" and not dynamic and sent.parameters:
        raise refuse(132018, f"buttons: Button at index {index} of type {printed} does not take a parameter")
    if sent is not None and sent.parameters:
        _check_button_parameters(index, sort, printed, sent.parameters)


def _check_button_parameters(index: int, sort: str, printed: str, given: Sequence[Parameter]) -> None:
    wanted = _WANTED.get(sort)
    if len(given) != 1:
        raise _count(f"buttons: Button at index {index} of type {printed}", len(given), 1)
    if wanted is not None and given[0].kind != wanted:
        received = given[0].kind.upper()
        raise refuse(
            132012, f"buttons: Format mismatch at index {index}, expected {wanted.upper()}, received {received}"
        )
