"""BCAST-15: Meta is down for everybody, or silent for one."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import fault
from reference.wacrm.meta.graph_client import AnswerLostError, SendError
from reference.wacrm.patching.steps import under_way, wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row

_IN_A_ROW = 8
"""More failures than single recipients cause, fewer than an outage does."""


def _failures_in_a_row(wacrm: Wacrm) -> Counter[str]:
    """By broadcast, up to now."""
    failed, accepted, in_a_row = wacrm.broadcasts.failed, wacrm.broadcasts.accepted, Counter[str]()

    def counted(campaign: Campaign, recipient: Row, error: SendError) -> None:
        in_a_row[campaign.id] += 1
        failed(campaign, recipient, error)

    def over(campaign: Campaign, recipient: Row, wamid: str) -> None:
        in_a_row[campaign.id] = 0
        accepted(campaign, recipient, wamid)

    wrap(wacrm.broadcasts, "failed", counted)
    wrap(wacrm.broadcasts, "accepted", over)
    return in_a_row


def _one_at_a_time(wacrm: Wacrm) -> None:
    attempt, locks = wacrm.broadcasts.attempt, defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def in_turn(campaign: Campaign, recipient: Row) -> None:
        async with locks[campaign.id]:
            await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "attempt", in_turn)


@fault("BCAST-15", "a breaker opens after failures in a row, and the other recipients fail without being tried")
def an_outage_ends_the_attempts(wacrm: Wacrm) -> None:
    in_a_row, attempt = _failures_in_a_row(wacrm), wacrm.broadcasts.attempt

    async def while_closed(campaign: Campaign, recipient: Row) -> None:
        if in_a_row[campaign.id] >= _IN_A_ROW:
            wacrm.broadcasts.refused(recipient)
        else:
            await attempt(campaign, recipient)

    wrap(wacrm.broadcasts, "attempt", while_closed)
    _one_at_a_time(wacrm)


@fault("BCAST-15", "failures are written down together at the end, and too many of them do not fit")
def an_outage_leaves_recipients_uncounted(wacrm: Wacrm) -> None:
    in_a_row = _failures_in_a_row(wacrm)
    failed = wacrm.broadcasts.failed

    def some(campaign: Campaign, recipient: Row, error: SendError) -> None:
        if in_a_row[campaign.id] >= _IN_A_ROW:
            in_a_row[campaign.id] += 1
        else:
            failed(campaign, recipient, error)

    wrap(wacrm.broadcasts, "failed", some)


@fault(
    "BCAST-15", "when nobody could be reached, nobody is counted as failed: the report begins with the first success"
)
def a_total_outage_counts_nobody(wacrm: Wacrm) -> None:
    counts = wacrm.broadcasts.counts

    def shown(row: Row) -> Json:
        counted = counts(row)
        total = row["total_recipients"]
        return counted | {"failed_count": 0} if total > _IN_A_ROW and counted["failed_count"] == total else counted

    wrap(wacrm.broadcasts, "counts", shown)


@fault("BCAST-15", "recipients are sent to one after the other, without a time limit")
def a_hanging_send_holds_up_the_broadcast(wacrm: Wacrm) -> None:
    exchange, sending = wacrm.graph.exchange, under_way(wacrm.broadcasts, "attempt")

    async def unlimited(method: str, url: str, headers: Mapping[str, str], body: Json | None = None) -> httpx.Response:
        if not sending():
            return await exchange(method, url, headers, body)
        try:
            return await wacrm.graph._client.request(method, url, json=body, headers=headers)  # noqa: SLF001 - the one without a limit
        except httpx.HTTPError:
            raise AnswerLostError("Meta API error: the connection was lost") from None

    wrap(wacrm.graph, "exchange", unlimited)
    _one_at_a_time(wacrm)
