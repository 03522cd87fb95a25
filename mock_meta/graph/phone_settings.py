"""``/{phone_number_id}/settings``: calling, storage, encryption, the identity change check (Meta: settings API, v23.0)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, ok, success
from mock_meta.protocol.errors import invalid
from mock_meta.protocol.fields import names_in
from mock_meta.protocol.strict_json import decoded
from mock_meta.rules.value_checks import Object, as_object, member, one_of, only, optional_flag, required

_SWITCH = ("ENABLED", "DISABLED")
_STORAGE = ("DEFAULT", "IN_COUNTRY_STORAGE_ENABLED", "IN_COUNTRY_STORAGE_DISABLED", "NO_STORAGE_ENABLED")
_ICON = ("DEFAULT", "DISABLE_ALL")
_ENVELOPE = frozenset({"access_token", "messaging_product"})
_INITIAL: Mapping[str, Any] = MappingProxyType(
    {
        "calling": {"status": "DISABLED", "call_icon_visibility": "DEFAULT", "callback_permission_status": "DISABLED"},
        "payload_encryption": {"status": "DISABLED"},
        "storage_configuration": {"status": "DEFAULT"},
        "user_identity_change": {"enable_identity_key_check": False},
    }
)


def get_settings(_mock: Mock, call: ResolvedCall) -> Answer:
    """All of them, or those asked for with ``fields``."""
    settings = {name: {**values, **call.phone.settings.get(name, {})} for name, values in _INITIAL.items()}
    asked = names_in(call.query.get("fields")) or list(settings)
    for name in asked:
        if name not in settings:
            raise invalid(f"Tried accessing nonexisting field ({name})")
    return ok({name: settings[name] for name in asked})


def update_settings(_mock: Mock, call: ResolvedCall) -> Answer:
    """What is mentioned; the rest stays."""
    asked = {name: decoded(value) for name, value in call.params.items() if name not in _ENVELOPE}
    if not asked:
        raise invalid(f"One of {', '.join(_CHECKS)} is required.")
    for name, value in asked.items():
        if name not in _CHECKS:
            raise invalid(f'Unexpected key "{name}" on param "settings".')
        _CHECKS[name](as_object(value, name), name)
    for name, value in asked.items():
        call.phone.settings[name] = {**call.phone.settings.get(name, {}), **as_object(value, name)}
    return success()


def _check_calling(value: Object, param: str) -> None:
    """Kept as it is beyond its switches: the mock carries no calls."""
    for name, allowed in (
        ("status", _SWITCH),
        ("call_icon_visibility", _ICON),
        ("callback_permission_status", _SWITCH),
    ):
        if value.get(name) is not None:
            one_of(value[name], allowed, member(param, name))


def _check_encryption(value: Object, param: str) -> None:
    only(value, {"status", "client_encryption_key", "cloud_encryption_key"}, param)
    one_of(value.get("status"), _SWITCH, member(param, "status"))


def _check_storage(value: Object, param: str) -> None:
    only(value, {"status", "data_localization_region", "retention_minutes"}, param)
    one_of(value.get("status"), _STORAGE, member(param, "status"))


def _check_identity(value: Object, param: str) -> None:
    """A guide says ``enable_identity_key_check``, and clients send it."""
    only(value, {"enable_identity_key_check"}, param)
    if value.get("enable_identity_key_check") is None:
        raise required(member(param, "enable_identity_key_check"))
    optional_flag(value, "enable_identity_key_check", param)


_CHECKS: Mapping[str, Callable[[Object, str], None]] = MappingProxyType(
    {
        "calling": _check_calling,
        "payload_encryption": _check_encryption,
        "storage_configuration": _check_storage,
        "user_identity_change": _check_identity,
    }
)

routes = (
    Route("GET", NodeKind.PHONE, "settings", "settings.get", get_settings),
    Route("POST", NodeKind.PHONE, "settings", "settings.update", update_settings),
)
