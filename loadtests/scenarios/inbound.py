"""`inbound`: customers write in through mock Meta, while agents read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from loadtests.users import message_records
from loadtests.users.answers import LIST_CONTACTS, LIST_CONVERSATIONS, LIST_MESSAGES
from loadtests.users.http_client import NoAnswerError
from loadtests.users.message_records import Written
from loadtests.users.scenario import Scenario
from loadtests.users.user import OpenModelUser, task

if TYPE_CHECKING:
    from loadtests.users.task import Task
    from loadtests.users.worker_state import WorkerState

MOST_AT_ONCE = 4
OK = 200


INBOUND = Scenario(
    "inbound",
    "customers write in through mock Meta, agents look until they see it",
    slos={
        "delays": {"webhook to visible": {"p95": 5.0}, "inbound to receiver": {"p95": 10.0}},
    },
)


class InboundScenario(OpenModelUser):
    """Customers write, tap buttons and send pictures: one message, or several at once."""

    scenario = INBOUND

    @task(INBOUND, 90, "write", requests=0)
    def write(self, task: Task) -> None:
        sender = task.worker.recipients.new()
        count = task.worker.rng.choice((1, 1, 2, MOST_AT_ONCE))
        write_in(task.worker, sender, count)

    @task(INBOUND, 30, "answer", requests=6)
    def write_until_it_is_seen(self, task: Task) -> None:
        """An agent looks until the message is in the inbox: Meta's webhook to the API's read side, in seconds."""
        worker, sender, began = task.worker, task.worker.recipients.new(), time.monotonic()
        wamids = write_in(worker, sender, 1)
        if not wamids:
            return
        conversation, wait = None, 0.02
        while time.monotonic() - began < worker.briefing.patience and worker.pause(wait):
            wait = min(wait * 1.6, 0.5)
            task.due = time.monotonic()
            conversation = conversation or _conversation_with(task, sender)
            page = task.call(LIST_MESSAGES, conversation, "limit=10") if conversation else None
            if page and any(row.whatsapp_message_id in wamids for row in page.data):
                worker.telemetry.delay("webhook to visible", time.monotonic() - began)
                return


def _conversation_with(task: Task, phone: str) -> str | None:
    found = task.call(LIST_CONTACTS, query=f"search={quote(phone[1:])}&limit=5")
    contact = next((row.id for row in (found.data if found else []) if row.phone == phone), None)
    if contact is None:
        return None
    listed = task.call(LIST_CONVERSATIONS, query=f"contact_id={contact}&limit=1")
    return listed.data[0].id if listed and listed.data else None


def write_in(worker: WorkerState, sender: str, count: int) -> list[str]:
    """The wamids of `count` messages that a customer sends at once, each in a webhook of its own."""
    provider = worker.provider
    if provider is None:
        return []
    messages = [_message(worker, sender) for _ in range(count)]
    sent = [message for message, _, _ in messages]
    body = {"phone_number_id": worker.briefing.phone_number_id, "messages": sent, "batch": False, "wait": False}
    at = time.time()
    try:
        answer = provider.exchange("POST", "/inbound", "none", msgspec.json.encode(body))
        wamids = list(msgspec.json.decode(answer.body)["wamids"]) if answer.status == OK else []
    except NoAnswerError as error:
        worker.telemetry.count(f"mock Meta: {error}")
        return []
    for wamid, (_, nonce, digest) in zip(wamids, messages, strict=False):
        worker.outbox.written.append(Written(wamid, nonce, sender.lstrip("+"), digest, at))
    return wamids


def _message(worker: WorkerState, sender: str) -> tuple[dict[str, Any], str, str]:
    """A message as Meta's webhook carries it (Meta fact sheet, 16.2), its nonce, and the digest of its visible text."""
    nonce = worker.nonce()
    text = f"Where is my order {nonce}?"
    kinds: list[dict[str, Any]] = [
        {"type": "text", "text": {"body": text}},
        {"type": "text", "text": {"body": text}},
        {"type": "image", "image": {"caption": text}},
        {"type": "button", "button": {"text": text, "payload": nonce}},
    ]
    return {"from": sender.lstrip("+"), **worker.rng.choice(kinds)}, nonce, message_records.digest("in", text)
