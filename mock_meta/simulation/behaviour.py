"""Who gets a message, reads it, or never does, and when: seeded profiles and explicit scripts (fact sheet 17).

A draw depends on the seed, the pair and the message's number within the pair, so the order in which
concurrent sends arrive does not change what becomes of each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from mock_meta.simulation.conversations import Sent
from mock_meta.simulation.seeded_random import SeededRandom


class Status(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"
    DELETED = "deleted"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Failure:
    """The error a ``failed`` status carries; texts default to Meta's for the code."""

    code: int
    title: str | None = None
    details: str | None = None


class Step(msgspec.Struct, frozen=True, gc=False):
    """A status ``after`` seconds from Meta's acceptance of the message."""

    status: Status
    after: float
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Chance:
    """An event with its probability and a delay drawn evenly from ``low`` to ``high`` seconds."""

    probability: float = 1.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Distribution:
    """``sent`` counts from acceptance, ``delivered`` from sent, ``read`` from delivered; ``failed`` replaces all.

    ``played`` counts from read, and happens to voice notes only (16.1).
    """

    sent: Chance = Chance()
    delivered: Chance = Chance()
    read: Chance = Chance()
    failed: Chance = Chance(0.0, 1.0, 5.0)
    failure: Failure = Failure(131026)
    played: Chance = Chance()


_NEVER = Chance(0.0)

PROFILES: Mapping[str, Distribution] = MappingProxyType(
    {
        "instant": Distribution(),
        "fast": Distribution(Chance(1.0, 0.005, 0.02), Chance(1.0, 0.005, 0.05), Chance(1.0, 0.01, 0.1)),
        "realistic": Distribution(
            Chance(1.0, 0.5, 1.5),
            Chance(0.97, 0.3, 3.0),
            Chance(0.7, 1.0, 30.0),
            Chance(0.02, 1.0, 5.0),
            played=Chance(0.8, 1.0, 10.0),
        ),
        "silent": Distribution(_NEVER, _NEVER, _NEVER, _NEVER, played=_NEVER),
    }
)
DEFAULT_PROFILE = "fast"


class Behaviour:
    """Scripts by recipient, distributions by account, and the default one."""

    def __init__(self, seed: int, profile: str = DEFAULT_PROFILE) -> None:
        self.seed = seed
        self._first = PROFILES[profile]
        self._default = self._first
        self._by_account: dict[str, Distribution] = {}
        self._scripts: dict[str, tuple[Step, ...]] = {}

    def clear(self) -> None:
        """Back to how the process started."""
        self._default = self._first
        self._by_account.clear()
        self._scripts.clear()

    @property
    def default(self) -> Distribution:
        """What becomes of messages that neither a script nor their account decides."""
        return self._default

    def set_default(self, distribution: Distribution) -> None:
        self._default = distribution

    def set_account(self, waba_id: str, distribution: Distribution) -> None:
        self._by_account[waba_id] = distribution

    def set_script(self, recipients: Iterable[str], steps: Iterable[Step]) -> None:
        """``recipients`` are digits; an empty script is silence."""
        script = tuple(steps)
        for digits in recipients:
            self._scripts[digits] = script

    def script_for(self, message: Sent) -> tuple[Step, ...] | None:
        """The recipient's explicit script, if there is one."""
        script = self._scripts.get(message.wa_id)
        return self._scripts.get(message.to) if script is None else script

    def has_script(self, digits: str | None) -> bool:
        return digits in self._scripts

    def draw(self, message: Sent, *, voice: bool = False) -> tuple[Step, ...]:
        """What the account's or the default distribution makes of the message, in the order of announcement."""
        distribution = self._by_account.get(message.waba_id, self._default)
        draws = self.keyed(f"plan|{message.phone_number_id}|{message.wa_id}|{message.nth}")
        return _draw(distribution, draws, voice=voice)

    def keyed(self, key: str) -> SeededRandom:
        """Draws of their own for one purpose; the same seed and key repeat them."""
        return SeededRandom(f"{self.seed}|{key}")


def _draw(distribution: Distribution, draws: SeededRandom, *, voice: bool) -> tuple[Step, ...]:
    failed_at = _happens(distribution.failed, draws)
    if failed_at is not None:
        return (Step(Status.FAILED, failed_at, distribution.failure),)
    steps: list[Step] = []
    clock = 0.0
    ladder = (
        (Status.SENT, distribution.sent),
        (Status.DELIVERED, distribution.delivered),
        (Status.READ, distribution.read),
        (Status.PLAYED, distribution.played),
    )
    for status, chance in ladder if voice else ladder[:-1]:
        delay = _happens(chance, draws)
        if delay is None:
            break
        clock += delay
        steps.append(Step(status, clock))
    return tuple(steps)


def _happens(chance: Chance, draws: SeededRandom) -> float | None:
    if chance.probability <= 0.0 or (chance.probability < 1.0 and draws.random() >= chance.probability):
        return None
    return draws.uniform(chance.low, chance.high) if chance.high > chance.low else chance.low


def describe(distribution: Distribution) -> dict[str, Any]:
    """The distribution in the shape the control accepts."""
    parts = {name: getattr(distribution, name) for name in ("sent", "delivered", "read", "played", "failed")}
    shown = {name: {"probability": one.probability, "after": [one.low, one.high]} for name, one in parts.items()}
    shown["failed"]["code"] = distribution.failure.code
    return shown
