"""What was said between a business number and a person: the messages sent, received, and when (fact sheet 17)."""

import msgspec

from mock_meta.simulation.bounded_counter import BoundedCounter
from mock_meta.simulation.bounded_map import BoundedMap

Pair = tuple[str, str]
MOST_MESSAGES, MOST_PEOPLE = 100_000, 100_000
_TOLD_BY_META = "system"


class Sent(msgspec.Struct, gc=False):
    """A message Meta accepted. ``nth`` counts the messages of this pair from 1; ``origin`` is the pricing category.

    ``user_id`` is filled in by the first status, so that it is worked out once.
    """

    wamid: str
    waba_id: str
    phone_number_id: str
    to: str
    wa_id: str
    type: str
    at: float
    nth: int
    origin: str
    free: bool
    opaque: str | None = None
    priced: bool = False
    user_id: str = ""

    @property
    def pair(self) -> Pair:
        return (self.phone_number_id, self.wa_id)


class Received(msgspec.Struct, frozen=True, gc=False):
    """A message a person wrote, as far as later calls refer to it; ``user_id`` is the person's other name, if there is one."""

    wamid: str
    phone_number_id: str
    wa_id: str
    type: str
    at: float
    user_id: str | None = None


class Conversations:
    """State per (phone_number_id, wa_id), and what was received. What was sent stands in the ledger.

    Both are bounded: of the messages received and of the pairs that wrote or were written to, the last hundred thousand
    at least are known, and twice as many at most. Older ones are as unknown as they are at Meta after thirty days.
    """

    def __init__(self) -> None:
        self.received = BoundedMap[str, Received](MOST_MESSAGES)
        self.blocked: dict[Pair, None] = {}
        self._sends = BoundedCounter(MOST_PEOPLE)
        self._inbound = BoundedCounter(MOST_PEOPLE)
        self._last_user_message = BoundedMap[Pair, Received](MOST_PEOPLE)

    def clear(self) -> None:
        self.received.clear()
        self.blocked.clear()
        self._sends.clear()
        self._inbound.clear()
        self._last_user_message.clear()

    def next_outbound_number(self, pair: Pair) -> int:
        """The message's number within the pair, which decides its draws. Starts again for pairs long out of use."""
        return self._sends.count(pair)

    def next_inbound_number(self, pair: Pair) -> int:
        """The same for what the person writes."""
        return self._inbound.count(pair)

    def add_received(self, message: Received) -> None:
        """Opens or extends the customer service window, whichever way the person is addressed.

        What Meta itself tells of somebody (``system``) opens none.
        """
        self.received.put(message.wamid, message)
        if message.type == _TOLD_BY_META:
            return
        for name in {message.wa_id, message.user_id} - {None}:
            self._last_user_message.put((message.phone_number_id, str(name)), message)

    def last_received(self, pair: Pair) -> Received | None:
        """What the person wrote last."""
        return self._last_user_message.get(pair)

    def window_open(self, pair: Pair, now: float, seconds: float) -> bool:
        """Whether the person wrote to the number within the last ``seconds`` (5.6)."""
        last = self._last_user_message.get(pair)
        return last is not None and now - last.at <= seconds
