"""Callbacks of one WABA or one number in place of the app's, verified before they count (fact sheet 10.1, 11, 15.1)."""

from typing import Any

from mock_meta.events.callback_verification import require_verified
from mock_meta.graph.registration import set_pin
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.allowed_hosts import refusal
from mock_meta.protocol.answer import Answer, success
from mock_meta.protocol.errors import invalid
from mock_meta.rules.value_checks import Object, as_object, bounded, text_at

_LONGEST = 200
_URI, _TOKEN = "override_callback_uri", "verify_token"


async def verify_waba(mock: Mock, call: ResolvedCall) -> None:
    await _verify(mock, call.params)


async def verify_phone(mock: Mock, call: ResolvedCall) -> None:
    await _verify(mock, _configuration(call))


async def _verify(mock: Mock, asked: Object) -> None:
    if asked.get(_URI) in (None, ""):
        return
    url = bounded(asked[_URI], _URI, _LONGEST)
    if refusal(url, mock.settings.allowed_hosts) is not None:
        raise invalid(f"Param {_URI} is not a valid URI.")
    await require_verified(mock, url, text_at(asked, _TOKEN, "", _LONGEST))


def _configuration(call: ResolvedCall) -> Object:
    value: Any = call.params.get("webhook_configuration")
    return {} if value is None else as_object(value, "webhook_configuration")


def update_phone(mock: Mock, call: ResolvedCall) -> Answer:
    """``POST /{phone_number_id}``: the callback of the number, which an empty one takes away, or its PIN."""
    if "webhook_configuration" not in call.params:
        return set_pin(mock, call)
    call.phone.override_url = _configuration(call).get(_URI) or None
    return success()


routes = (Route("POST", NodeKind.PHONE, "", "phone.set_pin", update_phone, verify_phone),)
