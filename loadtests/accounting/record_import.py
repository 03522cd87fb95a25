"""The records of the other two sides, read page by page: mock Meta's ledger and the receiver."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from conformance.target.numbers import digits
from loadtests.users import message_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.webhooks.receiver_client import Attempt, Receiver
    from loadtests.accounting.records import Records

PAGE = 2000
OK = 200
POLL = 0.2
RECEIVED = "message.received"


def quiet(provider: MockMeta, patience: float, still: float = 1.0, busy: Callable[[], bool] = lambda: False) -> bool:
    """Wait until mock Meta has nothing due or under way and its ledger has not grown for `still` seconds; False at the
    deadline.
    """
    deadline = time.monotonic() + patience
    before, since = -1, time.monotonic()
    while time.monotonic() < deadline:
        health = provider.request("GET", "/health")
        moving = health["last_seq"] != before or health["pending_webhooks"] or health["in_flight"] or busy()
        if moving:
            before, since = health["last_seq"], time.monotonic()
        elif time.monotonic() - since >= still:
            return True
        time.sleep(POLL)
    return False


def pages(provider: MockMeta, since: int, **query: Any) -> Iterator[list[dict[str, Any]]]:  # noqa: ANN401 - query values
    """The ledger's entries that match, after `since`, a page at a time."""
    while True:
        entries = provider.request("GET", "/ledger", since=since, limit=PAGE, **query)["entries"]
        if not entries:
            return
        yield entries
        since = entries[-1]["seq"]


def read_sends(records: Records, provider: MockMeta, since: int, run: str) -> int:
    """Everything of this run that Meta was asked to send; how many requests."""
    count = 0
    for entries in pages(provider, since, kind="request", operation="messages.send"):
        rows = [
            row
            for row in map(_send, entries)
            if row is not None and row[0].startswith(f"{message_records.PREFIX}{run}")
        ]
        count += len(rows)
        records.add_meta(rows)
    return count


def _send(entry: dict[str, Any]) -> tuple[Any, ...] | None:
    nonce = message_records.nonce_in(entry["raw"])
    if nonce is None:
        return None
    body = entry["body"] if isinstance(entry["body"], dict) else {}
    accepted, done = int(entry["wamid"] is not None), entry["at"] + (entry["duration"] or 0.0)
    return (
        nonce,
        entry["seq"],
        digits(entry["to"]),
        message_records.at_meta(body),
        accepted,
        entry["wamid"],
        entry["at"],
        done,
    )


def read_webhooks(records: Records, provider: MockMeta, since: int) -> int:
    """What the deployment was told by Meta's webhooks, and acknowledged; how many of them it did not."""
    unacknowledged = 0
    for entries in pages(provider, since, kind="webhook"):
        taken = [entry for entry in entries if entry["status"] == OK]
        unacknowledged += len(entries) - len(taken)
        records.add_reported([(wamid, status, entry["at"]) for entry in taken for wamid, status in entry["statuses"]])
        records.add_acknowledged([
            (entry["at"], wamid) for entry in taken if not entry["statuses"] for wamid in entry["wamids"]
        ])  # fmt: skip
    return unacknowledged


def read_events(records: Records, receiver: Receiver, path: str) -> int:
    """The `message.received` events that came to `path`; how many."""
    rows = [row for row in map(_event, receiver.attempts(path)) if row is not None]
    records.add_events(rows)
    return len(rows)


def _event(attempt: Attempt) -> tuple[Any, ...] | None:
    body = attempt.json()
    if not isinstance(body, dict) or body.get("event") != RECEIVED or not isinstance(body.get("data"), dict):
        return None
    data = body["data"]
    wamid, text = data.get("whatsapp_message_id"), data.get("text")
    said = (
        "" if text is None else message_records.digest("in", str(text))
    )  # of pictures and buttons an event need not tell the words
    return wamid, str(body.get("id")), said, attempt.at, data.get("conversation_id")
