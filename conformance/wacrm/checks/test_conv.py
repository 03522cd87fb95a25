"""CONV: conversations as list and single read show them (01, 02). Messages, what comes in, the inbox's line: beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.conversations import Conversation, is_documented

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.probe import Exchange
    from conformance.wacrm.steps.account import Account, Row

STATUSES = ("open", "pending", "closed")
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


# -- CONV-01 ----------------------------------------------------------------------------------------------------------


@requirement("CONV-01")
@pytest.mark.parametrize("begun_by", ["the customer", "a send"])
def test_a_conversation_has_the_documented_shape(
    account: Account, start_customer: Callable[..., Conversation], begun_by: str
) -> None:
    marker = account.marker()
    fields = {"email": f"{marker}@wacrm.invalid", "company": marker, "tags": [f"{marker}a", f"{marker}b"]}
    conversation = start_customer(**fields)
    _ = conversation.receive() if begun_by == "the customer" else conversation.send()
    single, many = conversation.exchange(), account.api.get("/conversations", contact_id=conversation.contact["id"])
    is_documented("getConversation", expect.status(single, 200))
    is_documented("listConversations", expect.status(many, 200))
    shown = expect.rows(many)
    that(len(shown) == 1, "one conversation with the contact", f"{len(shown)}", many)
    for row, exchange in ((expect.record(single, 200), single), (shown[0], many)):
        _embeds(row, conversation.contact, exchange)
    expect.equal(shown[0].get("id"), single.json()["data"].get("id"), "the listed conversation's id", many, single)


@requirement("CONV-01")
def test_each_conversation_of_a_page_embeds_its_own_contact(
    account: Account, start_customer: Callable[..., Conversation]
) -> None:
    marker = account.marker()
    sets = [["a", "b"], [], ["b", "c"], ["c"]]
    conversations = [
        start_customer(company=f"{marker}{n}", tags=[marker + t for t in tags]) for n, tags in enumerate(sets)
    ]
    for conversation in conversations:
        conversation.receive()
    contacts = {conversation.contact["id"]: conversation.contact for conversation in conversations}
    exchange = account.api.get("/conversations", limit=100)
    shown = [row for row in expect.rows(exchange) if row.get("contact_id") in contacts]
    precondition(len(shown) == len(conversations), "conversations that were just begun are not on the first page")
    for row in shown:
        _embeds(row, contacts[row["contact_id"]], exchange)


@requirement("CONV-01")
def test_the_embedded_contact_is_the_present_one(account: Account, start_customer: Callable[..., Conversation]) -> None:
    conversation = start_customer(email="ada@wacrm.invalid", tags=[account.marker()])
    conversation.receive()
    body = {"name": account.marker(), "email": None, "company": "Navy", "tags": [account.marker(), account.marker()]}
    contact = required(account.api.patch(f"/contacts/{conversation.contact['id']}", body), 200)
    many = account.api.get("/conversations", contact_id=contact["id"])
    for row, exchange in [
        (expect.record(conversation.exchange(), 200), conversation.exchange()),
        *((r, many) for r in expect.rows(many)),
    ]:
        _embeds(row, contact, exchange)


def _embeds(row: Row, contact: Row, exchange: Exchange) -> None:
    """The conversation is this contact's, and shows it with all its tags."""
    expect.equal(row.get("contact_id"), contact["id"], "contact_id", exchange)
    shown = row.get("contact") if isinstance(row.get("contact"), dict) else {}
    assert isinstance(shown, dict)
    for name in ("id", "phone", "name", "email", "company"):
        expect.equal(shown.get(name), contact[name], f"the embedded contact's {name}", exchange)
    tags, wanted = ({t.get("id"): t.get("name") for t in c.get("tags") or []} for c in (shown, contact))
    expect.equal(tags, wanted, "the embedded contact's tags", exchange)
    count = len(shown.get("tags") or [])
    that(count == len(wanted), "each tag once in the embedded contact", f"{count} for {len(wanted)} tags", exchange)


# -- CONV-02 ----------------------------------------------------------------------------------------------------------


@requirement("CONV-02")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("limit", [None, 100])
def test_status_gives_that_status_alone(
    account: Account, start_customer: Callable[..., Conversation], status: str, limit: int | None
) -> None:
    conversation = start_customer()
    conversation.receive()
    exchange = account.api.get("/conversations", status=status, **({} if limit is None else {"limit": limit}))
    shown = expect.rows(exchange)
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
def test_an_unknown_status_gives_no_other_statuses_rows(
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
    """A 400 is as good as an empty list."""
    if exchange.status == 400:
        return
    unexpected = [(row.get("id"), row.get("status")) for row in expect.rows(exchange) if row.get("status") != status]
    that(not unexpected, f"no conversations for the unknown status {status!r}, or 400", f"{unexpected[:3]}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("limit", [None, 1, 100])
def test_contact_id_gives_that_contacts_conversation_alone(
    account: Account, start_customer: Callable[..., Conversation], limit: int | None
) -> None:
    conversations = [start_customer() for _ in range(3)]
    for conversation in conversations:
        conversation.receive()
    size = {} if limit is None else {"limit": limit}
    for conversation in conversations:
        exchange = account.api.get("/conversations", contact_id=conversation.contact["id"], **size)
        shown = [row.get("contact_id") for row in expect.rows(exchange)]
        wanted = [conversation.contact["id"]]
        that(shown == wanted, f"the one conversation of {wanted}", f"those of {shown}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("who", ["a contact without conversation", "nobody"])
def test_contact_id_without_conversation_gives_none(
    account: Account, start_customer: Callable[..., Conversation], who: str
) -> None:
    start_customer().receive()
    contact = account.contact()["id"] if who != "nobody" else UNKNOWN_ID
    exchange = account.api.get("/conversations", contact_id=contact)
    if exchange.status != 404:
        that(not expect.rows(exchange), "no conversations", exchange.excerpt, exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("status", STATUSES)
def test_status_and_contact_id_hold_together(
    account: Account, start_customer: Callable[..., Conversation], status: str
) -> None:
    conversation, unrelated = start_customer(), start_customer()
    conversation.receive()
    unrelated.receive()
    exchange = account.api.get("/conversations", status=status, contact_id=conversation.contact["id"])
    wanted = [conversation.id] if conversation.read()["status"] == status else []
    shown = [row.get("id") for row in expect.rows(exchange)]
    that(shown == wanted, f"exactly the conversations {wanted}", f"{shown}", exchange)
