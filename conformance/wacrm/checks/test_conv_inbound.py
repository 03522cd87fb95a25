"""CONV: what customers write, of every type (04, 07, 09)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.conversations import SENDS, Talk, hear
from conformance.wacrm.steps.inbound_messages import KINDS, Inbound

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.wacrm.steps.account import Account, Row


# -- CONV-04 ----------------------------------------------------------------------------------------------------------

TEXTS = {
    "a word": "Ciao",
    "emoji": "👍🏽 👩‍👩‍👧‍👦 🇮🇹",
    "right-to-left": "שלום مرحبا",
    "combining": "Z\u0301alg\u0308o",
    "lines": "one\n two\n\n\tthree",
    "markup": '<b>it\'s</b> & "so" \\ {{1}} %s ${x}',
    "long": "x" * 4000 + "é" * 96,
    "number": "0",
    "null": "null",
}


@requirement("CONV-04")
@pytest.mark.parametrize("kind", TEXTS)
def test_an_inbound_text_is_kept_as_it_was_written(account: Account, customer: Callable[..., Talk], kind: str) -> None:
    talk = customer()
    _is_inbound_text(talk, account.receive(talk.phone, TEXTS[kind]), TEXTS[kind])


@requirement("CONV-04")
@pytest.mark.parametrize("name", ["Ada", None])
def test_a_stranger_who_writes_becomes_contact_and_conversation(
    account: Account, customer: Callable[..., Talk], name: str | None
) -> None:
    _ = customer  # for the capability
    phone, text = account.numbers.fresh(), account.word()
    named = {} if name is None else {"profile_name": name}
    wamid = account.receive(phone, text, **named)
    contact = eventually(lambda: account.contact_by_phone(phone), account.mock_meta.patience)
    that(contact, f"a contact with the phone {phone} after its first message", "none")
    _is_inbound_text(Talk(account, contact), wamid, text)


@requirement("CONV-04")
def test_an_answer_to_a_send_is_in_the_sends_conversation(account: Account, customer: Callable[..., Talk]) -> None:
    talk, text = customer(), account.word()
    conversation = talk.send()["conversation_id"]
    _is_inbound_text(talk, account.receive(talk.phone, text), text)
    expect.equal(talk.id, conversation, "the conversation that the answer is in")


@requirement("CONV-04")
@pytest.mark.parametrize("batch", [True, False])
def test_messages_of_several_customers_go_to_their_conversations(
    account: Account,
    customer: Callable[..., Talk],
    batch: bool,  # noqa: FBT001 - a parameter
) -> None:
    talks = [customer() for _ in range(4)]
    texts = [account.word() for _ in talks]
    items = [{"from": t.phone[1:], "type": "text", "text": {"body": s}} for t, s in zip(talks, texts, strict=True)]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=batch)
    for talk, wamid, text in zip(talks, wamids, texts, strict=True):
        _is_inbound_text(talk, wamid, text)


@requirement("CONV-04")
def test_messages_of_every_type_are_a_customers(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    items = [{"from": talk.phone[1:], **kind.item} for kind in KINDS.values() if kind.known_to_the_mock]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    talk.write()
    exchange = talk.messages()
    for row in (row for row in envelope.rows(exchange) if row.get("whatsapp_message_id") in wamids):
        for name, value in (("direction", "inbound"), ("sender_type", "customer"), ("status", "received")):
            expect.equal(row.get(name), value, f"the {name} of an inbound {row.get('content_type')}", exchange)


def _is_inbound_text(talk: Talk, wamid: str, text: str) -> None:
    """The message is there, alone with its wamid, and is what the documentation says of it."""
    found = talk.account.message(talk.id, wamid, talk.patience)
    exchange = talk.messages()
    that(found, f"the inbound message {wamid} in its conversation", exchange.excerpt, exchange)
    row = found or {}
    wanted = {
        "direction": "inbound", "sender_type": "customer", "status": "received", "content_type": "text",
        "content_text": text, "whatsapp_message_id": wamid, "conversation_id": talk.id, "media_url": None,
        "template_name": None, "reply_to_message_id": None,
    }  # fmt: skip
    for name, value in wanted.items():
        expect.equal(row.get(name), value, f"the inbound message's {name}", exchange)
    times = [r.get("whatsapp_message_id") for r in envelope.rows(exchange)].count(wamid)
    that(times == 1, "the message once", f"{times} times", exchange)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.must_arrive])
def test_a_message_of_any_type_arrives_as_what_it_is(
    account: Account, customer: Callable[..., Talk], name: str
) -> None:
    talk, kind = customer(), KINDS[name]
    talk.write()
    _is_kept(talk, hear(account, talk, kind), kind)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.must_arrive])
def test_a_conversation_may_begin_with_any_type(account: Account, customer: Callable[..., Talk], name: str) -> None:
    talk, kind = customer(), KINDS[name]
    wamid = hear(account, talk, kind)
    shown = eventually(lambda: list(account.pages("/conversations", contact_id=talk.contact["id"])), talk.patience)
    that(shown, f"a conversation that begins with a message of type {name}", "none")
    _is_kept(talk, wamid, kind)


@requirement("CONV-07")
def test_all_types_of_one_webhook_arrive(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    talk.write()
    kinds = [kind for kind in KINDS.values() if kind.known_to_the_mock]
    items = [{"from": talk.phone[1:], **kind.item} for kind in kinds]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    for wamid, kind in zip(wamids, kinds, strict=True):
        if kind.must_arrive:
            _is_kept(talk, wamid, kind)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.must_arrive])
def test_what_is_no_message_of_its_own_loses_no_other(
    account: Account, customer: Callable[..., Talk], name: str
) -> None:
    """Reactions and notices may be shown in any way or not at all; what follows them arrives."""
    talk = customer()
    target, kind = talk.write(), KINDS[name]
    item: Row = {"from": talk.phone[1:], **kind.item}
    if "reaction" in item:
        item["reaction"] = {**item["reaction"], "message_id": target}
    text: Row = {"from": talk.phone[1:], "type": "text", "text": {"body": account.word()}}
    wamids = account.mock_meta.inbound(account.phone_number_id, item, text, batch=True)
    for wamid in (wamids[1], target):
        _is_kept(talk, wamid, replace(KINDS["text"], text=None))


def _is_kept(talk: Talk, wamid: str, kind: Inbound) -> None:
    found = eventually(lambda: _complete(talk.account.message(talk.id, wamid), kind), talk.patience)
    exchange = talk.messages()
    row = found or talk.account.message(talk.id, wamid)
    that(row, f"the message of type {kind.item['type']} in its conversation", exchange.excerpt, exchange)
    problem = kind.problem(row or {})
    that(problem is None, f"the message as {kind}", str(problem), exchange)


def _complete(row: Row | None, kind: Inbound) -> Row | None:
    """The row once its medium is there: a deployment may fetch it after it has stored the message."""
    return row if row is not None and (not kind.media or row.get("media_url")) else None


# -- CONV-09 ----------------------------------------------------------------------------------------------------------

CHOICES = ("yes", "BTN_Yes 1", "a-b_c.d:1", "ключ ✓", "0", "i" * 200, '{"a": 1}')


@requirement("CONV-09")
@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("kind", ["button_reply", "list_reply"])
def test_a_choice_is_told_by_its_id(account: Account, customer: Callable[..., Talk], kind: str, choice: str) -> None:
    talk = customer()
    reply: Row = {"id": choice, "title": "The title"} | ({"description": "More"} if kind == "list_reply" else {})
    wamid = account.receive(talk.phone, type="interactive", interactive={"type": kind, kind: reply})
    row = talk.row(wamid)
    exchange = talk.messages()
    expect.equal(row.get("interactive_reply_id"), choice, "interactive_reply_id", exchange)


@requirement("CONV-09")
def test_a_choice_that_quotes_is_told_by_its_id(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    sent = talk.send()
    reply = {"type": "button_reply", "button_reply": {"id": "no", "title": "No"}}
    context = {"id": sent["whatsapp_message_id"]}
    row = talk.row(account.receive(talk.phone, type="interactive", interactive=reply, context=context))
    expect.equal(row.get("interactive_reply_id"), "no", "interactive_reply_id", talk.messages())


@requirement("CONV-09")
def test_no_other_message_has_a_choice(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    kinds = [kind for kind in KINDS.values() if kind.known_to_the_mock]
    items = [{"from": talk.phone[1:], **kind.item} for kind in kinds]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    awaited = {wamid for wamid, kind in zip(wamids, kinds, strict=True) if kind.must_arrive}
    eventually(
        lambda: awaited <= {row.get("whatsapp_message_id") for row in envelope.rows(talk.messages())}, talk.patience
    )
    talk.write(context={"id": wamids[0]})
    for fields in (SENDS["text"], SENDS["template"], SENDS["image"]):
        talk.send(**fields)
    exchange = talk.messages()
    odd = [
        r for r in envelope.rows(exchange) if r.get("content_type") != "interactive" and r.get("interactive_reply_id")
    ]
    that(not odd, "interactive_reply_id null for every other content type", f"{odd[:2]}", exchange)
