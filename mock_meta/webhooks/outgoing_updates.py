"""Statuses and inbound messages that are due, put into POSTs: one in each, or batches if asked for (fact sheet 15.4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from mock_meta.business.accounts import Account, PhoneNumber
from mock_meta.protocol.signature import meta_dump
from mock_meta.simulation.setting_types import Seconds, Setting
from mock_meta.webhooks.batching import in_posts
from mock_meta.webhooks.chaos import ChaosPublisher
from mock_meta.webhooks.payloads import Pair, Payload, envelope, inbound_value, statuses_value
from mock_meta.webhooks.timers import Timers

_ORDINARY, _CONTACT = 1_500, 500
_FREE_TEXTS = ("biz_opaque_callback_data", "errors")


class Batch(Setting):
    """Up to ``most`` updates of a number in one POST of 3 MB, waiting ``seconds`` for company. One is Meta's practice."""

    most: Annotated[int, Field(ge=1, le=1000)] = 1
    seconds: Seconds = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class UpdateKind:
    """Updates that can share a POST: the value that several make, and no fewer than the bytes that one takes."""

    value: Callable[[Account, PhoneNumber, Sequence[Any]], Payload]
    size: Callable[[Any], int]


def _status_size(item: Payload) -> int:
    """Measured only where it holds texts of somebody's own choice."""
    return _ORDINARY if item.keys().isdisjoint(_FREE_TEXTS) else _CONTACT + len(meta_dump(item))


def _message_size(pair: Pair) -> int:
    return sum(len(meta_dump(one)) for one in pair)


STATUSES = UpdateKind(statuses_value, _status_size)
INBOUND = UpdateKind(inbound_value, _message_size)


@dataclass(slots=True)
class _Buffer:
    account: Account
    phone: PhoneNumber
    kind: UpdateKind
    key: str
    items: list[Any] = field(default_factory=list)


class OutgoingUpdates:
    """Takes updates when they are due, and publishes the webhooks that tell of them."""

    def __init__(self, publisher: ChaosPublisher, timers: Timers) -> None:
        self.batch = Batch()
        self._publisher = publisher
        self._timers = timers
        self._buffers: dict[tuple[str, UpdateKind], _Buffer] = {}

    def clear(self) -> None:
        """No batches, nothing held."""
        self.batch = Batch()
        self._buffers.clear()

    def add(
        self,
        account: Account,
        phone: PhoneNumber,
        kind: UpdateKind,
        item: object,
        key: str,
        lane: str | None = None,
    ) -> None:
        """``item`` is a status, or a message with its contact. ``key`` names it within the run, for chaos' draws.

        Those of one ``lane`` go out one after the other, unless they share POSTs.
        """
        if self.batch.most <= 1:
            payload = envelope(account.waba_id, "messages", kind.value(account, phone, [item]))
            self._publisher.publish(account, payload, key, lane)
            return
        buffer = self._buffers.get((phone.id, kind))
        if buffer is None:
            buffer = self._buffers[phone.id, kind] = _Buffer(account, phone, kind, key)
            self._timers.after(self.batch.seconds, self._flush, buffer)
        buffer.items.append(item)
        if len(buffer.items) >= self.batch.most:
            self._flush(buffer)

    def _flush(self, buffer: _Buffer) -> None:
        place = buffer.phone.id, buffer.kind
        if self._buffers.get(place) is buffer:
            del self._buffers[place]
        items, buffer.items = buffer.items, []
        for payload in posts(buffer.account, buffer.phone, buffer.kind, items):
            self._publisher.publish(buffer.account, payload, buffer.key)


def posts(account: Account, phone: PhoneNumber, kind: UpdateKind, items: Sequence[Any]) -> list[Payload]:
    """The payloads that tell of all items, as few as Meta's limit allows."""
    return [
        envelope(account.waba_id, "messages", kind.value(account, phone, post)) for post in in_posts(items, kind.size)
    ]
