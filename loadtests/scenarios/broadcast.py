"""`broadcast`: campaigns of 10 to 1,000 recipients, polled until they are done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from conformance.meta.templates import GREETING
from conformance.wacrm.steps import reconciliation
from loadtests.users import message_records
from loadtests.users.answers import CREATE_BROADCAST, GET_BROADCAST, Broadcast
from loadtests.users.message_records import Asked, Outcome
from loadtests.users.user import Stream, visit

if TYPE_CHECKING:
    from loadtests.users.task import Visit

POLL = 0.5
SMALLEST, LARGEST = 10, 1000


class BroadcastScenario(Stream):
    """Marketing writes to many at once, and looks how it goes."""

    @visit("broadcast", 8, "campaign", requests=12)
    def campaign(self, visit: Visit) -> None:
        """Sizes are drawn so that small campaigns are the most (evenly in their logarithm), up to `--recipients`."""
        world = visit.world
        most = max(SMALLEST, min(world.briefing.recipients, LARGEST))
        size = round(SMALLEST * (most / SMALLEST) ** world.rng.random())
        launched = _launch(visit, size)
        if launched is not None:
            _watch(visit, launched)


def _launch(visit: Visit, size: int) -> str | None:
    """The broadcast's id; every recipient is written down with its own words."""
    world = visit.world
    people = {world.people.stranger(): world.nonce() for _ in range(size)}
    listed = [{"to": to, "params": _words(nonce)} for to, nonce in people.items()]
    body = {
        "name": f"Load {world.briefing.run}",
        "template_name": GREETING,
        "template_language": "en_US",
        "recipients": listed,
    }
    began, receipt, outcome = time.time(), None, Outcome.UNANSWERED
    try:
        receipt = visit.call(CREATE_BROADCAST, body=body)
        outcome = Outcome.ACCEPTED if receipt else Outcome.REFUSED if visit.status else Outcome.UNANSWERED
    finally:
        batch = receipt.data.broadcast_id if receipt else None
        if visit.asked:
            world.outbox.asked += [
                Asked(nonce, visit.scenario, to.lstrip("+"), _digest(nonce), outcome, began, batch=batch)
                for to, nonce in people.items()
            ]
    if receipt is not None and (receipt.data.accepted, receipt.data.rejected) != (size, 0):
        told = f"{receipt.data.accepted} accepted and {receipt.data.rejected} rejected of {size} valid numbers"
        world.outbox.trouble("counts", f"POST /broadcasts: {told}")
    return batch


def _words(nonce: str) -> list[str]:
    """A recipient's own parameters."""
    return [nonce, f"A{nonce.rpartition('-')[2]}"]


def _digest(nonce: str) -> str:
    return message_records.template(GREETING, "en_US", _words(nonce))


def _watch(visit: Visit, identity: str) -> None:
    """Poll until it is sent: counts never fall, and read ≤ delivered ≤ sent at every poll (BCAST-09)."""
    world, polls = visit.world, []
    began = time.monotonic()
    while world.pause(POLL) and time.monotonic() - began < world.briefing.patience * 3:
        visit.due = time.monotonic()
        state = visit.call(GET_BROADCAST, identity)
        if state is None:
            continue
        polls.append(_poll(state.data))
        if state.data.status == "sent":
            world.telemetry.delay("broadcast done", time.monotonic() - began)
            break
    for contradiction in reconciliation.contradictions(polls):
        world.outbox.trouble("counts", f"GET /broadcasts/{identity}: {contradiction}")


def _poll(state: Broadcast) -> reconciliation.Poll:
    return reconciliation.Poll(
        status=state.status, total=state.total_recipients, sent=state.sent_count, delivered=state.delivered_count,
        read=state.read_count, replied=state.replied_count, failed=state.failed_count, at=time.monotonic(),
    )  # fmt: skip
