"""What all endpoints were told over a run, against what happened: pure functions and the record of registrations (HOOK-13)."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.wacrm.steps.endpoints import CREATED, RECEIVED, STATUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.meta.mock_client import MockMeta
    from conformance.target.exchange import Exchange
    from conformance.webhooks.receiver_client import Attempt

KEYS = {RECEIVED: ("whatsapp_message_id",), CREATED: ("conversation_id",), STATUS: ("whatsapp_message_id", "status")}
"""What tells one happening from another. Meta repeats and reorders statuses, so that they may be told again."""
ONCE = (RECEIVED, CREATED)
ONE = re.compile(r"/api/v1/webhooks/([^/?]+)$")


@dataclass(frozen=True)
class Told:
    """One delivery: to which endpoint (path and id), of which account, of what."""

    endpoint: tuple[str, str]
    account: str
    event: str
    of: tuple[str, ...]
    attempt: Attempt

    def __str__(self) -> str:
        return f"{self.event} of {' '.join(self.of)} to {self.endpoint[0]}"


@dataclass
class Registration:
    """An endpoint as it was registered; until `until` (monotonic, in seconds) nothing of it was changed."""

    path: str
    events: frozenset[str]
    since: float
    until: float = float("inf")


class EventAudit:
    """The registrations of a run, from the answers of the API, and what the harness posted as Meta would."""

    def __init__(self) -> None:
        self.by_id: dict[str, Registration] = {}
        self.posted: list[str] = []

    def hear(self, exchange: Exchange, _clause: str) -> None:
        path = urlsplit(exchange.url).path
        if "/api/v1" not in path:
            self.posted.append(exchange.sent)
        elif exchange.method == "POST" and path.endswith("/api/v1/webhooks") and exchange.status == 201:
            self._add(exchange)
        elif exchange.method in {"PATCH", "DELETE"} and (found := ONE.search(path)) and found[1] in self.by_id:
            one = self.by_id[found[1]]
            one.until = min(one.until, exchange.at)

    def _add(self, exchange: Exchange) -> None:
        body = exchange.json()
        row = body.get("data") if isinstance(body, dict) else None
        if isinstance(row, dict) and isinstance(row.get("url"), str) and isinstance(row.get("events"), list):
            events = frozenset(map(str, row["events"]))
            since = exchange.at + exchange.seconds
            self.by_id[str(row.get("id"))] = Registration(urlsplit(row["url"]).path, events, since)


def told(attempts: Iterable[Attempt]) -> list[Told]:
    """Deliveries of the three events, further attempts of the same bytes left out."""
    found: dict[tuple[str, bytes], Told] = {}
    for attempt in attempts:
        body = attempt.json() if isinstance(attempt.json(), dict) else {}
        data, names = body.get("data"), KEYS.get(str(body.get("event")))
        if names and isinstance(data, dict) and all(isinstance(data.get(name), str) for name in names):
            endpoint = attempt.path, attempt.headers.get("x-wacrm-webhook-id", "")
            of = tuple(data[name] for name in names)
            one = Told(endpoint, str(body.get("account_id")), body["event"], of, attempt)
            found.setdefault((attempt.path, attempt.raw), one)
    return list(found.values())


def twice(deliveries: Iterable[Told]) -> list[list[Told]]:
    """Happenings that an endpoint was told of more than once, of those that happen once."""
    grouped: dict[tuple[object, ...], list[Told]] = defaultdict(list)
    for one in deliveries:
        if one.event in ONCE:
            grouped[one.endpoint, one.event, one.of].append(one)
    return [group for group in grouped.values() if len(group) > 1]


def missing(deliveries: list[Told], endpoints: dict[str, Registration], margin: float) -> list[str]:
    """What one endpoint of an account was told, and another one that subscribes to it and was there all the time was not.

    `margin`: seconds that a delivery may take; what came within them of a registration or a change decides nothing.
    """
    accounts = {one.endpoint[1]: one.account for one in deliveries}
    first: dict[tuple[object, ...], Told] = {}
    for one in deliveries:
        first.setdefault((one.account, one.event, one.of), one)
    have = {(one.endpoint[1], one.event, one.of) for one in deliveries}
    found = []
    for one in first.values():
        at, now = one.attempt.monotonic, time.monotonic()
        for id_, there in endpoints.items():
            is_due = there.since + margin < at < min(there.until, now) - margin and one.event in there.events
            if is_due and accounts.get(id_) == one.account and (id_, one.event, one.of) not in have:
                found.append(f"{one.event} of {' '.join(one.of)}, told to {one.endpoint[0]}, not to {there.path}")
    return found


@dataclass(frozen=True)
class Happened:
    """What Meta told the deployment: the bodies as one text, and the statuses by message."""

    text: str
    statuses: frozenset[tuple[str, str]]

    def knows(self, one: Told) -> bool:
        """Whether this happened. `sent` may be told of every message that Meta took."""
        if one.event == RECEIVED:
            return one.of[0] in self.text
        return one.event != STATUS or one.of[1] == "sent" or one.of in self.statuses


def happened(bodies: Iterable[str]) -> Happened:
    texts, statuses = [], set()
    for body in bodies:
        texts.append(body.replace("\\/", "/"))
        try:
            statuses |= set(_statuses(json.loads(body)))
        except (ValueError, RecursionError):
            continue
    return Happened("\n".join(texts), frozenset(statuses))


def webhook_bodies(mock_meta: MockMeta) -> Iterator[str]:
    """All webhooks of Meta in the ledger, page by page."""
    since = 0
    while entries := mock_meta.ledger(kind="webhook", since=since):
        since = int(entries[-1]["seq"])
        yield from (json.dumps(entry["payload"], ensure_ascii=False) for entry in entries)


def _statuses(node: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    if isinstance(node, dict):
        if isinstance(node.get("id"), str) and isinstance(node.get("status"), str):
            yield node["id"], node["status"]
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        yield from _statuses(inner)
