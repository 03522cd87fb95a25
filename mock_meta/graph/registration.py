"""register, deregister, the PIN and the verification code (fact sheet 10.2)."""

from mock_meta.business.accounts import PhoneNumber
from mock_meta.graph.routes import NodeKind, ResolvedCall, Route
from mock_meta.mock import Mock
from mock_meta.protocol.answer import Answer, success
from mock_meta.protocol.error_codes import code_row
from mock_meta.protocol.errors import ErrorBody, GraphError, invalid, refuse, unknown_object
from mock_meta.rules.message import check_product
from mock_meta.rules.value_checks import one_of, required, text_at

CODE = "123456"
_PIN_LENGTH, _MAX_GUESSES = 6, 10


def register(mock: Mock, call: ResolvedCall) -> Answer:
    """Sets the PIN where there is none; must match it where there is one. Registering twice with it succeeds."""
    check_product(call.params)
    pin = _pin(call)
    phone = call.phone
    mock.limits.check_registration(phone, mock.clock())
    if not phone.verified:
        raise refuse(133006)
    _check_pin(phone, pin)
    phone.pin, phone.pin_guesses, phone.registered = pin, 0, True
    return success()


def _check_pin(phone: PhoneNumber, pin: str) -> None:
    """After too many wrong guesses not even the right PIN counts, until two-step verification is set anew."""
    if phone.pin is not None and phone.pin != pin:
        phone.pin_guesses += 1
    if phone.pin_guesses > _MAX_GUESSES:
        raise refuse(133008)
    if phone.pin is not None and phone.pin != pin:
        raise refuse(133005)


def deregister(mock: Mock, call: ResolvedCall) -> Answer:
    phone = call.phone
    mock.limits.check_registration(phone, mock.clock())
    if not phone.registered:
        raise refuse(133010)
    phone.registered = False
    return success()


def set_pin(_mock: Mock, call: ResolvedCall) -> Answer:
    """``POST /{phone_number_id} {"pin"}`` turns two-step verification on or changes its PIN."""
    if "pin" not in call.params:
        raise unknown_object(call.method, call.node_id)
    phone = call.phone
    phone.pin, phone.pin_guesses = _pin(call), 0
    return success()


def request_code(_mock: Mock, call: ResolvedCall) -> Answer:
    if call.params.get("code_method") is None:
        raise required("code_method")
    one_of(call.params["code_method"], ("SMS", "VOICE"), "code_method")
    text_at(call.params, "language", "", 16)
    phone = call.phone
    if phone.verified:
        raise _code_error(136024, 2388091, "The phone number is already verified.")
    phone.code_requested = True
    return success()


def verify_code(_mock: Mock, call: ResolvedCall) -> Answer:
    """The mock's code is always 123456, once one was asked for."""
    code = call.params.get("code")
    if code is None or code == "":
        raise required("code")
    phone = call.phone
    if not phone.code_requested:
        raise _code_error(136025, 2388093, "No code was requested, or the phone number is already verified.")
    if str(code) != CODE:
        raise _code_error(136025, 2388093, "The code is wrong.")
    phone.verified, phone.code_requested = True, False
    return success()


def _code_error(code: int, subcode: int, text: str) -> GraphError:
    """Without a prefix, with a subcode and what is shown to people; which subcode, and the text, are not captured (20.4)."""
    title = code_row(code).title
    return GraphError(ErrorBody(code, title, 400, subcode=subcode, transient=False, user_title=title, user_msg=text))


def _pin(call: ResolvedCall) -> str:
    pin = call.params.get("pin")
    if pin is None or pin == "":
        raise required("pin")
    text = str(pin)
    if len(text) != _PIN_LENGTH or not text.isdecimal() or not text.isascii():
        raise invalid("Param pin must be 6 digits long.")
    return text


routes = (
    Route("POST", NodeKind.PHONE, "register", "phone.register", register),
    Route("POST", NodeKind.PHONE, "deregister", "phone.deregister", deregister),
    Route("POST", NodeKind.PHONE, "request_code", "phone.request_code", request_code),
    Route("POST", NodeKind.PHONE, "verify_code", "phone.verify_code", verify_code),
)
