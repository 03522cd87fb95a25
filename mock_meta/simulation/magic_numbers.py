"""Magic numbers: recipients from +999 0000 0000 to +999 0004 9999, a country code nobody has, with a fixed outcome each.

The digit before the last four says what kind of outcome, the last four which: those of Meta's code where there is one.
No set-up; scripts by recipient win over them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mock_meta.protocol.error_codes import CODES
from mock_meta.protocol.errors import GraphError, error_body
from mock_meta.simulation.behaviour import Failure, Status, Step
from mock_meta.simulation.faults import Fault, Match, RawAnswer, When

PREFIX = "999000"
_LENGTH = 11
_GAP = 0.02
_REFUSED, _FAILED, _STATUSES, _REPLIES, _CONNECTION = "01234"


class Effect(StrEnum):
    REFUSED = "refused at once"
    FAILS = "accepted, then a failed status"
    STATUSES = "accepted, then these statuses"
    REPLIES = "accepted, read, then answered"
    CONNECTION = "connection fault"


class Reply(StrEnum):
    """What a person does who has read the message."""

    TEXT = "writes back: Hello"
    STOP = "writes back: STOP"
    TAP = "taps the message's first button or row, if it has one"


@dataclass(frozen=True, slots=True)
class Magic:
    """What happens to messages for one number. ``steps`` are set whenever the message is accepted for good."""

    effect: Effect
    meaning: str
    code: int | None = None
    steps: tuple[Step, ...] | None = None
    fault: Fault | None = None
    reply: Reply | None = None

    def refusal(self) -> GraphError | None:
        """The error that the recipient stands for, if it is one that comes at once."""
        if self.effect is not Effect.REFUSED or self.code is None:
            return None
        return GraphError(error_body(self.code))


_SYNCHRONOUS = (
    *(0, 1, 2, 3, 4, 10, 33, 100, 104, 190, 200, 368, 80007),
    *(130429, 131000, 131005, 131008, 131009, 131016, 131021, 131030, 131031, 131037, 131042, 131045, 131048, 131051),
    *(131055, 131056, 131057, 131058, 131062, 131063, 131064),
    *(132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068, 132069),
    *(133000, 133004, 133006, 133010, 134011, 134100, 134101, 134102, 135000),
)
_ASYNCHRONOUS = (
    *(368, 130403, 130472, 130497, 131000, 131009, 131016, 131026, 131037, 131042, 131047, 131048, 131049, 131050),
    *(131053, 131056, 132012, 132015, 132018, 137000),
)
_HTML = b"<html><body>Service Unavailable</body></html>"


def _number(kind: str, last: int) -> str:
    return f"{kind}{last % 10_000:04d}"


def _statuses(*names: Status) -> tuple[Step, ...]:
    return tuple(Step(name, _GAP * index, _undeliverable(name)) for index, name in enumerate(names))


def _undeliverable(name: Status) -> Failure | None:
    return Failure(131026) if name is Status.FAILED else None


def _refused() -> dict[str, Magic]:
    return {_number(_REFUSED, code): Magic(Effect.REFUSED, CODES[code].title, code) for code in _SYNCHRONOUS}


def _fails() -> dict[str, Magic]:
    return {
        _number(_FAILED, code): Magic(
            Effect.FAILS, CODES[code].title, code, (Step(Status.FAILED, _GAP, Failure(code)),)
        )
        for code in _ASYNCHRONOUS
    }


def _announced() -> dict[str, Magic]:
    sent, delivered, read, failed = Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED
    rows = {
        "sent, delivered, read": (sent, delivered, read),
        "sent, never delivered": (sent,),
        "delivered, never read": (sent, delivered),
        "read before delivered before sent": (read, delivered, sent),
        "every status twice": (sent, sent, delivered, delivered, read, read),
        "silence": (),
        "sent, then failed with 131026": (sent, failed),
        "read without delivered": (sent, read),
    }
    return {
        _number(_STATUSES, last): Magic(Effect.STATUSES, meaning, None, _statuses(*names))
        for last, (meaning, names) in enumerate(rows.items())
    }


def _replies() -> dict[str, Magic]:
    steps = _statuses(Status.SENT, Status.DELIVERED, Status.READ)
    return {
        _number(_REPLIES, last): Magic(Effect.REPLIES, one.value, None, steps, reply=one)
        for last, one in enumerate(Reply)
    }


def _connection() -> dict[str, Magic]:
    rows: dict[int, tuple[str, dict[str, Any]]] = {
        10: ("accepted, answered after 10 s", {"delay": 10.0}),
        408: ("accepted, but no answer for 60 s", {"hang": When.AFTER_ACCEPT, "delay": 60.0}),
        409: ("not accepted, and no answer for 60 s", {"hang": When.BEFORE, "delay": 60.0}),
        444: ("connection reset, not accepted", {"reset": When.BEFORE}),
        445: ("connection reset after the message was accepted", {"reset": When.AFTER_ACCEPT}),
        503: ("HTTP 503 with HTML, as from a proxy", {"raw": RawAnswer(503, _HTML, "text/html")}),
    }
    return {
        _number(_CONNECTION, last): Magic(
            Effect.CONNECTION, meaning, fault=Fault(id=0, match=Match(), left=None, asked={}, **members)
        )
        for last, (meaning, members) in rows.items()
    }


TABLE: Mapping[str, Magic] = MappingProxyType(_refused() | _fails() | _announced() | _replies() | _connection())
"""By the last five digits."""


def find_magic(digits: str | None) -> Magic | None:
    """What the recipient's digits stand for; None for ordinary numbers."""
    if digits is None or len(digits) != _LENGTH or not digits.startswith(PREFIX):
        return None
    return TABLE.get(digits[len(PREFIX) :])


def shown() -> list[dict[str, Any]]:
    """The table, as the control tells it."""
    return [
        {"to": f"+999 000{last[0]} {last[1:]}", "effect": one.effect, "meaning": one.meaning, "code": one.code}
        for last, one in sorted(TABLE.items())
    ]
