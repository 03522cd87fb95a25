"""CONV: conversations as list and single read show them (01, 02). Messages, what comes in, the inbox's line: beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.conversations import Talk, documented

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row

STATUSES = ("open", "pending", "closed")
NOBODY = "00000000-0000-4000-8000-000000000000"


# -- CONV-01 ----------------------------------------------------------------------------------------------------------


@requirement("CONV-01")
@pytest.mark.parametrize("begun_by", ["the customer", "a send"])
def test_a_conversation_has_the_documented_shape(
    account: Account, customer: Callable[..., Talk], begun_by: str
) -> None:
    word = account.word()
    fields = {"email": f"{word}@wacrm.invalid", "company": word, "tags": [f"{word}a", f"{word}b"]}
    talk = customer(**fields)
    _ = talk.write() if begun_by == "the customer" else talk.send()
    single, many = talk.exchange(), account.api.get("/conversations", contact_id=talk.contact["id"])
    documented("getConversation", expect.status(single, 200))
    documented("listConversations", expect.status(many, 200))
    shown = envelope.rows(many)
    that(len(shown) == 1, "one conversation with the contact", f"{len(shown)}", many)
    for row, exchange in ((envelope.record(single, 200), single), (shown[0], many)):
        _embeds(row, talk.contact, exchange)
    expect.equal(shown[0].get("id"), single.json()["data"].get("id"), "the listed conversation's id", many, single)


@requirement("CONV-01")
def test_each_conversation_of_a_page_embeds_its_own_contact(account: Account, customer: Callable[..., Talk]) -> None:
    word = account.word()
    sets = [["a", "b"], [], ["b", "c"], ["c"]]
    talks = [customer(company=f"{word}{n}", tags=[word + t for t in tags]) for n, tags in enumerate(sets)]
    for talk in talks:
        talk.write()
    contacts = {talk.contact["id"]: talk.contact for talk in talks}
    exchange = account.api.get("/conversations", limit=100)
    shown = [row for row in envelope.rows(exchange) if row.get("contact_id") in contacts]
    precondition(len(shown) == len(talks), "conversations that were just begun are not on the first page")
    for row in shown:
        _embeds(row, contacts[row["contact_id"]], exchange)


@requirement("CONV-01")
def test_the_embedded_contact_is_the_present_one(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer(email="ada@wacrm.invalid", tags=[account.word()])
    talk.write()
    body = {"name": account.word(), "email": None, "company": "Navy", "tags": [account.word(), account.word()]}
    contact = needed(account.api.patch(f"/contacts/{talk.contact['id']}", body), 200)
    many = account.api.get("/conversations", contact_id=contact["id"])
    for row, exchange in [
        (envelope.record(talk.exchange(), 200), talk.exchange()),
        *((r, many) for r in envelope.rows(many)),
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
    account: Account, customer: Callable[..., Talk], status: str, limit: int | None
) -> None:
    talk = customer()
    talk.write()
    exchange = account.api.get("/conversations", status=status, **({} if limit is None else {"limit": limit}))
    shown = envelope.rows(exchange)
    strange = [(row.get("id"), row.get("status")) for row in shown if row.get("status") != status]
    that(not strange, f"only conversations whose status is {status}", f"also {strange[:3]}", exchange)
    if talk.read()["status"] == status:
        that(talk.id in [row.get("id") for row in shown], "the newest conversation among them", "not there", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize(
    "status", ["archived", "opened", "ope", "op%", "o_en", "open,closed", "*", "all", "any", "0", "open'--", "null", "not.is.null"]
)  # fmt: skip
def test_an_unknown_status_gives_no_other_statuses_rows(
    account: Account, customer: Callable[..., Talk], status: str
) -> None:
    talk = customer()
    talk.write()
    for exchange in (
        account.api.get("/conversations", status=status),
        account.api.get("/conversations", status=status, contact_id=talk.contact["id"]),
    ):
        _only_of_status(exchange, status)


def _only_of_status(exchange: Exchange, status: str) -> None:
    """A 400 is as good as an empty list."""
    if exchange.status == 400:
        return
    strange = [(row.get("id"), row.get("status")) for row in envelope.rows(exchange) if row.get("status") != status]
    that(not strange, f"no conversations for the unknown status {status!r}, or 400", f"{strange[:3]}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("limit", [None, 1, 100])
def test_contact_id_gives_that_contacts_conversation_alone(
    account: Account, customer: Callable[..., Talk], limit: int | None
) -> None:
    talks = [customer() for _ in range(3)]
    for talk in talks:
        talk.write()
    size = {} if limit is None else {"limit": limit}
    for talk in talks:
        exchange = account.api.get("/conversations", contact_id=talk.contact["id"], **size)
        shown = [row.get("contact_id") for row in envelope.rows(exchange)]
        wanted = [talk.contact["id"]]
        that(shown == wanted, f"the one conversation of {wanted}", f"those of {shown}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("who", ["a contact without conversation", "nobody"])
def test_contact_id_without_conversation_gives_none(account: Account, customer: Callable[..., Talk], who: str) -> None:
    customer().write()
    contact = account.contact()["id"] if who != "nobody" else NOBODY
    exchange = account.api.get("/conversations", contact_id=contact)
    if exchange.status != 404:
        that(not envelope.rows(exchange), "no conversations", exchange.excerpt, exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("status", STATUSES)
def test_status_and_contact_id_hold_together(account: Account, customer: Callable[..., Talk], status: str) -> None:
    talk, bystander = customer(), customer()
    talk.write()
    bystander.write()
    exchange = account.api.get("/conversations", status=status, contact_id=talk.contact["id"])
    wanted = [talk.id] if talk.read()["status"] == status else []
    shown = [row.get("id") for row in envelope.rows(exchange)]
    that(shown == wanted, f"exactly the conversations {wanted}", f"{shown}", exchange)
