"""Defects that nobody sees who asks for one thing at a time: races, queues that are too short, resources that leak.

Apart from the clauses' faults: here the clause is the trouble that a load test must name (loadtests, "Proof").
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping

from starlette.responses import Response

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.faults.registry import fault
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.patching.steps import replace_step, rewrite, wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.protocol.operations import Operation
from reference.wacrm.settings import WhatsApp
from reference.wacrm.storage.database import Row
from reference.wacrm.storage.keyset_pages import Window
from reference.wacrm.webhooks.dispatcher import Delivery


@fault("unread count", "unread_count is read, and written back a moment later")
def unread_count_loses_updates(wacrm: Wacrm) -> None:
    note = wacrm.conversations.note_message

    def racy(account: str, conversation: str, text: str | None, at: str, *, inbound: bool) -> None:
        note(account, conversation, text, at, inbound=False)
        if inbound:
            row = wacrm.conversations.find(account, conversation)
            seen = row["unread_count"] if row is not None else 0
            values = {"id": conversation, "unread": seen + 1}
            sql = "UPDATE conversations SET unread_count = :unread WHERE id = :id"
            asyncio.get_running_loop().call_later(0.05, wacrm.db.run, sql, values)

    wrap(wacrm.conversations, "note_message", racy)


@fault("duplicated", "a send that waits for a connection is taken for lost, and repeated")
def slow_send_is_repeated(wacrm: Wacrm) -> None:
    send, connection = wacrm.graph.send, asyncio.Semaphore(1)

    async def one_at_a_time(whatsapp: WhatsApp, body: Json) -> str:
        async with connection:
            return await send(whatsapp, body)

    async def hedged(whatsapp: WhatsApp, body: Json) -> str:
        first = asyncio.ensure_future(one_at_a_time(whatsapp, body))
        done, _ = await asyncio.wait({first}, timeout=0.12)
        if done:
            return first.result()
        again = asyncio.ensure_future(one_at_a_time(whatsapp, body))
        done, _ = await asyncio.wait({first, again}, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()

    wrap(wacrm.graph, "send", hedged)


@fault("limiter", "the limiter's counter is written behind")
def limiter_counts_a_moment_later(wacrm: Wacrm) -> None:
    limiter = wacrm.limiter

    def charge(key_hash: str) -> None:
        window = limiter.current(key_hash)
        if window.used >= limiter.limit:
            raise limiter.refusal(window.ends - time.monotonic())

        def count() -> None:
            window.used += 1

        asyncio.get_running_loop().call_later(0.03, count)

    replace_step(limiter, "charge", charge)


@fault("unexpected-429", "a guard in front counts the requests of all keys together")
def all_keys_share_a_second_limit(wacrm: Wacrm) -> None:
    charge, recent = wacrm.limiter.charge, deque[float]()

    def guarded(key_hash: str) -> None:
        now = time.monotonic()
        while recent and recent[0] < now - 2.0:
            recent.popleft()
        if len(recent) >= 60:  # noqa: PLR2004 - more than anybody asks by hand
            raise wacrm.limiter.refusal(1.0)
        recent.append(now)
        charge(key_hash)

    wrap(wacrm.limiter, "charge", guarded)


@fault("lost", "a recipient whose turn comes while the pool is full is noted as sent, and dropped")
def fan_out_drops_recipients_when_busy(wacrm: Wacrm) -> None:
    send, attempt, busy = wacrm.graph.send, wacrm.broadcasts.attempt, Counter[str]()

    async def counted(whatsapp: WhatsApp, body: Json) -> str:
        busy["sends"] += 1
        try:
            return await send(whatsapp, body)
        finally:
            busy["sends"] -= 1

    async def dropping(campaign: Campaign, recipient: Row) -> None:
        if busy["sends"] >= wacrm.broadcasts.concurrency:
            values = {"id": recipient["id"], "wamid": None, "now": wacrm.clock.now()}
            wacrm.db.run(wacrm.broadcasts.sql.accepted, values)
            return
        await attempt(campaign, recipient)

    wrap(wacrm.graph, "send", counted)
    wrap(wacrm.broadcasts, "attempt", dropping)


@fault("operations.errors", "connections to Meta are taken from a pool, and not all are given back")
def connections_to_meta_leak(wacrm: Wacrm) -> None:
    send, pool = wacrm.graph.send, asyncio.Semaphore(60)

    async def leaking(whatsapp: WhatsApp, body: Json) -> str:
        async with asyncio.timeout(2.0):
            await pool.acquire()
        return await send(whatsapp, body)

    wrap(wacrm.graph, "send", leaking)


@fault("figures.memory per request", "every answer is kept, for a log that nobody reads")
def answers_are_kept_for_ever(wacrm: Wacrm) -> None:
    respond, kept = wacrm.envelope.respond, list[bytes]()

    def keeping(asked: Operation | None, code: int, body: Json, headers: Mapping[str, str]) -> Response:
        kept.append(b"x" * 131_072)
        return respond(asked, code, body, headers)

    wrap(wacrm.envelope, "respond", keeping)


@fault("cursor", "a cursor is a number of rows, so rows that are added meanwhile shift the next page")
def cursor_is_an_offset(wacrm: Wacrm) -> None:
    position: dict[tuple[str, str], int] = {}
    rewrite(wacrm.conversations.sql, "page", "LIMIT :rows", "LIMIT :rows OFFSET :offset")

    def page(account: str, window: Window, status: str | None, contact: str | None) -> list[Row]:
        offset = position.get((window.created_at, window.id), 0)
        values = {"account": account, "status": status, "contact": contact, "rows": window.limit + 1, "offset": offset}
        rows = wacrm.db.rows(wacrm.conversations.sql.page, values | {"before": "9999", "before_id": "g"})
        if len(rows) > window.limit:
            last = rows[window.limit - 1]
            position[last["created_at"], last["id"]] = offset + window.limit
        return rows

    replace_step(wacrm.conversations, "page", page)


def _waiting(wacrm: Wacrm) -> int:
    """Webhooks of Meta's that were acknowledged and are not worked on yet."""
    return len(wacrm.meta_webhook._work._items)  # noqa: SLF001 - the queue that a fault makes too short


