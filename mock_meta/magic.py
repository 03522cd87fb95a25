"""Magic numbers: recipients in +999 0000 xxxx, a country code nobody has, that always meet the same fate.

The last four digits are those of Meta's code where there is one. No set-up; scripts by recipient win over them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mock_meta.behaviour import Failure, Status, Step
from mock_meta.codes import CODES
from mock_meta.errors import GraphError, error_body
from mock_meta.faults import Fault, Match, RawAnswer, When

PREFIX = "9990000"
_LENGTH = 11
_GAP = 0.02


class Effect(StrEnum):
    REFUSED = "refused at once"
    FAILS = "accepted, then a failed status"
    STATUSES = "accepted, then these statuses"
    TRANSPORT = "the connection suffers"


@dataclass(frozen=True, slots=True)
class Magic:
    """What happens to messages for one number. Exactly one of the last three members is set."""

    effect: Effect
    meaning: str
    code: int | None = None
    steps: tuple[Step, ...] | None = None
    fault: Fault | None = None


def _refused(code: int) -> Magic:
    return Magic(Effect.REFUSED, CODES[code].title, code)


def _fails(code: int) -> Magic:
    return Magic(Effect.FAILS, CODES[code].title, code, (Step(Status.FAILED, _GAP, Failure(code)),))


def _statuses(meaning: str, *names: Status) -> Magic:
    steps = tuple(Step(name, _GAP * index, _failure(name)) for index, name in enumerate(names))
    return Magic(Effect.STATUSES, meaning, None, steps)


def _failure(name: Status) -> Failure | None:
    return Failure(131026) if name is Status.FAILED else None


def _transport(meaning: str, **members: Any) -> Magic:  # noqa: ANN401  # members of Fault
    return Magic(Effect.TRANSPORT, meaning, fault=Fault(id=0, match=Match(), left=None, asked={}, **members))


_SENT, _DELIVERED, _READ, _FAILED = Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED
_HTML = b"<html><body>Service Unavailable</body></html>"

TABLE: Mapping[str, Magic] = MappingProxyType(
    {
        "0100": _statuses("sent, delivered, read", _SENT, _DELIVERED, _READ),
        "0101": _statuses("sent, never delivered", _SENT),
        "0102": _statuses("delivered, never read", _SENT, _DELIVERED),
        "0103": _statuses("read before delivered before sent", _READ, _DELIVERED, _SENT),
        "0104": _statuses("every status twice", _SENT, _SENT, _DELIVERED, _DELIVERED, _READ, _READ),
        "0105": _statuses("silence"),
        "0106": _statuses("sent, then failed with 131026", _SENT, _FAILED),
        "0107": _statuses("read without delivered", _SENT, _READ),
        "0002": _refused(2),
        "0004": _refused(4),
        "0190": _refused(190),
        "0429": _refused(130429),
        "1000": _refused(131000),
        "1016": _refused(131016),
        "1021": _refused(131021),
        "1030": _refused(131030),
        "1031": _refused(131031),
        "1056": _refused(131056),
        "1057": _refused(131057),
        "3010": _refused(133010),
        "0472": _fails(130472),
        "0497": _fails(130497),
        "1026": _fails(131026),
        "1042": _fails(131042),
        "1047": _fails(131047),
        "1048": _fails(131048),
        "1049": _fails(131049),
        "1050": _fails(131050),
        "1053": _fails(131053),
        "0408": _transport("accepted, but no answer for 60 s", hang=When.AFTER_ACCEPT, delay=60.0),
        "0409": _transport("not accepted, and no answer for 60 s", hang=When.BEFORE, delay=60.0),
        "0444": _transport("connection reset, not accepted", reset=When.BEFORE),
        "0445": _transport("connection reset after the message was accepted", reset=When.AFTER_ACCEPT),
        "0503": _transport("HTTP 503 with HTML, as from a proxy", raw=RawAnswer(503, _HTML, "text/html")),
        "0010": _transport("accepted, answered after 10 s", delay=10.0),
    }
)


def magic(digits: str | None) -> Magic | None:
    """The fate bound to a recipient's digits; None for ordinary numbers."""
    if digits is None or len(digits) != _LENGTH or not digits.startswith(PREFIX):
        return None
    return TABLE.get(digits[len(PREFIX) :])


def magic_fault(digits: str | None) -> Fault | None:
    """What a magic recipient does to the connection."""
    found = magic(digits)
    return found.fault if found is not None else None


def check_magic(digits: str) -> None:
    """Raises the GraphError that the recipient stands for, after all of Meta's other checks."""
    found = magic(digits)
    if found is not None and found.effect is Effect.REFUSED and found.code is not None:
        raise GraphError(error_body(found.code))


def shown() -> list[dict[str, Any]]:
    """The table, as the control tells it."""
    return [
        {"to": f"+999 0000 {last}", "effect": one.effect, "meaning": one.meaning, "code": one.code}
        for last, one in sorted(TABLE.items())
    ]
