"""`broadcast`: 10 to 1,000 recipients each, polled until it is sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from conformance.meta.templates import GREETING
from conformance.wacrm.steps import reconciliation
from loadtests.users import message_records
from loadtests.users.answers import CREATE_BROADCAST, GET_BROADCAST, Broadcast
from loadtests.users.message_records import Asked, Outcome
from loadtests.users.scenario import Scenario
from loadtests.users.user import OpenModelUser, task

if TYPE_CHECKING:
    from loadtests.users.task import Task

POLL = 0.5
SMALLEST, LARGEST = 10, 1000


BROADCAST = Scenario(
    "broadcast",
    "broadcasts of 10 to --recipients numbers, polled until they are sent",
    slos={
        "operations": {"broadcast/createBroadcast": {"p95": 3.0}},
        "figures": {"least_fan-out per second": 20},  # recipients a second, of broadcasts of 50 and more
    },
)


class BroadcastScenario(OpenModelUser):
    """Marketing writes to many at once, and looks how it goes."""

    scenario = BROADCAST

    @task(BROADCAST, 8, "campaign", requests=12)
    def campaign(self, task: Task) -> None:
        """Sizes are drawn so that small campaigns are the most (evenly in their logarithm), up to `--recipients`."""
        worker = task.worker
        most = max(SMALLEST, min(worker.briefing.recipients, LARGEST))
        size = round(SMALLEST * (most / SMALLEST) ** worker.rng.random())
        launched = _launch(task, size)
        if launched is not None:
            _watch(task, launched)


def _launch(task: Task, size: int) -> str | None:
    """The broadcast's id; every recipient is written down with its own words."""
    worker = task.worker
    recipients = {worker.recipients.new(): worker.nonce() for _ in range(size)}
    listed = [{"to": to, "params": _words(nonce)} for to, nonce in recipients.items()]
    body = {
        "name": f"Load {worker.briefing.run}",
        "template_name": GREETING,
        "template_language": "en_US",
        "recipients": listed,
    }
    began, receipt, outcome = time.time(), None, Outcome.UNANSWERED
    try:
        receipt = task.call(CREATE_BROADCAST, body=body)
        outcome = Outcome.ACCEPTED if receipt else Outcome.REFUSED if task.status else Outcome.UNANSWERED
    finally:
        batch = receipt.data.broadcast_id if receipt else None
        if task.asked:
            worker.outbox.asked += [
                Asked(nonce, task.scenario, to.lstrip("+"), _digest(nonce), outcome, began, batch=batch)
                for to, nonce in recipients.items()
            ]
    if receipt is not None and (receipt.data.accepted, receipt.data.rejected) != (size, 0):
        told = f"{receipt.data.accepted} accepted and {receipt.data.rejected} rejected of {size} valid numbers"
        worker.outbox.observe("counts", f"POST /broadcasts: {told}")
    return batch


def _words(nonce: str) -> list[str]:
    """A recipient's own parameters."""
    return [nonce, f"A{nonce.rpartition('-')[2]}"]


def _digest(nonce: str) -> str:
    return message_records.template(GREETING, "en_US", _words(nonce))


def _watch(task: Task, identity: str) -> None:
    """Poll until it is sent: counts never fall, and read ≤ delivered ≤ sent at every poll (BCAST-09)."""
    worker, polls = task.worker, []
    began = time.monotonic()
    while worker.pause(POLL) and time.monotonic() - began < worker.briefing.patience * 3:
        task.due = time.monotonic()
        state = task.call(GET_BROADCAST, identity)
        if state is None:
            continue
        polls.append(_poll(state.data))
        if state.data.status == "sent":
            worker.telemetry.delay("broadcast done", time.monotonic() - began)
            break
    for contradiction in reconciliation.contradictions(polls):
        worker.outbox.observe("counts", f"GET /broadcasts/{identity}: {contradiction}")


def _poll(state: Broadcast) -> reconciliation.Poll:
    return reconciliation.Poll(
        status=state.status, total=state.total_recipients, sent=state.sent_count, delivered=state.delivered_count,
        read=state.read_count, replied=state.replied_count, failed=state.failed_count, at=time.monotonic(),
    )  # fmt: skip
