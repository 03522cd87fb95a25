"""`inbox`: agents look at their conversations, read messages, follow cursors while new rows come in."""

from __future__ import annotations

import itertools
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loadtests.users.answers import (
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    Conversation,
    Message,
    Operation,
    Page,
)
from loadtests.users.user import Stream, visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.users.task import Visit

MOST_PAGES = 6
THINKING = 0.2
"""Seconds that somebody looks at a page before asking for the next."""


class InboxScenario(Stream):
    """Agents read."""

    @visit("inbox", 140, "list")
    def first_page(self, visit: Visit) -> None:
        _look(visit)

    @visit("inbox", 160, "read", requests=2)
    def a_conversation(self, visit: Visit) -> None:
        world = visit.world
        if not world.conversations:
            _look(visit)
            return
        identity = world.rng.choice(world.conversations)
        if visit.call(GET_CONVERSATION, identity) is not None:
            visit.call(LIST_MESSAGES, identity, "limit=50")

    @visit("inbox", 40, "walk", requests=5)
    def conversations_page_by_page(self, visit: Visit) -> None:
        walk(visit, LIST_CONVERSATIONS, "", 15)

    @visit("inbox", 40, "walk", requests=2)
    def messages_page_by_page(self, visit: Visit) -> None:
        if visit.world.conversations:
            walk(visit, LIST_MESSAGES, visit.world.rng.choice(visit.world.conversations), 5)


def _look(visit: Visit) -> None:
    page = visit.call(LIST_CONVERSATIONS, query="limit=20")
    for row in page.data if page else []:
        visit.world.remember(visit.world.conversations, row.id)


def walk(visit: Visit, operation: Operation[Page[Any]], identity: str, limit: int) -> None:
    """Follow cursors. While rows are added at the top, a walk meets no row twice and never goes back in time (PAGE)."""
    seen: list[Conversation | Message] = []
    cursor = None
    for _ in range(MOST_PAGES):
        page = visit.call(operation, identity, f"limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        if page is None:
            return
        _judge(visit, operation, seen, page.data)
        seen += page.data
        cursor = page.meta.next_cursor
        if cursor is None or not visit.world.pause(THINKING):
            return
        visit.due = time.monotonic()


def _judge(visit: Visit, operation: Operation[Any], seen: Sequence[Any], rows: Sequence[Any]) -> None:
    known = {row.id for row in seen}
    where = f"{operation.method} {operation.path}"
    for row in rows:
        if row.id in known:
            visit.world.outbox.trouble("cursor", f"{where}: row {row.id} came twice in one walk")
    moments = [datetime.fromisoformat(row.created_at) for row in (*seen[-1:], *rows)]
    if any(later > earlier for earlier, later in itertools.pairwise(moments)):
        visit.world.outbox.trouble("cursor", f"{where}: a page goes back in time after {len(seen)} rows")
