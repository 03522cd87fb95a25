"""Reconciliation: what the joined records say against each other, message by message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.accounting.records import Records

EXAMPLES = 5


class Discrepancy(StrEnum):
    """What can be wrong with a message. `undecided` is no defect by itself, nor `unaccounted` when a worker was lost."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    MISADDRESSED = "misaddressed"
    ALTERED = "altered"
    UNEXPECTED = "unexpected"
    UNDECIDED = "undecided"
    UNACCOUNTED = "unaccounted"


MEANING = {
    Discrepancy.LOST: "accepted by the API, and Meta was never asked",
    Discrepancy.DUPLICATED: "at Meta more than once",
    Discrepancy.MISADDRESSED: "at Meta for another number",
    Discrepancy.ALTERED: "at Meta with other content",
    Discrepancy.UNEXPECTED: "refused by the API, and at Meta all the same",
    Discrepancy.UNDECIDED: "no answer came: sent or not, nobody was told",
    Discrepancy.UNACCOUNTED: "at Meta, and nobody reported to have asked for it",
}

SENDS = {
    # a recipient of a broadcast whom Meta refused was not lost: the broadcast counts it as failed
    Discrepancy.LOST: """SELECT a.scenario, a.nonce, a.recipient, a.wamid, a.at FROM asked a WHERE a.outcome = 'accepted'
        AND NOT EXISTS (SELECT 1 FROM meta m WHERE m.nonce = a.nonce AND (m.accepted OR a.batch IS NOT NULL))""",
    Discrepancy.DUPLICATED: """SELECT a.scenario, a.nonce, a.recipient, a.wamid, a.at FROM asked a WHERE
        (SELECT COUNT(*) FROM meta m WHERE m.nonce = a.nonce AND m.accepted) > 1""",
    Discrepancy.MISADDRESSED: """SELECT a.scenario, a.nonce, m.recipient, m.wamid, a.at FROM asked a JOIN meta m USING (nonce)
        WHERE m.accepted AND m.recipient <> a.recipient""",
    Discrepancy.ALTERED: """SELECT a.scenario, a.nonce, a.recipient, m.wamid, a.at FROM asked a JOIN meta m USING (nonce)
        WHERE m.accepted AND m.digest <> a.digest""",
    Discrepancy.UNEXPECTED: """SELECT a.scenario, a.nonce, a.recipient, m.wamid, a.at FROM asked a JOIN meta m USING (nonce)
        WHERE m.accepted AND a.outcome = 'refused'""",
    Discrepancy.UNDECIDED: """SELECT a.scenario, a.nonce, a.recipient, a.wamid, a.at FROM asked a WHERE a.outcome = 'unanswered'""",
    Discrepancy.UNACCOUNTED: """SELECT 'nobody', m.nonce, m.recipient, m.wamid, m.at FROM meta m
        WHERE m.accepted AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.nonce = m.nonce)""",
}
"""Each gives scenario, nonce, recipient, wamid and unix time of every message with that discrepancy."""
OF_OVERLOAD = {Discrepancy.UNEXPECTED, Discrepancy.UNDECIDED}
"""What comes of asking for more than a target can do, and is not held against it then: time-outs."""
ARRIVED = {
    Discrepancy.LOST: """SELECT 'inbound', w.nonce, w.sender, w.wamid, w.at FROM written w
        WHERE w.acknowledged IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events e WHERE e.wamid = w.wamid)""",
    Discrepancy.DUPLICATED: """SELECT 'inbound', w.nonce, w.sender, w.wamid, w.at FROM written w WHERE
        (SELECT COUNT(*) FROM events e WHERE e.wamid = w.wamid) > 1""",
    Discrepancy.ALTERED: """SELECT 'inbound', w.nonce, w.sender, w.wamid, w.at FROM written w JOIN events e USING (wamid)
        WHERE e.digest NOT IN (w.digest, '')""",
}
"""The same for customers' messages and the `message.received` events that the receiver got."""


@dataclass(frozen=True)
class DiscrepancyCount:
    """How many messages have a discrepancy, by scenario, and some of them."""

    kind: Discrepancy
    where: str
    by_scenario: dict[str, int]
    examples: list[str]

    @property
    def count(self) -> int:
        return sum(self.by_scenario.values())


def at_meta(records: Records, overloads: Sequence[tuple[float, float]] = ()) -> list[DiscrepancyCount]:
    """Discrepancies of messages to customers. `overloads` are spans of unix time (see `OF_OVERLOAD`)."""
    records.index()
    return [
        _counted(records, kind, "at Meta", sql, overloads if kind in OF_OVERLOAD else ()) for kind, sql in SENDS.items()
    ]


def at_receiver(records: Records) -> list[DiscrepancyCount]:
    """Discrepancies of customers' messages on their way to the receiver."""
    return [_counted(records, kind, "at the receiver", sql) for kind, sql in ARRIVED.items()]


def events_missing(records: Records) -> int:
    """How many customers' messages have not come to the receiver yet."""
    return records.number(f"SELECT COUNT(*) FROM ({ARRIVED[Discrepancy.LOST]})")  # noqa: S608 - our own text


def _counted(
    records: Records, kind: Discrepancy, where: str, sql: str, spared: Sequence[tuple[float, float]] = ()
) -> DiscrepancyCount:
    times = " OR ".join(["c5 BETWEEN ? AND ?"] * len(spared)) or "0"
    found = f"WITH found (c1, c2, c3, c4, c5) AS ({sql}) SELECT {{}} FROM found WHERE NOT ({times})"  # noqa: S608 - our own texts
    values = [moment for span in spared for moment in span]
    by_scenario = dict(records.rows(found.format("c1, COUNT(*)") + " GROUP BY c1", *values))
    rows = records.rows(found.format("c2, c3, c4") + f" LIMIT {EXAMPLES}", *values)
    shown = [f"{nonce} to +{recipient}{f' ({wamid})' if wamid else ''}" for nonce, recipient, wamid in rows]
    return DiscrepancyCount(kind, where, by_scenario, shown)
