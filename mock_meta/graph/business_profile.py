"""``/{phone_number_id}/whatsapp_business_profile`` (fact sheet 12)."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok, success
from mock_meta.protocol.errors import invalid
from mock_meta.protocol.fields import names_in
from mock_meta.protocol.strict_json import decoded
from mock_meta.rules.message import check_product
from mock_meta.rules.value_checks import bounded, link, one_of

_LENGTHS: Mapping[str, int] = MappingProxyType({"about": 139, "address": 256, "description": 512, "email": 128})
_FIELDS = (
    "about",
    "address",
    "description",
    "email",
    "profile_picture_url",
    "websites",
    "vertical",
    "messaging_product",
)
_MAX_WEBSITES, _WEBSITE = 2, 256
_ENVELOPE = frozenset({"messaging_product", "access_token"})
_UNSET = "UNDEFINED"
_LABEL = r"[^\s@.,;:<>()\[\]\\/]+"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})+\.?")
_EMAIL = re.compile(rf"[^\s@<>,;:()\[\]\\]+@{_DOMAIN.pattern}")
_VERTICALS = (
    "OTHER",
    "AUTO",
    "BEAUTY",
    "APPAREL",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GROCERY",
    "GOVT",
    "HOTEL",
    "HEALTH",
    "NONPROFIT",
    "PROF_SERVICES",
    "RETAIL",
    "TRAVEL",
    "RESTAURANT",
    "NOT_A_BIZ",
    "ALCOHOL",
    "ONLINE_GAMBLING",
    "PHYSICAL_GAMBLING",
    "OTC_DRUGS",
    "MATRIMONY_SERVICE",
)


def get_profile(_mock: Mock, call: ResolvedCall) -> Answer:
    """The asked fields that have a value; messaging_product always."""
    names = names_in(call.query.get("fields") or "about")
    for name in names:
        if name not in _FIELDS:
            raise invalid(f"Tried accessing nonexisting field ({name})")
    profile = {"vertical": _UNSET, **call.phone.profile, "messaging_product": "whatsapp"}
    shown = [name for name in _FIELDS if name in names or name == "messaging_product"]
    return ok({"data": [{name: profile[name] for name in shown if name in profile}]})


def update_profile(mock: Mock, call: ResolvedCall) -> Answer:
    """A member that is null stays as it is."""
    check_product(call.params)
    changes = {name: value for name, value in call.params.items() if name not in _ENVELOPE and value is not None}
    profile = call.phone.profile
    handle = changes.pop("profile_picture_handle", None)
    if handle is not None:
        _check_picture(mock, call, str(handle))
        changes["profile_picture_url"] = f"https://pps.whatsapp.net/v/{mock.ids.token(12)}.jpg"
    checked = {name: _checked(name, value) for name, value in changes.items()}
    profile.update(checked)
    return success()


def _check_picture(mock: Mock, call: ResolvedCall, text: str) -> None:
    handle = mock.uploads.handle(text, mock.clock())
    own = handle is not None and handle.app_id == call.app.id
    if handle is None or not own or not handle.file_type.startswith("image/"):
        raise invalid("Param profile_picture_handle is not a valid upload handle.")


def _checked(name: str, value: object) -> object:
    """The value as the profile shows it."""
    if name in _LENGTHS:
        return _text(name, bounded(value, name, _LENGTHS[name]))
    if name == "vertical":
        return one_of(value.upper() if isinstance(value, str) else value, _VERTICALS, "vertical") if value else _UNSET
    if name == "websites":
        value = decoded(value)
        if not isinstance(value, list) or len(value) > _MAX_WEBSITES:
            raise invalid(f"Param websites must be an array of at most {_MAX_WEBSITES} URLs.")
        return [_website(one, f"websites[{index}]") for index, one in enumerate(value)]
    if name == "profile_picture_url":
        return link(value, name)
    raise invalid(f'Unexpected key "{name}" on param "whatsapp_business_profile".')


def _text(name: str, text: str) -> str:
    if name == "about" and not text:
        raise invalid("Param about must be at least 1 characters long.")
    if name == "email" and text and not _EMAIL.fullmatch(text):
        raise invalid("Param email must be a valid email address.")
    return text


def _website(value: object, param: str) -> str:
    """An absolute http(s) URL whose host has a domain."""
    website = bounded(link(value, param), param, _WEBSITE)
    if not _DOMAIN.fullmatch(urlsplit(website).hostname or ""):
        raise invalid(f"Param {param} is not a valid URI.")
    return website


routes = (
    Route("GET", NodeKind.PHONE, "whatsapp_business_profile", "profile.get", get_profile),
    Route("POST", NodeKind.PHONE, "whatsapp_business_profile", "profile.update", update_profile),
)
