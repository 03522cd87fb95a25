"""The message envelope and the plain types, in Meta's order (fact sheet 5.1, 5.4, 5.5)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from mock_meta.protocol.errors import invalid, refuse
from mock_meta.protocol.numbers import digits_of, is_user_id, whatsapp_id
from mock_meta.protocol.strict_json import decoded
from mock_meta.rules.contacts import check_contacts
from mock_meta.rules.interactive import check_interactive
from mock_meta.rules.location import check_location
from mock_meta.rules.media import MediaKnown, check_media
from mock_meta.rules.reaction import check_reaction
from mock_meta.rules.template_send import read_template
from mock_meta.rules.value_checks import (
    Object,
    as_object,
    one_of,
    only,
    optional_flag,
    optional_text,
    printed,
    required,
    text_at,
)

GROUP = "group"
_TEXT, _OPAQUE = 4096, 512
TYPES = (
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
)
_KNOWN_TYPES = (*TYPES, "gif", "link_preview", "pin")
"""Those that Meta names in a refusal; three of them are in no documentation, and not imitated."""
_ENVELOPE = frozenset(
    {
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "recipient_identity_key_hash",
        "type",
        "context",
        "biz_opaque_callback_data",
        "access_token",
        *TYPES,
    }
)


class Message(msgspec.Struct, frozen=True, gc=False):
    """A well-formed send. ``to`` as sent, ``digits`` what it means, ``wa_id`` what WhatsApp calls it,
    ``payload`` the member named by ``type``.

    A recipient named by a business-scoped user id has that id in place of digits, and so has a group.
    """

    to: str
    digits: str
    wa_id: str
    type: str
    payload: Any
    quoted: str | None
    opaque: str | None
    to_group: bool = False


def check_product(params: Object) -> None:
    product = params.get("messaging_product")
    if product is None or product == "":
        raise required("messaging_product")
    if not isinstance(product, str) or product.lower() != "whatsapp":
        raise invalid(f'Param messaging_product must be one of {{WHATSAPP}} - got "{printed(product)}".')


def read_message(params: Object, known: MediaKnown, problems: list[str], *, any_number: bool = False) -> Message:
    """The message in a request's parameters. Raises GraphError with what Meta would refuse first.

    ``problems`` receives what Meta tolerates but does not document. ``any_number`` lets a malformed number through
    with empty digits: on a test number the allow-list refuses it, with its own code.
    """
    check_product(params)
    to_group = _recipient_type(params) == GROUP
    to = _recipient(params, problems)
    digits = to if to_group or not params.get("to") else digits_of(to)
    if digits is None and not any_number:
        raise refuse(131009, "The phone number is malformed: Please use the format: +1234567890.")
    kind = _type(params, problems)
    payload = decoded(params.get(kind))
    if payload is None:
        raise refuse(100, f"Parameter '{kind}' is mandatory for type '{kind}'")
    problems += [f"body: unknown member {name!r}" for name in params if name not in _ENVELOPE]
    _check_payload(kind, payload, known)
    _identity_hash(params)
    quoted = _quoted(params)
    if quoted is not None and kind == "reaction":
        problems.append("body: 'context' is not for reactions")
    return Message(to, digits or "", whatsapp_id(digits or ""), kind, payload, quoted, _opaque(params), to_group)


def _recipient_type(params: Object) -> str:
    asked = params.get("recipient_type")
    return "individual" if asked is None else one_of(asked, ("individual", GROUP), "recipient_type")


def _type(params: Object, problems: list[str]) -> str:
    asked = params.get("type")
    if asked is None:
        return "text"
    kind = one_of(asked, _KNOWN_TYPES, "type")
    if kind not in TYPES:
        raise refuse(131051)
    if asked != kind:
        problems.append(f"body: type {asked!r} is documented as {kind!r}")
    return kind


def _recipient(params: Object, problems: list[str]) -> str:
    to = params.get("to")
    if to is None or to == "":
        return _user_id(params)
    if isinstance(to, int) and not isinstance(to, bool):
        problems.append("body: 'to' is a number, not a string")
        return str(to)
    if not isinstance(to, str):
        raise invalid("Param to must be a string.")
    return to


def _user_id(params: Object) -> str:
    """``recipient`` names a person by user id; ``to`` wins where both are given."""
    recipient = params.get("recipient")
    if recipient is None or recipient == "":
        raise required("to")
    if not isinstance(recipient, str) or not is_user_id(recipient):
        raise refuse(131009, "The recipient is malformed: a business-scoped user ID is expected.")
    return recipient


def _check_payload(kind: str, payload: object, known: MediaKnown) -> None:
    if kind in _MEDIA:
        check_media(payload, kind, kind, known)
    elif kind == "interactive":
        check_interactive(payload, known)
    elif kind == "template":
        read_template(payload, known)
    else:
        _CHECKS[kind](payload)


def _check_text(value: object) -> None:
    text = as_object(value, "text")
    only(text, {"body", "preview_url"}, "text")
    text_at(text, "body", "text", _TEXT)
    optional_flag(text, "preview_url", "text")


def _quoted(params: Object) -> str | None:
    if params.get("context") is None:
        return None
    context = as_object(decoded(params["context"]), "context")
    only(context, {"message_id"}, "context")
    return text_at(context, "message_id", "context", 512)


def _opaque(params: Object) -> str | None:
    return optional_text(params, "biz_opaque_callback_data", "", _OPAQUE) or None


def _identity_hash(params: Object) -> None:
    """Taken, and never found to differ: the mock keeps no identity keys."""
    optional_text(params, "recipient_identity_key_hash", "", _OPAQUE)


_MEDIA = frozenset({"image", "video", "document", "audio", "sticker"})
_CHECKS: Mapping[str, Callable[[object], None]] = MappingProxyType(
    {
        "text": _check_text,
        "location": lambda value: check_location(value, "location"),
        "contacts": check_contacts,
        "reaction": check_reaction,
    }
)
