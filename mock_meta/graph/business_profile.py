"""``/{phone_number_id}/whatsapp_business_profile`` (fact sheet 12)."""

from collections.abc import Mapping
from types import MappingProxyType

from mock_meta.answer import Answer, ok, success
from mock_meta.call import Call
from mock_meta.errors import invalid
from mock_meta.fields import split_fields
from mock_meta.graph.routes import Node, NodeKind, Route, phone_of
from mock_meta.mock import Mock
from mock_meta.rules.message import check_product
from mock_meta.rules.shape import bounded, link, one_of

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


def get_profile(_mock: Mock, call: Call, node: Node) -> Answer:
    """The asked fields that have a value; messaging_product always."""
    names = split_fields(call.query.get("fields") or "about")
    for name in names:
        if name not in _FIELDS:
            raise invalid(f"Tried accessing nonexisting field ({name})")
    profile = {"vertical": "UNDEFINED", **phone_of(node).profile, "messaging_product": "whatsapp"}
    shown = [name for name in _FIELDS if name in names or name == "messaging_product"]
    return ok({"data": [{name: profile[name] for name in shown if name in profile}]})


def update_profile(mock: Mock, call: Call, node: Node) -> Answer:
    check_product(call.params)
    changes = {name: value for name, value in call.params.items() if name not in {"messaging_product", "access_token"}}
    profile = phone_of(node).profile
    handle = changes.pop("profile_picture_handle", None)
    if handle is not None:
        if mock.uploads.handle(str(handle), mock.clock()) is None:
            raise invalid("Param profile_picture_handle is not a valid upload handle.")
        changes["profile_picture_url"] = f"https://pps.whatsapp.net/v/{mock.ids.token(12)}.jpg"
    for name, value in changes.items():
        _check(name, value)
    profile.update(changes)
    return success()


def _check(name: str, value: object) -> None:
    if name in _LENGTHS:
        text = bounded(value, name, _LENGTHS[name])
        if name == "about" and not text:
            raise invalid("Param about must be at least 1 characters long.")
    elif name == "vertical":
        one_of(value, _VERTICALS, "vertical")
    elif name == "websites":
        if not isinstance(value, list) or len(value) > _MAX_WEBSITES:
            raise invalid(f"Param websites must be an array of at most {_MAX_WEBSITES} URLs.")
        for index, website in enumerate(value):
            bounded(link(website, f"websites[{index}]"), f"websites[{index}]", _WEBSITE)
    elif name != "profile_picture_url":
        raise invalid(f'Unexpected key "{name}" on param "whatsapp_business_profile".')


routes = (
    Route("GET", NodeKind.PHONE, "whatsapp_business_profile", "profile.get", get_profile),
    Route("POST", NodeKind.PHONE, "whatsapp_business_profile", "profile.update", update_profile),
)
