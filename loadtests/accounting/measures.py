"""Figures that only the joined records give: delays from end to end, and how broadcasts fanned out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loadtests.measurement import histogram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadtests.accounting.records import Records
    from loadtests.measurement.histogram import Histogram

LARGE = 50
"""Recipients from which on the speed of a fan-out says something."""
CURVES = 20

TO_META = """SELECT m.at - a.at FROM asked a JOIN meta m USING (nonce) WHERE a.outcome = 'accepted' AND m.accepted"""
TO_RECEIVER = "SELECT e.at - w.acknowledged FROM written w JOIN events e USING (wamid) WHERE w.acknowledged IS NOT NULL"
FAN_OUTS = """SELECT a.batch, COUNT(*), MIN(a.at), MIN(m.at), MAX(m.done) FROM asked a JOIN meta m USING (nonce)
  WHERE a.batch IS NOT NULL GROUP BY a.batch"""
CURVE = """SELECT {what} - a.at FROM asked a JOIN meta m USING (nonce) LEFT JOIN reported r ON r.wamid = m.wamid
  WHERE a.batch = ? AND {what} IS NOT NULL ORDER BY 1"""
MOMENTS = {"sent": "m.done", "delivered": "r.delivered", "read": "r.read"}
DECILES = 10


def delays(records: Records) -> dict[str, Histogram]:
    """Seconds from the API's request to Meta, and from Meta's webhook to the receiver's event. One machine's clock."""
    return {
        "accepted to Meta": _histogram(records.rows(TO_META)),
        "inbound to receiver": _histogram(records.rows(TO_RECEIVER)),
    }


def _histogram(rows: Iterable[tuple[float]]) -> Histogram:
    found: Histogram = {}
    for (seconds,) in rows:
        number = histogram.bucket(seconds)
        found[number] = found.get(number, 0) + 1
    return found


def fan_outs(records: Records) -> list[dict[str, Any]]:
    """Each broadcast: recipients, seconds to its first and last send, recipients a second."""
    found = []
    for batch, count, asked, first, last in records.rows(FAN_OUTS):
        spent = max(last - first, 1e-3)
        found.append({"broadcast": batch, "recipients": count, "to_first": round(first - asked, 4),
                      "to_last": round(last - asked, 4), "per_second": round(count / spent, 1)})  # fmt: skip
    return found


def slowest(found: list[dict[str, Any]]) -> float | None:
    """Recipients a second of the slowest fan-out that is large enough to tell."""
    return min((one["per_second"] for one in found if one["recipients"] >= LARGE), default=None)


def curves(records: Records, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For the largest broadcasts: seconds after the request at which 10 %, 20 % … 100 % were sent, delivered, read."""
    largest = sorted(found, key=lambda one: -one["recipients"])[:CURVES]
    return [{"broadcast": one["broadcast"], "recipients": one["recipients"], **_curve(records, one)} for one in largest]


def _curve(records: Records, one: dict[str, Any]) -> dict[str, list[float]]:
    texts = {name: CURVE.format(what=what) for name, what in MOMENTS.items()}
    return {name: _deciles([row[0] for row in records.rows(sql, one["broadcast"])]) for name, sql in texts.items()}


def _deciles(seconds: list[float]) -> list[float]:
    count = len(seconds)
    return [round(seconds[(count * n + DECILES - 1) // DECILES - 1], 4) for n in range(1, DECILES + 1)] if count else []
