"""What Meta refuses in a new authentication template, whose text it writes itself (Meta: authentication templates)."""

from collections.abc import Mapping, Sequence

from mock_meta.protocol.errors import GraphError, invalid, management
from mock_meta.protocol.numbers import whole
from mock_meta.rules.template_create_buttons import wrong_button
from mock_meta.rules.value_checks import Object, array_at, as_object, one_of, required, text_at

_PARTS = ("BODY", "BUTTONS", "FOOTER")
_OTP_TYPES = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")
_LEAST_MINUTES, _MOST_MINUTES = 1, 90
_MOST_APPS, _PACKAGE, _HASH = 5, 224, 11


def check_authentication(components: Sequence[Object]) -> None:
    """A body without a text, one OTP button, and at most a footer that tells how long the code is good."""
    parts = {one["type"]: one for one in components}
    for kind in parts:
        one_of(kind, _PARTS, "components['type']")
    if "text" in parts["BODY"]:
        raise _unexpected("BODY", "text")
    if "BUTTONS" not in parts:
        raise required("components['buttons']")
    if "FOOTER" in parts:
        _check_footer(parts["FOOTER"])
    buttons = array_at(parts["BUTTONS"], "buttons", "components")
    if len(buttons) != 1 or str(as_object(buttons[0], "components['buttons']").get("type")).upper() != "OTP":
        raise wrong_button("An authentication template has exactly one OTP button.")
    _check_otp(buttons[0])


def _unexpected(kind: str, name: str) -> GraphError:
    title = 'Message template "components" param contains unexpected field(s)'
    return management(2388042, title, f"component of type {kind} has unexpected field(s) ({name})")


def _check_footer(footer: Object) -> None:
    if "text" in footer:
        raise _unexpected("FOOTER", "text")
    minutes = footer.get("code_expiration_minutes")
    if minutes is not None and not _LEAST_MINUTES <= (whole(minutes) or 0) <= _MOST_MINUTES:
        raise invalid(f"Param code_expiration_minutes must be between {_LEAST_MINUTES} and {_MOST_MINUTES}.")


def _check_otp(button: Object) -> None:
    """One tap and zero tap name the apps that may read the code; older calls name one app on the button itself."""
    if button.get("otp_type") is None:
        raise required("otp_type")
    kind = one_of(str(button["otp_type"]).upper(), _OTP_TYPES, "otp_type")
    if kind == "COPY_CODE":
        return
    apps = button.get("supported_apps") or [button]
    if not isinstance(apps, list) or len(apps) > _MOST_APPS:
        raise invalid(f"Param supported_apps must be an array of at most {_MOST_APPS} apps.")
    for app in apps:
        if not isinstance(app, Mapping):
            raise invalid("Param supported_apps must be an array of objects.")
        text_at(app, "package_name", "supported_apps", _PACKAGE)
        text_at(app, "signature_hash", "supported_apps", _HASH)
    if kind == "ZERO_TAP" and button.get("zero_tap_terms_accepted") not in (True, "true"):
        raise invalid("Param zero_tap_terms_accepted must be true.")
