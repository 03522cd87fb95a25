"""CONV-12: what `media_url` of an inbound message leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import precondition, requirement, that
from conformance.target.keys import scoped_role
from conformance.target.probe import Probe
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import required_rows
from conformance.wacrm.steps.media import KINDS, File, Files, difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.runner.run_state import RunState
    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.target.target import Meta, Target
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.conversations import Conversation

SLOWER_POLL = 0.2
"""Seconds between two questions that each read a list and fetch a file."""


@pytest.fixture(scope="module")
def files(meta: Meta, target: Target, run_state: RunState) -> Iterator[Files]:
    """Files at mock Meta, and a probe for whatever address a `media_url` has."""
    download = Probe("", target.target.timeout, target.target.verify, frozenset())
    yield Files(meta, download, target.target.origin)
    run_state.requests += download.count
    download.close()


@requirement("CONV-12")
@pytest.mark.parametrize("name", KINDS)
def test_media_url_leads_to_the_bytes_and_type_at_meta(
    account: Account, start_customer: Callable[..., Conversation], files: Files, name: str
) -> None:
    conversation = start_customer()
    conversation.receive()
    file = files.receive(account, conversation.phone, name)
    _leads_to(conversation, files, file, account.api)


@requirement("CONV-12")
def test_media_url_leads_to_the_file_again_and_again(
    account: Account, start_customer: Callable[..., Conversation], files: Files
) -> None:
    conversation = start_customer()
    file = files.receive(account, conversation.phone, "JPEG", caption=account.marker())
    for _ in range(3):
        _leads_to(conversation, files, file, account.api)


@requirement("CONV-12")
def test_each_media_url_leads_to_its_own_file(
    account: Account, start_customer: Callable[..., Conversation], files: Files
) -> None:
    """Several of a kind from two customers, one of each with a caption or a file name."""
    first, second = start_customer(), start_customer()
    received = [
        (conversation, files.receive(account, conversation.phone, name, **members))
        for name, members in (("JPEG", {"caption": "one"}), ("PDF", {"filename": "a.pdf"}), ("JPEG", {}), ("PDF", {}))
        for conversation in (first, second)
    ]
    for conversation, file in received:
        _leads_to(conversation, files, file, account.api)


@requirement("CONV-12")
def test_a_key_that_only_reads_messages_gets_the_file(
    account: Account, start_customer: Callable[..., Conversation], files: Files
) -> None:
    reader = account.api.as_role(scoped_role("only", "messages:read"))
    conversation = start_customer()
    _leads_to(conversation, files, files.receive(account, conversation.phone, "PNG"), reader)


def _leads_to(conversation: Conversation, files: Files, file: File, api: Api) -> None:
    """The message's `media_url`, read and fetched with one key, gives the file, at once or while it is being copied."""
    last: list[Exchange] = []

    def read() -> str | None:
        last[:] = [api.get(f"/conversations/{conversation.id}/messages", limit=100)]
        row = _row(last[0], file.wamid)
        return None if row is None else _difference(files, file, row, last)

    found = eventually(lambda: read() == "", conversation.patience, SLOWER_POLL)
    if found:
        return
    remaining = read()
    precondition(remaining is not None, f"the message {file.wamid} is not listed in its conversation")
    that(remaining == "", f"media_url to lead to the {file.kind.mime} at Meta", str(remaining), *last)


def _row(listed: Exchange, wamid: str) -> Row | None:
    rows = [row for row in required_rows(listed) if row.get("whatsapp_message_id") == wamid]
    return rows[0] if rows else None


def _difference(files: Files, file: File, row: Row, exchanges: list[Exchange]) -> str:
    """How what `media_url` leads to differs from the file; empty when it does not."""
    url = row.get("media_url")
    if not url:
        return "" if file.kind.optional else f"media_url {url!r} of a message of type {file.kind.message}"
    exchanges.append(files.fetch(str(url), exchanges[0].key))
    return difference(exchanges[-1], file)
