"""CONV-01: the documented shape, with contact and tags embedded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.conversations import is_documented
from conformance.wacrm.steps.account import required
from conformance.wacrm.steps.contacts import read_contact

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row
    from conformance.wacrm.steps.conversations import Conversation


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
    shown = envelope.rows(many)
    that(len(shown) == 1, "one conversation with the contact", f"{len(shown)}", many)
    for row, exchange in ((envelope.record(single, 200), single), (shown[0], many)):
        _embeds(account, row, conversation.contact, exchange)
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
    shown = [row for row in envelope.rows(exchange) if row.get("contact_id") in contacts]
    precondition(len(shown) == len(conversations), "conversations that were just created are not on the first page")
    for row in shown:
        _embeds(account, row, contacts[row["contact_id"]], exchange)


@requirement("CONV-01")
def test_the_embedded_contact_is_up_to_date(account: Account, start_customer: Callable[..., Conversation]) -> None:
    conversation = start_customer(email="ada@wacrm.invalid", tags=[account.marker()])
    conversation.receive()
    body = {"name": account.marker(), "email": None, "company": "Navy", "tags": [account.marker(), account.marker()]}
    contact = required(account.api.patch(f"/contacts/{conversation.contact['id']}", body), 200)
    many = account.api.get("/conversations", contact_id=contact["id"])
    for row, exchange in [
        (envelope.record(conversation.exchange(), 200), conversation.exchange()),
        *((r, many) for r in envelope.rows(many)),
    ]:
        _embeds(account, row, contact, exchange)


def _embeds(account: Account, row: Row, contact: Row, exchange: Exchange) -> None:
    """The conversation embeds this contact with all its tags, as they were sent or as the contact itself shows them."""
    expect.equal(row.get("contact_id"), contact["id"], "contact_id", exchange)
    shown = row.get("contact") if isinstance(row.get("contact"), dict) else {}
    assert isinstance(shown, dict)
    for name in ("id", "phone", "name", "email", "company"):
        expect.equal(shown.get(name), contact[name], f"the embedded contact's {name}", exchange)
    alone = read_contact(account, contact["id"])
    tags, wanted, most = ({(t.get("id"), t.get("name")) for t in c.get("tags") or []} for c in (shown, contact, alone))
    that(wanted <= tags <= most, f"the embedded contact's tags to be {wanted}", f"{tags}", exchange)
    count = len(shown.get("tags") or [])
    that(count == len(tags), "each tag once in the embedded contact", f"{count} for {len(tags)} tags", exchange)
