"""The values in a template send: what each kind of parameter holds (fact sheet 6)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from mock_meta.protocol.errors import invalid, refuse
from mock_meta.protocol.numbers import whole
from mock_meta.rules.location import check_location
from mock_meta.rules.media import MediaKnown, check_source
from mock_meta.rules.value_checks import (
    ANY_LENGTH,
    Object,
    as_object,
    member,
    one_of,
    only,
    optional_text,
    required,
    text_at,
)

_MEDIA = frozenset({"image", "video", "gif", "document"})
_TEXTS = frozenset({"text", "payload", "coupon_code"})
_HYDRATED = frozenset({"currency", "date_time"})
# Each kind carries its value in a member of the same name.
_KINDS = (*_MEDIA, *_TEXTS, *_HYDRATED, "location", "product", "action", "limited_time_offer")
_CURRENCY = 3


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """One value. ``text`` is what gets hydrated for text-like kinds, and empty for media."""

    kind: str
    text: str
    name: str | None


def read_parameter(value: object, param: str, known: MediaKnown) -> Parameter:
    """Raises GraphError 100 for what is no parameter, 131009 for media that nobody uploaded."""
    parameter = as_object(value, param)
    kind = one_of(parameter.get("type"), _KINDS, member(param, "type"))
    only(parameter, {"type", "parameter_name", kind}, param)
    content = parameter.get(kind)
    if content is None or content == "":
        raise refuse(100, f"Parameter '{kind}' is mandatory for component parameter type '{kind}'")
    name = optional_text(parameter, "parameter_name", param, 512)
    return Parameter(kind, _text_of(kind, content, member(param, kind), known), name)


def _text_of(kind: str, value: object, param: str, known: MediaKnown) -> str:
    """What the value hydrates to, once it is found to be well-formed."""
    if kind in _MEDIA:
        media = as_object(value, param)
        only(media, {"id", "link", "filename"} if kind == "document" else {"id", "link"}, param)
        check_source(media, kind, param, known)
        return ""
    if kind in _TEXTS:
        if not isinstance(value, str):
            raise invalid(f"Param {param} must be a string.")
        return value
    holder = as_object(value, param)
    if kind in _CHECKS:
        _CHECKS[kind](holder, param)
    return str(holder["fallback_value"]) if kind in _HYDRATED else ""


def _check_currency(value: Object, param: str) -> None:
    only(value, {"fallback_value", "code", "amount_1000"}, param)
    text_at(value, "fallback_value", param, ANY_LENGTH)
    text_at(value, "code", param, _CURRENCY)
    _check_count(value, "amount_1000", param)


def _check_date_time(value: Object, param: str) -> None:
    """The parts of a date besides its text were once documented, and are passed over."""
    text_at(value, "fallback_value", param, ANY_LENGTH)


def _check_product(value: Object, param: str) -> None:
    only(value, {"product_retailer_id", "catalog_id"}, param)
    text_at(value, "product_retailer_id", param, ANY_LENGTH)
    text_at(value, "catalog_id", param, ANY_LENGTH)


def _check_offer(value: Object, param: str) -> None:
    only(value, {"expiration_time_ms"}, param)
    _check_count(value, "expiration_time_ms", param)


def _check_count(value: Object, name: str, param: str) -> None:
    if value.get(name) in (None, ""):
        raise required(member(param, name))
    if whole(value[name]) is None:
        raise invalid(f"Param {member(param, name)} must be an integer.")


_CHECKS: Mapping[str, Callable[[Object, str], None]] = MappingProxyType(
    {
        "currency": _check_currency,
        "date_time": _check_date_time,
        "location": check_location,
        "product": _check_product,
        "limited_time_offer": _check_offer,
    }
)
