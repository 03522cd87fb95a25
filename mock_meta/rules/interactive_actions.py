"""Link, flow, call and request buttons of interactive messages, and their titles (fact sheet 5.4; Meta's pages of each)."""

from mock_meta.protocol.errors import refuse
from mock_meta.protocol.numbers import whole
from mock_meta.rules.value_checks import (
    Object,
    as_object,
    limited,
    link,
    member,
    object_at,
    one_of,
    only,
    optional_text,
    required,
    text_at,
    wrong_value,
)

_ACTION = "interactive['action']"
_PARAMETERS = member(_ACTION, "parameters")
_LABEL, _FLOW_LABEL, _PAYLOAD = 20, 30, 512
_LONGEST_CALL = 43200
_FLOW_MEMBERS = frozenset(
    {
        "flow_message_version",
        "flow_id",
        "flow_name",
        "flow_token",
        "flow_cta",
        "flow_action",
        "flow_action_payload",
        "mode",
    }
)
_ADDRESS_MEMBERS = frozenset({"country", "values", "saved_addresses", "validation_errors"})


def check_cta_url(action: Object) -> None:
    check_link_button(action, _ACTION)


def check_link_button(action: Object, param: str) -> None:
    """A link with a label, in a message of its own or on a carousel's card."""
    only(action, {"name", "parameters"}, param)
    one_of(action.get("name"), ("cta_url",), member(param, "name"))
    parameters, place = object_at(action, "parameters", param), member(param, "parameters")
    only(parameters, {"display_text", "url"}, place)
    limited(parameters, "display_text", place, "Button title length", _LABEL)
    if parameters.get("url") in (None, ""):
        raise required(member(place, "url"))
    link(parameters["url"], member(place, "url"))


def check_location_request(action: Object) -> None:
    _named(action, "send_location")


def check_call_permission(action: Object) -> None:
    _named(action, "call_permission_request")


def check_contact_request(action: Object) -> None:
    _named(action, "request_contact_info")


def _named(action: Object, name: str) -> None:
    """An action that is a name and nothing else."""
    only(action, {"name"}, _ACTION)
    one_of(action.get("name"), (name,), member(_ACTION, "name"))


def _parameters(action: Object, name: str) -> Object:
    only(action, {"name", "parameters"}, _ACTION)
    one_of(action.get("name"), (name,), member(_ACTION, "name"))
    return object_at(action, "parameters", _ACTION)


def check_flow(action: Object) -> None:
    """A flow by id or by name. Whether it exists is not judged: the mock keeps no flows."""
    flow = _parameters(action, "flow")
    only(flow, _FLOW_MEMBERS, _PARAMETERS)
    one_of(flow.get("flow_message_version"), ("3",), member(_PARAMETERS, "flow_message_version"))
    names = [optional_text(flow, name, _PARAMETERS, _PAYLOAD) for name in ("flow_id", "flow_name")]
    if all(names) or not any(names):
        raise refuse(131009, "Exactly one of flow_id and flow_name is required")
    limited(flow, "flow_cta", _PARAMETERS, "Flow button text length", _FLOW_LABEL)
    optional_text(flow, "flow_token", _PARAMETERS, _PAYLOAD)
    _choice(flow, "mode", ("published", "draft"))
    _check_screen(flow, _choice(flow, "flow_action", ("navigate", "data_exchange")))


def _choice(flow: Object, name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed, the first by default."""
    asked = flow.get(name)
    return allowed[0] if asked is None else one_of(asked, allowed, member(_PARAMETERS, name))


def _check_screen(flow: Object, sort: str) -> None:
    """``flow_action_payload`` names the first screen, and goes with ``navigate`` only."""
    place = member(_PARAMETERS, "flow_action_payload")
    if flow.get("flow_action_payload") is None:
        return
    if sort != "navigate":
        raise wrong_value("flow_action_payload is allowed with flow_action navigate only")
    payload = as_object(flow["flow_action_payload"], place)
    only(payload, {"screen", "data"}, place)
    text_at(payload, "screen", place, _PAYLOAD)
    if payload.get("data") is not None and not as_object(payload["data"], member(place, "data")):
        raise wrong_value("flow_action_payload data must not be empty")


def check_voice_call(action: Object) -> None:
    """A button that calls the business; everything about it may be left to Meta."""
    only(action, {"name", "parameters"}, _ACTION)
    one_of(action.get("name"), ("voice_call",), member(_ACTION, "name"))
    if action.get("parameters") is None:
        return
    call = object_at(action, "parameters", _ACTION)
    only(call, {"display_text", "ttl_minutes", "payload"}, _PARAMETERS)
    if call.get("display_text") is not None:
        limited(call, "display_text", _PARAMETERS, "Button title length", _LABEL)
    optional_text(call, "payload", _PARAMETERS, _PAYLOAD)
    minutes = call.get("ttl_minutes")
    if minutes is not None and not 1 <= (whole(minutes) or 0) <= _LONGEST_CALL:
        raise wrong_value(f"ttl_minutes must be between 1 and {_LONGEST_CALL}")


def check_address(action: Object) -> None:
    """Meta offers address messages in two countries."""
    address = _parameters(action, "address_message")
    only(address, _ADDRESS_MEMBERS, _PARAMETERS)
    one_of(address.get("country"), ("IN", "SG"), member(_PARAMETERS, "country"))
