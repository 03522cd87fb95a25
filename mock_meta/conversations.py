"""What was said between a business number and a person: the messages sent, received, and when (fact sheet 17)."""

from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(slots=True)
class Sent:
    """A message Meta accepted. ``nth`` counts the messages of this pair from 1; ``origin`` is the pricing category."""

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
    conversation: str = ""
    priced: bool = False

    @property
    def pair(self) -> Pair:
        return (self.phone_number_id, self.wa_id)


@dataclass(frozen=True, slots=True)
class Received:
    """A message a person wrote, as far as later calls refer to it."""

    wamid: str
    phone_number_id: str
    wa_id: str
    type: str
    at: float


class Conversations:
    """State per (phone_number_id, wa_id) and the index of messages by id."""

    def __init__(self) -> None:
        self.sent: dict[str, Sent] = {}
        self.received: dict[str, Received] = {}
        self.blocked: dict[Pair, None] = {}
        self._counts: dict[Pair, int] = {}
        self._last_user_message: dict[Pair, float] = {}
        self._latest_sent: dict[Pair, str] = {}

    def clear(self) -> None:
        self.sent.clear()
        self.received.clear()
        self.blocked.clear()
        self._counts.clear()
        self._last_user_message.clear()
        self._latest_sent.clear()

    def next_number(self, pair: Pair) -> int:
        self._counts[pair] = count = self._counts.get(pair, 0) + 1
        return count

    def add_sent(self, message: Sent) -> None:
        self.sent[message.wamid] = message
        self._latest_sent[message.pair] = message.wamid

    def latest(self, phone_number_id: str, wa_id: str) -> str | None:
        """The last message the number sent to the person."""
        return self._latest_sent.get((phone_number_id, wa_id))

    def add_received(self, message: Received) -> None:
        """Opens or extends the customer service window of the pair."""
        self.received[message.wamid] = message
        self._last_user_message[(message.phone_number_id, message.wa_id)] = message.at

    def window_open(self, pair: Pair, now: float, seconds: float) -> bool:
        """Whether the person wrote to the number within the last ``seconds`` (5.6)."""
        last = self._last_user_message.get(pair)
        return last is not None and now - last <= seconds

    def knows(self, wamid: str, phone_number_id: str) -> bool:
        """Whether the id is a message of this business number, in either direction."""
        found = self.sent.get(wamid) or self.received.get(wamid)
        return found is not None and found.phone_number_id == phone_number_id
