"""CONV: what the inbox shows of a conversation: unread and last message (05, 06)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.conversations import IMAGE, Talk, hear, quiet
from conformance.wacrm.steps.inbound_messages import KINDS
from conformance.wacrm.steps.timestamps import instant, tick

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account, Row


# -- CONV-05 ----------------------------------------------------------------------------------------------------------


def _unread(talk: Talk, expected: int, what: str) -> None:
    """`unread_count` gets to what is expected, and no further."""
    eventually(lambda: talk.read()["unread_count"] >= expected, talk.patience)
    talk.account.mock_meta.drained()
    exchange = talk.exchange()
    actual = envelope.record(exchange, 200).get("unread_count")
    expect.equal(actual, expected, f"unread_count {what}", exchange)
    listed = talk.account.api.get("/conversations", contact_id=talk.contact["id"])
    shown = [row.get("unread_count") for row in envelope.rows(listed)]
    expect.equal(shown, [expected], f"unread_count in the list {what}", listed)


@requirement("CONV-05")
def test_each_message_is_one_unread(customer: Callable[..., Talk]) -> None:
    talk = customer()
    for count in (1, 2, 3):
        talk.write()
        _unread(talk, count, f"after {count} messages")


@requirement("CONV-05")
def test_answers_in_a_conversation_that_a_send_began_are_unread(customer: Callable[..., Talk]) -> None:
    talk = customer()
    talk.send()
    before = talk.read()["unread_count"]
    for count in (1, 2):
        talk.write()
        _unread(talk, before + count, f"after a send and {count} answers")


@requirement("CONV-05")
@pytest.mark.parametrize("way", ["one webhook", "ten webhooks", "ten at once"])
def test_ten_messages_are_ten_unread(account: Account, customer: Callable[..., Talk], way: str) -> None:
    talk, bystander = customer(), customer()
    bystander.write()
    talk.write()
    items = [{"from": talk.phone[1:], "type": "text", "text": {"body": account.word()}} for _ in range(10)]
    if way == "ten at once":
        with ThreadPoolExecutor(10) as pool:
            many = list(pool.map(lambda item: account.mock_meta.inbound(account.phone_number_id, item), items))
        wamids = [wamid for each in many for wamid in each]
    else:
        wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=way == "one webhook")
    for wamid in wamids:
        talk.arrived(wamid)
    _unread(talk, 11, "after one message and then ten")
    _unread(bystander, 1, "of another conversation")


@requirement("CONV-05")
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.must_arrive])
def test_a_message_of_any_type_is_one_unread(account: Account, customer: Callable[..., Talk], kind: str) -> None:
    talk = customer()
    talk.write()
    wamid = hear(account, talk, KINDS[kind])
    if account.message(talk.id, wamid, talk.patience):  # what does not arrive is CONV-07's
        _unread(talk, 2, f"after a text and a message of type {kind}")


@requirement("CONV-05")
@pytest.mark.parametrize("event", ["send", "status", "failed", "redelivery", "read by the API"])
def test_nothing_else_raises_unread(account: Account, customer: Callable[..., Talk], event: str) -> None:
    talk = customer()
    account.mock_meta.script(talk.phone)
    wamid = talk.write()
    sent = talk.send()["whatsapp_message_id"]
    before = talk.read()["unread_count"]
    if event == "send":
        talk.send(type="template", template={"name": PLAIN, "language": "en_US"})
    elif event in {"status", "failed"}:
        names = ["failed"] if event == "failed" else ["sent", "delivered", "read"]
        items = [{"id": sent, "status": name, "recipient_id": talk.phone[1:]} for name in names]
        account.mock_meta.statuses(account.phone_number_id, *items)
        eventually(lambda: talk.row(sent)["status"] == names[-1], talk.patience)
    elif event == "redelivery":
        item = {"from": talk.phone[1:], "type": "text", "text": {"body": "again"}, "id": wamid}
        account.mock_meta.inbound(account.phone_number_id, item)
        quiet(talk)
    else:
        talk.messages()
    exchange = talk.exchange()
    after = envelope.record(exchange, 200).get("unread_count")
    that(isinstance(after, int) and after <= before, f"unread_count not above {before}", f"{after}", exchange)


# -- CONV-06 ----------------------------------------------------------------------------------------------------------

NEAR = 3.0
"""Seconds that `last_message_at` may be off the message's `created_at`: two stamps, and Meta's tell no parts of a second."""


def _describes(talk: Talk, wamid: str, before: Row, text: str | None) -> Row:
    """The conversation's last message is this one; `text` None: whatever, but not the one before. Its record."""
    message = talk.row(wamid)

    eventually(lambda: _has_moved_on(talk.read(), before), min(talk.patience, 2.0))
    exchange = talk.exchange()
    now = envelope.record(exchange, 200)
    if text is not None:
        expect.equal(now.get("last_message_text"), text, "last_message_text", exchange)
    stale = before["last_message_text"] is not None and now.get("last_message_text") == before["last_message_text"]
    that(not stale, "last_message_text of the newest message", f"still {before['last_message_text']!r}", exchange)
    _is_timed(now, message, before, exchange)
    listed = talk.account.api.get("/conversations", contact_id=talk.contact["id"])
    for row in envelope.rows(listed):
        for name in ("last_message_text", "last_message_at"):
            expect.equal(row.get(name), now.get(name), f"{name} in the list", exchange, listed)
    return now


