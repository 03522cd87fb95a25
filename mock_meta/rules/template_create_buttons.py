"""The buttons of a template (fact sheet 13.1, 13.6); those of authentication templates have their own rules."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from mock_meta.protocol.errors import ErrorBody, GraphError, invalid, management
from mock_meta.protocol.numbers import digits_of
from mock_meta.rules.template_send_match import VARIABLE
from mock_meta.rules.template_texts import missing_example
from mock_meta.rules.text_marks import emojis, is_formatted
from mock_meta.rules.value_checks import Object, array_at, as_object

_MOST = 10
_PER_TYPE: Mapping[str, int] = MappingProxyType(
    {
        "QUICK_REPLY": 10,
        "URL": 2,
        "PHONE_NUMBER": 1,
        "COPY_CODE": 1,
        "FLOW": 1,
        "CATALOG": 1,
        "MPM": 1,
        "SPM": 1,
        "VOICE_CALL": 1,
        "REQUEST_CONTACT_INFO": 1,
    }
)
_TEXT, _URL, _PHONE, _COUPON = 25, 2000, 20, 20
_WHATSAPP = frozenset({"wa.me", "api.whatsapp.com", "whatsapp.com", "www.whatsapp.com", "chat.whatsapp.com"})
_WITHOUT_TEXT = frozenset({"COPY_CODE", "REQUEST_CONTACT_INFO"})  # Meta writes their labels itself.
_MALFORMED = re.compile(r"\s|\{\{|\}\}")
_FLOW = ("flow_id", "flow_name", "flow_json")


def check_buttons(component: Object, param: str) -> None:
    """Of any template but authentication; ``param`` is the component's place. Raises GraphError with subcode 2388060, 2388043
    for samples, 2388081 for links to WhatsApp, and 100 and 192 without one for addresses and numbers that are none.
    """
    buttons = [as_object(one, "components['buttons']") for one in array_at(component, "buttons", "components")]
    types = [str(button.get("type")).upper() for button in buttons]
    _check_counts(types)
    for index, (kind, button) in enumerate(zip(types, buttons, strict=True)):
        _check_button(kind, button, f"{param}['buttons'][{index}]")


def _check_counts(types: Sequence[str]) -> None:
    if not 1 <= len(types) <= _MOST:
        raise wrong_button(f"A template has 1 to {_MOST} buttons.")
    for kind, count in Counter(types).items():
        if kind not in _PER_TYPE:
            raise wrong_button(f"There is no button type {kind}.")
        if count > _PER_TYPE[kind]:
            raise wrong_button(f"At most {_PER_TYPE[kind]} buttons of type {kind} are allowed.")
    runs = [kind for kind, _ in groupby(types, key=lambda kind: kind == "QUICK_REPLY")]
    if runs.count(True) > 1:
        raise wrong_button("Quick reply buttons must stand together.")


def _check_button(kind: str, button: Object, param: str) -> None:
    if kind not in _WITHOUT_TEXT:
        _check_label(button)
    if kind == "URL":
        _check_url(button, param)
    elif kind == "PHONE_NUMBER":
        number = button.get("phone_number")
        if not isinstance(number, str) or len(number) > _PHONE or digits_of(number) is None:
            raise GraphError(ErrorBody(192, f"(#192) Param {param}['phone_number'] is not a valid phone number.", 400))
    elif kind == "COPY_CODE":
        code = _first(button.get("example"))
        if not isinstance(code, str) or not 1 <= len(code) <= _COUPON:
            raise missing_example("BUTTONS")
    elif kind == "FLOW" and sum(bool(button.get(name)) for name in _FLOW) != 1:
        raise wrong_button("A flow button names its flow by one of flow_id, flow_name and flow_json.")


def _check_label(button: Object) -> None:
    text = button.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= _TEXT:
        raise wrong_button(f"A button's text has 1 to {_TEXT} characters.")
    if VARIABLE.search(text) or "\n" in text or emojis(text) or is_formatted(text):
        raise wrong_button("Buttons can't have any variables, newlines, emojis or formatting characters.")


def _check_url(button: Object, param: str) -> None:
    url = button.get("url")
    host = _host(url)
    if not isinstance(url, str) or not 1 <= len(url) <= _URL or not host or _MALFORMED.search(VARIABLE.sub("", url)):
        raise invalid(f"Param {param}['url'] is not a valid URI.")
    if host in _WHATSAPP:
        raise management(2388081, "Direct link not allowed", "Direct links to WhatsApp aren't allowed for buttons.")
    found = VARIABLE.findall(url)
    if found and (found != ["1"] or not url.endswith("}}")):
        raise wrong_button("A URL has at most one variable, {{1}}, at its end.")
    if found and not isinstance(_first(button.get("example")), str):
        raise missing_example("BUTTONS")


def _host(url: object) -> str | None:
    """The host of an absolute http(s) URL, which may be in part a variable."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return None
    return parts.hostname if parts.scheme in {"http", "https"} else None


def _first(value: Any) -> Any:  # noqa: ANN401  # JSON
    return value[0] if isinstance(value, list) and value else value


def wrong_button(text: str) -> GraphError:
    return management(2388060, "Button format is incorrect", text)
