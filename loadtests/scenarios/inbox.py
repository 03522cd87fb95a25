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
from loadtests.users.scenario import Scenario
from loadtests.users.user import OpenModelUser, task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.users.task import Task

MOST_PAGES = 6
THINKING = 0.2
"""Seconds that somebody looks at a page before asking for the next."""


INBOX = Scenario(
    "inbox",
    "lists, conversations, and walks along cursors while rows are added",
    slos={
        "operations": {
            "inbox/listConversations": {"p95": 2.0},
            "inbox/listConversationMessages": {"p95": 2.0},
        },
    },
)


class InboxScenario(OpenModelUser):
    """Agents read."""

    scenario = INBOX

    @task(INBOX, 140, "list")
    def first_page(self, task: Task) -> None:
        _look(task)

    @task(INBOX, 160, "read", requests=2)
    def a_conversation(self, task: Task) -> None:
        worker = task.worker
        if not worker.conversations:
            _look(task)
            return
        identity = worker.rng.choice(worker.conversations)
        if task.call(GET_CONVERSATION, identity) is not None:
            task.call(LIST_MESSAGES, identity, "limit=50")

    @task(INBOX, 40, "walk", requests=5)
    def conversations_page_by_page(self, task: Task) -> None:
        walk(task, LIST_CONVERSATIONS, "", 15)

    @task(INBOX, 40, "walk", requests=2)
    def messages_page_by_page(self, task: Task) -> None:
        if task.worker.conversations:
            walk(task, LIST_MESSAGES, task.worker.rng.choice(task.worker.conversations), 5)


def _look(task: Task) -> None:
    page = task.call(LIST_CONVERSATIONS, query="limit=20")
    for row in page.data if page else []:
        task.worker.remember(task.worker.conversations, row.id)


def walk(task: Task, operation: Operation[Page[Any]], identity: str, limit: int) -> None:
    """Follow cursors. While rows are added at the top, it meets no row twice and never goes back in time (PAGE)."""
    seen: list[Conversation | Message] = []
    cursor = None
    for _ in range(MOST_PAGES):
        page = task.call(operation, identity, f"limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        if page is None:
            return
        _check(task, operation, seen, page.data)
        seen += page.data
        cursor = page.meta.next_cursor
        if cursor is None or not task.worker.pause(THINKING):
            return
        task.due = time.monotonic()


def _check(task: Task, operation: Operation[Any], seen: Sequence[Any], rows: Sequence[Any]) -> None:
    known = {row.id for row in seen}
    where = f"{operation.method} {operation.path}"
    for row in rows:
        if row.id in known:
            task.worker.outbox.observe("cursor", f"{where}: row {row.id} came twice in one walk")
    moments = [datetime.fromisoformat(row.created_at) for row in (*seen[-1:], *rows)]
    if any(later > earlier for earlier, later in itertools.pairwise(moments)):
        task.worker.outbox.observe("cursor", f"{where}: a page goes back in time after {len(seen)} rows")
