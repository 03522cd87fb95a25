"""What Meta was asked and what it did: the evidence. Append-only, in order, found by message and recipient."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mock_meta.ledger.entries import Entry, Outcome, RequestEntry, WebhookEntry
from mock_meta.ledger.store import Query, Store, checkpoint

BATCH = 200
WITHIN = 0.05
"""A process that is killed loses at most the entries of its last ``WITHIN`` seconds, and never more than ``BATCH``."""
_TIDY = 20
_CHUNK = 1000


@dataclass(slots=True)
class Counters:
    """Running totals for /metrics; reset with the ledger."""

    requests: dict[tuple[str, str], int] = field(default_factory=dict)
    webhooks: dict[str, int] = field(default_factory=dict)


class Ledger:
    """All entries since the last reset. ``seq`` keeps counting across resets, so an old ``since`` stays true.

    Entries are written in transactions of up to ``BATCH``: when so many have come, when somebody asks, and whenever
    ``flush`` is called. The rest is lost when the process is killed.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store or Store()
        self._waiting: list[Entry] = []
        self.last_seq = self._store.last_seq()
        self.counters = Counters()

    @property
    def file(self) -> str | None:
        """Where it is kept; None for memory."""
        return self._store.file

    def add(self, entry: Entry) -> None:
        self.last_seq = entry.seq = self.last_seq + 1
        self._waiting.append(entry)
        self._count(entry)
        if len(self._waiting) >= BATCH:
            self.flush()

    def timed(self, entry: RequestEntry, seconds: float) -> None:
        """Note how long an entry's call took, which is known only after it was added."""
        entry.duration = seconds
        if not self._waiting or entry.seq < self._waiting[0].seq:
            self._store.set_duration(entry.seq, seconds)

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._store.write(waiting)

    def clear(self) -> None:
        self._waiting.clear()
        self._store.clear(self.last_seq)
        self.counters = Counters()

    def close(self) -> None:
        self.flush()
        self._store.close()

    def find(self, query: Query) -> list[Entry]:
        """The first ``limit`` matching entries in order."""
        self.flush()
        return self._store.select(query)

    def chunks(self, query: Query) -> Iterator[list[Entry]]:
        """The same in lists of at most a thousand, so that a large ledger never stands in memory."""
        left = query.limit
        while chunk := self.find(replace(query, limit=min(left, _CHUNK))):
            yield chunk
            left -= len(chunk)
            query = replace(query, since=chunk[-1].seq)

    def message(self, wamid: str) -> RequestEntry | None:
        """The accepted send that made the message."""
        found = self.find(Query(wamid=wamid, outcome=Outcome.ACCEPTED, operation="messages.send", limit=1))
        return found[0] if found and isinstance(found[0], RequestEntry) else None

    def latest_send(self, phone_number_id: str, digits: str) -> str | None:
        """The id of the last message the number sent to the person."""
        self.flush()
        return self._store.latest_send(phone_number_id, digits)

    def attempts(self, delivery: int) -> list[WebhookEntry]:
        """What is on record of a delivery."""
        self.flush()
        return self._store.attempts(delivery)

    def last_delivery(self) -> int:
        """The highest number of a delivery on record."""
        return self._store.last_delivery()

    def _count(self, entry: Entry) -> None:
        if isinstance(entry, RequestEntry):
            key = (entry.operation, entry.outcome.value)
            self.counters.requests[key] = self.counters.requests.get(key, 0) + 1
        else:
            answer = str(entry.status) if entry.status is not None else "none"
            self.counters.webhooks[answer] = self.counters.webhooks.get(answer, 0) + 1


async def keep_written(ledger: Ledger, file: str) -> None:
    """Write what waits every ``WITHIN`` seconds, and tidy the file up now and then, until cancelled."""
    for turn in itertools.count(1):
        await asyncio.sleep(WITHIN)
        ledger.flush()
        if turn % _TIDY == 0:
            await asyncio.to_thread(checkpoint, file)
