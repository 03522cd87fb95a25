"""Variants: ids, the clock, and what is sent to Meta."""

import asyncio
import uuid
from collections.abc import Mapping

import httpx

from reference.wacrm.assembly import Wacrm
from reference.wacrm.domain.broadcasts import Campaign
from reference.wacrm.patching.steps import replace_step, wrap
from reference.wacrm.protocol.envelope import Json
from reference.wacrm.storage.database import Row
from reference.wacrm.variants.registry import variant


@variant("what ids look like besides being UUIDs")
def ids_are_random(wacrm: Wacrm) -> None:
    replace_step(wacrm.ids, "new", lambda: str(uuid.uuid4()))


@variant("how fast a broadcast fans out: one send after the other")
def fan_out_is_sequential(wacrm: Wacrm) -> None:
    attempt = wacrm.broadcasts.attempt
    lock = asyncio.Lock()

    async def one_by_one(campaign: Campaign, recipient: Row) -> None:
        async with lock:
            await asyncio.sleep(0.004)
            await attempt(campaign, recipient)

    wacrm.broadcasts.concurrency = 1
    wrap(wacrm.broadcasts, "attempt", one_by_one)


@variant("how a number is written to Meta, which takes a plus")
def meta_is_given_numbers_with_a_plus(wacrm: Wacrm) -> None:
    post = wacrm.graph.post

    async def with_plus(url: str, body: Json, headers: Mapping[str, str]) -> httpx.Response:
        return await post(url, body | {"to": f"+{body['to']}"}, headers)

    wrap(wacrm.graph, "post", with_plus)


@variant("what the deployment's clock says")
def clock_is_ahead(wacrm: Wacrm) -> None:
    seconds = wacrm.clock.seconds
    wrap(wacrm.clock, "seconds", lambda: seconds() + 90.0)