def _holds(post: Post, member: str) -> bool:
    return isinstance(post.payload, dict) and f"'{member}':" in str(post.payload)


def _drop_when_busy(wacrm: Wacrm, member: str) -> None:
    queue = wacrm.meta_webhook.queue

    def bounded(post: Post) -> None:
        if _waiting(wacrm) < 2 or not _holds(post, member):  # noqa: PLR2004 - a short queue
            queue(post)

    wrap(wacrm.meta_webhook, "queue", bounded)


@fault("stale status", "the queue of statuses is short, and what does not fit is dropped after it was acknowledged")
def statuses_are_dropped_when_busy(wacrm: Wacrm) -> None:
    _drop_when_busy(wacrm, "statuses")


@fault("lost inbound", "the same with customers' messages")
def customers_messages_are_dropped_when_busy(wacrm: Wacrm) -> None:
    _drop_when_busy(wacrm, "messages")


@fault("misaddressed", "the recipient lies in a buffer that all sends share")
def recipient_is_shared_between_sends(wacrm: Wacrm) -> None:
    send, buffer = wacrm.graph.send, dict[str, Json]()

    async def mixed(whatsapp: WhatsApp, body: Json) -> str:
        buffer["to"] = body["to"]
        await asyncio.sleep(0.005)
        return await send(whatsapp, body | {"to": buffer["to"]})

    wrap(wacrm.graph, "send", mixed)


@fault("altered", "template parameters lie in a list that all sends share")
def parameters_are_shared_between_sends(wacrm: Wacrm) -> None:
    send, buffer = wacrm.graph.send, dict[str, Json]()

    async def mixed(whatsapp: WhatsApp, body: Json) -> str:
        values = [v for c in body.get("template", {}).get("components", []) for v in c["parameters"]][1:]
        for value in values:
            buffer["second"] = value["text"]
        await asyncio.sleep(0.005)
        for value in values:
            value["text"] = buffer["second"]
        return await send(whatsapp, body)

    wrap(wacrm.graph, "send", mixed)


@fault("broadcast counts", "sent_count is a counter that is read before a send and written after it")
def sent_count_loses_updates(wacrm: Wacrm) -> None:
    attempt, counts, counted = wacrm.broadcasts.attempt, wacrm.broadcasts.counts, Counter[str]()

    async def racy(campaign: Campaign, recipient: Row) -> None:
        seen = counted[campaign.id]
        await attempt(campaign, recipient)
        counted[campaign.id] = max(seen + 1, counted[campaign.id])

    def shown(row: Row) -> Json:
        return counts(row) | {"sent_count": counted[row["id"]]}

    wrap(wacrm.broadcasts, "attempt", racy)
    wrap(wacrm.broadcasts, "counts", shown)


@fault("events lost", "an endpoint's queue of deliveries is short, and what does not fit is dropped")
def deliveries_are_dropped_when_busy(wacrm: Wacrm) -> None:
    enqueue, deliver, waiting = wacrm.dispatcher.enqueue, wacrm.dispatcher.attempt, Counter[str]()

    def bounded(delivery: Delivery) -> None:
        if waiting[delivery.endpoint] < 3:  # noqa: PLR2004 - a short queue
            waiting[delivery.endpoint] += 1
            enqueue(delivery)

    async def taken(endpoint: Row, delivery: Delivery) -> bool:
        try:
            return await deliver(endpoint, delivery)
        finally:
            waiting[delivery.endpoint] -= 1

    wrap(wacrm.dispatcher, "enqueue", bounded)
    wrap(wacrm.dispatcher, "attempt", taken)
