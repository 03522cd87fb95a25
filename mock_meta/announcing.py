"""Statuses on their way out: in batches if asked for, and through chaos if asked for (fact sheet 15.4, 17).

Chaos is drawn from the seed and the message, so the same messages suffer the same on every run. What is sent on command
is never touched by it.
"""

from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from mock_meta.accounts import Account, PhoneNumber
from mock_meta.batching import in_posts
from mock_meta.behaviour import Behaviour
from mock_meta.dice import Dice
from mock_meta.payloads import Payload, envelope, statuses_value
from mock_meta.signature import meta_dump
from mock_meta.timers import Timers
from mock_meta.webhooks import Signing, Webhooks

_ORDINARY, _CONTACT = 1_500, 500
_FREE_TEXTS = ("biz_opaque_callback_data", "errors")


@dataclass(frozen=True, slots=True)
class Chaos:
    """Probabilities from 0 to 1, each drawn on its own for every webhook; seconds for how long things are held back.

    ``reorder`` holds a webhook back for up to ``reorder_seconds`` and out of its message's order; ``delay`` adds
    ``delay_seconds``.
    """

    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_seconds: float = 1.0
    delay: float = 0.0
    delay_seconds: float = 5.0
    drop: float = 0.0
    wrong_signature: float = 0.0

    @property
    def active(self) -> bool:
        return any((self.duplicate, self.reorder, self.delay, self.drop, self.wrong_signature))


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to ``most`` statuses of a number in one POST of 3 MB, waiting ``seconds`` for company. One is Meta's practice."""

    most: int = 1
    seconds: float = 0.1


@dataclass(slots=True)
class _Buffer:
    account: Account
    phone: PhoneNumber
    key: str
    items: list[Payload] = field(default_factory=list)


class Announcer:
    """Takes statuses when they are due and sees to their webhooks."""

    def __init__(self, webhooks: Webhooks, behaviour: Behaviour, timers: Timers) -> None:
        self.chaos = Chaos()
        self.batch = Batch()
        self.dropped = 0
        self._webhooks = webhooks
        self._behaviour = behaviour
        self._timers = timers
        self._buffers: dict[str, _Buffer] = {}

    def clear(self) -> None:
        """No chaos, no batches, nothing held, nothing dropped."""
        self.dropped = 0
        self.chaos, self.batch = Chaos(), Batch()
        self._buffers.clear()

    def change(self, **members: Any) -> None:  # noqa: ANN401  # members of Chaos
        self.chaos = replace(self.chaos, **members)

    def shown(self) -> dict[str, Any]:
        return {"chaos": asdict(self.chaos), "batch": asdict(self.batch)}

    def announce(self, account: Account, phone: PhoneNumber, item: Payload, key: str) -> None:
        """``key`` names the status within the run, for the draws."""
        if self.batch.most <= 1:
            self._release(account, phone, [item], key, lane=str(item["id"]))
            return
        buffer = self._buffers.get(phone.id)
        if buffer is None:
            buffer = self._buffers[phone.id] = _Buffer(account, phone, key)
            self._timers.after(self.batch.seconds, self._flush, buffer)
        buffer.items.append(item)
        if len(buffer.items) >= self.batch.most:
            self._flush(buffer)

    def _flush(self, buffer: _Buffer) -> None:
        if self._buffers.get(buffer.phone.id) is buffer:
            del self._buffers[buffer.phone.id]
        items, buffer.items = buffer.items, []
        for post in in_posts(items, _size):
            self._release(buffer.account, buffer.phone, post, buffer.key, lane=None)

    def _release(self, account: Account, phone: PhoneNumber, items: list[Payload], key: str, lane: str | None) -> None:
        payload = envelope(account.waba_id, "messages", statuses_value(phone, items))
        if not self.chaos.active:
            self._webhooks.publish(account, payload, lane=lane)
            return
        self._suffer(account, payload, lane, self._behaviour.keyed(f"chaos|{key}"))

    def _suffer(self, account: Account, payload: Payload, lane: str | None, dice: Dice) -> None:
        chaos = self.chaos
        dropped, doubled, forged, shuffled, delayed = (
            dice.random() < chance
            for chance in (chaos.drop, chaos.duplicate, chaos.wrong_signature, chaos.reorder, chaos.delay)
        )
        if dropped:
            self.dropped += 1
            return
        wait = (dice.uniform(0, chaos.reorder_seconds) if shuffled else 0.0) + (chaos.delay_seconds if delayed else 0.0)
        signing = Signing.WRONG if forged else Signing.VALID
        for _ in range(2 if doubled else 1):
            if wait:
                self._timers.after(wait, partial(self._webhooks.publish, account, payload, signing=signing))
            else:
                self._webhooks.publish(account, payload, lane=lane, signing=signing)


def _size(item: Payload) -> int:
    """No fewer than the bytes it takes with its contact. Measured only where it holds texts of somebody's own choice."""
    return _ORDINARY if item.keys().isdisjoint(_FREE_TEXTS) else _CONTACT + len(meta_dump(item))
