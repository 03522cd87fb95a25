"""CONV-02: the filters `status` and `contact_id`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.expect import requirement, that
from conformance.wacrm.expectations import envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.conversations import Conversation


STATUSES = ("open", "pending", "closed")
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@requirement("CONV-02")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("limit", [None, 100])
def test_the_status_filter_returns_that_status_only(
    account: Account, start_customer: Callable[..., Conversation], status: str, limit: int | None
) -> None:
    conversation = start_customer()
    conversation.receive()
    exchange = account.api.get("/conversations", status=status, **({} if limit is None else {"limit": limit}))
    shown = envelope.rows(exchange)
    unexpected = [(row.get("id"), row.get("status")) for row in shown if row.get("status") != status]
    that(not unexpected, f"only conversations whose status is {status}", f"also {unexpected[:3]}", exchange)
    if conversation.read()["status"] == status:
        that(
            conversation.id in [row.get("id") for row in shown],
            "the newest conversation among them",
            "not there",
            exchange,
        )


@requirement("CONV-02")
@pytest.mark.parametrize(
    "status", ["archived", "opened", "ope", "op%", "o_en", "open,closed", "*", "all", "any", "0", "open'--", "null", "not.is.null"]
)  # fmt: skip
def test_an_unknown_status_returns_no_conversations(
    account: Account, start_customer: Callable[..., Conversation], status: str
) -> None:
    conversation = start_customer()
    conversation.receive()
    for exchange in (
        account.api.get("/conversations", status=status),
        account.api.get("/conversations", status=status, contact_id=conversation.contact["id"]),
    ):
        _only_of_status(exchange, status)


def _only_of_status(exchange: Exchange, status: str) -> None:
    """An unknown status may be refused with 400 or give an empty list."""
    if exchange.status == 400:
        return
    unexpected = [(row.get("id"), row.get("status")) for row in envelope.rows(exchange) if row.get("status") != status]
    that(not unexpected, f"no conversations for the unknown status {status!r}, or 400", f"{unexpected[:3]}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("limit", [None, 1, 100])
def test_the_contact_filter_returns_that_contacts_conversation_only(
    account: Account, start_customer: Callable[..., Conversation], limit: int | None
) -> None:
    conversations = [start_customer() for _ in range(3)]
    for conversation in conversations:
        conversation.receive()
    size = {} if limit is None else {"limit": limit}
    for conversation in conversations:
        exchange = account.api.get("/conversations", contact_id=conversation.contact["id"], **size)
        shown = [row.get("contact_id") for row in envelope.rows(exchange)]
        wanted = [conversation.contact["id"]]
        that(shown == wanted, f"exactly the conversation of {wanted}", f"the conversations of {shown}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("who", ["a contact without conversation", "nobody"])
def test_a_contact_without_conversation_returns_none(
    account: Account, start_customer: Callable[..., Conversation], who: str
) -> None:
    start_customer().receive()
    contact = account.contact()["id"] if who != "nobody" else UNKNOWN_ID
    exchange = account.api.get("/conversations", contact_id=contact)
    if exchange.status != 404:
        that(not envelope.rows(exchange), "no conversations", exchange.excerpt, exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("status", STATUSES)
def test_status_and_contact_id_can_be_combined(
    account: Account, start_customer: Callable[..., Conversation], status: str
) -> None:
    conversation, unrelated = start_customer(), start_customer()
    conversation.receive()
    unrelated.receive()
    exchange = account.api.get("/conversations", status=status, contact_id=conversation.contact["id"])
    wanted = [conversation.id] if conversation.read()["status"] == status else []
    shown = [row.get("id") for row in envelope.rows(exchange)]
    that(shown == wanted, f"exactly the conversations {wanted}", f"{shown}", exchange)