def _has_moved_on(now: Row, before: Row) -> bool:
    return all(now[name] != before[name] for name in ("last_message_text", "last_message_at"))


def _is_timed(now: Row, message: Row, before: Row, exchange: Exchange) -> None:
    at = now.get("last_message_at")
    off = abs((instant(at) - instant(message["created_at"])).total_seconds())
    that(off <= NEAR, f"last_message_at near {message['created_at']}", f"{at}", exchange)
    if before["last_message_at"] is not None:
        later = instant(at) > instant(before["last_message_at"])
        that(later, f"last_message_at after the message before, {before['last_message_at']}", f"{at}", exchange)


@requirement("CONV-06")
@pytest.mark.parametrize(
    "kind", ["text", "template", "image", "document", "inbound text", "inbound image", "inbound location"]
)
def test_the_newest_message_is_the_last_one(account: Account, customer: Callable[..., Talk], kind: str) -> None:
    talk = customer()
    first = account.word()
    before = _describes(talk, talk.write(first), dict.fromkeys(("last_message_text", "last_message_at")), first)
    tick(before["last_message_at"])
    wamid, text = _say(talk, kind, account.word())
    after = _describes(talk, wamid, before, text)
    tick(after["last_message_at"])
    last = account.word()
    _describes(talk, talk.write(last), after, last)


def _say(talk: Talk, kind: str, text: str) -> tuple[str, str | None]:
    """Say something of that kind; its wamid, and the text that then is the last (None: the documents leave it open)."""
    if kind == "inbound text":
        return talk.write(text), text
    if kind == "inbound image":
        return talk.write(type="image", image={"caption": text}), None
    if kind == "inbound location":
        return talk.write(type="location"), None
    if kind == "template":
        sent = talk.send(type="template", template={"name": PLAIN, "language": "en_US"})
    elif kind == "text":
        sent = talk.send(text=text)
    else:
        sent = talk.send(type=kind, media_url=IMAGE, text=text)
    return str(sent["whatsapp_message_id"]), text if kind == "text" else None


@requirement("CONV-06")
def test_the_last_message_of_a_batch_is_the_newest(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    items = [{"from": talk.phone[1:], "type": "text", "text": {"body": account.word()}} for _ in range(8)]
    for wamid in account.mock_meta.inbound(account.phone_number_id, *items, batch=True):
        talk.arrived(wamid)
    exchange = talk.messages()
    rows = envelope.rows(exchange)
    newest = [r.get("content_text") for r in rows if r.get("created_at") == rows[0].get("created_at")]
    eventually(lambda: talk.read()["last_message_text"] in newest, 1.0)
    text = talk.read()["last_message_text"]
    that(text in newest, f"last_message_text one of {newest}", f"{text!r}", exchange, talk.exchange())


@requirement("CONV-06")
def test_a_message_that_was_never_sent_is_the_last_one_only_where_it_is_listed(
    account: Account, customer: Callable[..., Talk]
) -> None:
    """Meta refuses it. A deployment may keep it as failed, or not at all; the inbox shows what the list has."""
    talk, refused = customer(), account.word()
    talk.write()
    account.mock_meta.fault(talk.phone, error={"code": 131026})
    exchange = account.api.post("/messages", {"to": talk.phone, "text": refused})
    precondition(exchange.status == 502, f"Meta's refusal is answered otherwise (MSG-08): {exchange.summary}")
    listed = talk.messages()
    kept = refused in [row.get("content_text") for row in envelope.rows(listed)]
    text = talk.read()["last_message_text"]
    that(kept or text != refused, "last_message_text of a message in the list", f"{text!r}", exchange, listed)


@requirement("CONV-06")
@pytest.mark.parametrize("event", ["status", "redelivery", "another conversation"])
def test_the_last_message_stays_the_last(account: Account, customer: Callable[..., Talk], event: str) -> None:
    talk = customer()
    account.mock_meta.script(talk.phone)
    old, last = talk.write(), account.word()
    sent = talk.send(text=last)["whatsapp_message_id"]
    before = talk.read()
    if event == "status":
        item = {"id": sent, "status": "delivered", "recipient_id": talk.phone[1:]}
        account.mock_meta.statuses(account.phone_number_id, item)
    elif event == "redelivery":
        item = {"from": talk.phone[1:], "type": "text", "text": {"body": "again"}, "id": old}
        account.mock_meta.inbound(account.phone_number_id, item)
    quiet(talk)
    exchange = talk.exchange()
    for name, value in (("last_message_text", last), ("last_message_at", before["last_message_at"])):
        expect.equal(envelope.record(exchange, 200).get(name), value, f"{name} after {event}", exchange)
