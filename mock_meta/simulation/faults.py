"""Faults on command: an error, a raw answer, a cut connection, silence, or plain slowness for matching calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from mock_meta.protocol.errors import ErrorBody
from mock_meta.protocol.numbers import digits_of
from mock_meta.simulation.bounded_counter import BoundedCounter
from mock_meta.simulation.seeded_random import SeededRandom

_CALLERS = 100_000


class When(StrEnum):
    """Whether Meta took the message before things went wrong."""

    BEFORE = "before"
    AFTER_ACCEPT = "after_accept"


@dataclass(frozen=True, slots=True)
class Match:
    """None means any. ``to`` holds digits."""

    phone_number_id: str | None = None
    to: frozenset[str] | None = None
    type: str | None = None
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer that need not look like Graph at all, such as a proxy's HTML."""

    status: int
    body: bytes
    content_type: str


@dataclass(slots=True)
class Fault:
    """``left`` is how often it still fires; None is always. ``share`` of matching calls get it. ``delay`` in seconds.

    ``met`` counts the calls that a share was drawn for, by what they have in common.
    """

    id: int
    match: Match
    left: int | None
    asked: Mapping[str, Any]
    error: ErrorBody | None = None
    raw: RawAnswer | None = None
    reset: When | None = None
    hang: When | None = None
    delay: float | None = None
    share: float = 1.0
    met: BoundedCounter = field(default_factory=lambda: BoundedCounter(_CALLERS))
    fired: int = 0

    @property
    def accepts(self) -> bool:
        """Whether the call is carried out before the fault shows."""
        moment = self.reset or self.hang
        return moment is When.AFTER_ACCEPT or (moment is None and self.error is None and self.raw is None)

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, **self.asked, "left": self.left, "fired": self.fired}


class CallTraits(msgspec.Struct, frozen=True, gc=False):
    """What a fault can match on. ``to`` are digits, or what was sent where it is no number."""

    operation: str
    phone_number_id: str | None
    to: str | None
    type: str | None


class Faults:
    """The armed faults, oldest first; the first that matches fires.

    Which calls a share is made of depends on ``seed``, on the fault's place among those armed since the reset, and on the
    how-manieth call to this recipient (of this operation, where there is none) it is: not on the order of arrival.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._armed: dict[int, Fault] = {}
        self._count = 0
        self._before_reset = 0

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._armed.values())

    def next_id(self) -> int:
        self._count += 1
        return self._count

    def arm(self, fault: Fault) -> None:
        self._armed[fault.id] = fault

    def disarm(self, fault_id: int) -> bool:
        return self._armed.pop(fault_id, None) is not None

    def disarm_all(self) -> None:
        self._armed.clear()

    def clear(self) -> None:
        """Back to the start. Ids go on: whoever still means to disarm an old fault must not hit a new one."""
        self.disarm_all()
        self._before_reset = self._count

    def take(self, subject: CallTraits) -> Fault | None:
        """The fault for this call, counted as fired; None almost always."""
        if not self._armed:
            return None
        for fault in self._armed.values():
            if fault.left != 0 and _applies(fault.match, subject) and self._drawn(fault, subject):
                fault.fired += 1
                fault.left = None if fault.left is None else fault.left - 1
                return fault
        return None

    def _drawn(self, fault: Fault, subject: CallTraits) -> bool:
        if fault.share >= 1.0:
            return True
        place = fault.id - self._before_reset
        about = (subject.operation, subject.phone_number_id, subject.to)
        return SeededRandom(f"{self._seed}|fault|{place}|{about}|{fault.met.count(about)}").random() < fault.share


def _applies(match: Match, subject: CallTraits) -> bool:
    return (
        match.phone_number_id in (None, subject.phone_number_id)
        and match.operation in (None, subject.operation)
        and match.type in (None, subject.type)
        and (match.to is None or (subject.to is not None and digits_of(subject.to) in match.to))
    )
