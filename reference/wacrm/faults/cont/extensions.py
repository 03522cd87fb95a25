"""CONT-13: what stands behind a number is taken into it, or cut off."""

import re
from collections.abc import Callable
from typing import Any

from reference.wacrm.faults.registry import Fault
from reference.wacrm.patching.patches import request_body
from reference.wacrm.protocol.bodies import BroadcastCreate, ContactCreate, MessageCreate

_WITH_MORE = re.compile(r"(\+[1-9][0-9]{6,14})\D.*", re.ASCII | re.DOTALL)
_Body = dict[str, Any]


def _appended(phone: object) -> object:
    """The number with all further digits behind it."""
    return "+" + re.sub(r"\D", "", phone) if isinstance(phone, str) and _WITH_MORE.fullmatch(phone) else phone


def _cut(phone: object) -> object:
    found = _WITH_MORE.fullmatch(phone) if isinstance(phone, str) else None
    return phone if found is None else found[1]


def _cut_at_hash(phone: object) -> object:
    return phone.partition("#")[0].rstrip() if isinstance(phone, str) else phone


def _of(name: str, change: Callable[[object], object]) -> Callable[[_Body], _Body]:
    return lambda body: body | {name: change(body[name])} if name in body else body


def _of_recipients(change: Callable[[object], object]) -> Callable[[_Body], _Body]:
    one = _of("to", change)

    def changed(body: _Body) -> _Body:
        listed = body.get("recipients")
        if not isinstance(listed, list):
            return body
        return body | {"recipients": [one(each) if isinstance(each, dict) else each for each in listed]}

    return changed


ROWS = (
    Fault("CONT-13", "an-extension-is-part-of-the-number", request_body(ContactCreate, _of("phone", _appended)),
          "everything but digits is taken out of a number, and an extension's digits stay"),
    Fault("CONT-13", "text-behind-a-phone-is-cut-off", request_body(ContactCreate, _of("phone", _cut)),
          "the number's pattern has no end, and what is behind it is not looked at"),
    Fault("CONT-13", "a-send-dials-the-extension", request_body(MessageCreate, _of("to", _appended)),
          "everything but digits is taken out of a recipient, and the message goes to somebody else"),
    Fault("CONT-13", "a-send-ignores-what-is-behind-the-hash", request_body(MessageCreate, _of("to", _cut_at_hash)),
          "a hash begins a comment"),
    Fault("CONT-13", "a-broadcast-dials-extensions", request_body(BroadcastCreate, _of_recipients(_appended)),
          "everything but digits is taken out of recipients, and a column of extensions goes to strangers"),
)  # fmt: skip
