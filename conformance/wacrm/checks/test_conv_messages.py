"""CONV: the messages of a conversation, the sent ones among them (03, 08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import precondition, requirement, that
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.conversations import SENDS, Talk, documented, quiet
from conformance.wacrm.steps.inbound_messages import KINDS
from conformance.wacrm.steps.pagination import misplaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.target.exchange import Exchange
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account, Row


# -- CONV-03 ----------------------------------------------------------------------------------------------------------


@requirement("CONV-03")
def test_a_list_has_exactly_its_conversations_messages(account: Account, customer: Callable[..., Talk]) -> None:
    first, second = account.numbers.sharing_tail()
    talks = [customer(phone=first), customer(phone=second)]
    said: dict[str, list[str]] = {talk.phone: [] for talk in talks}
    for _ in range(3):
        for talk in talks:
            said[talk.phone] += [talk.write(), str(talk.send()["whatsapp_message_id"])]
    for talk in talks:
        exchange = talk.messages()
        documented("listConversationMessages", expect.status(exchange, 200))
        rows = envelope.rows(exchange)
        wamids = [row.get("whatsapp_message_id") for row in rows]
        expect.same_members(wamids, said[talk.phone], "the conversation's messages", exchange)
        expect.equal({row.get("conversation_id") for row in rows}, {talk.id}, "the messages' conversation_id", exchange)
        _newest_first(rows, said[talk.phone], exchange)


def _newest_first(rows: Sequence[Row], said: list[str], exchange: Exchange) -> None:
    """By `(created_at, id)`; and as they were said, where every one has a time of its own."""
    wrong = misplaced(rows)
    that(wrong is None, "the newest message first", str(wrong), exchange)
    if len({row.get("created_at") for row in rows}) == len(rows):
        shown = [row.get("whatsapp_message_id") for row in rows]
        that(shown == said[::-1], "the message first that was said last", f"{shown} for {said} said", exchange)


@requirement("CONV-03")
def test_the_messages_of_a_batch_come_newest_first(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    items = [{"from": talk.phone[1:], "type": "text", "text": {"body": account.word()}} for _ in range(12)]
    wamids = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    for wamid in wamids:
        talk.arrived(wamid)
    exchange = talk.messages()
    expect.same_members(
        [r.get("whatsapp_message_id") for r in envelope.rows(exchange)], wamids, "the messages", exchange
    )
    wrong = misplaced(envelope.rows(exchange))
    that(wrong is None, "the newest message first", str(wrong), exchange)


@requirement("CONV-03")
def test_a_list_has_messages_of_every_type(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    sent = [str(talk.send(**fields)["whatsapp_message_id"]) for fields in SENDS.values()]
    kinds = [kind for kind in KINDS.values() if kind.known_to_the_mock and kind.must_arrive]
    items = [{"from": talk.phone[1:], **kind.item} for kind in kinds]
    heard = account.mock_meta.inbound(account.phone_number_id, *items, batch=True)
    eventually(lambda: len(envelope.rows(talk.messages())) >= len(sent + heard), talk.patience)
    exchange = talk.messages()
    shown = [row.get("whatsapp_message_id") for row in envelope.rows(exchange)]
    known = [wamid for wamid in heard if wamid in shown]  # what does not arrive at all is CONV-07's
    expect.same_members(shown, sent + known, "the conversation's messages", exchange)


@requirement("CONV-03")
@pytest.mark.parametrize("status", ["delivered", "read", "failed"])
def test_a_message_stays_listed_whatever_becomes_of_it(
    account: Account, customer: Callable[..., Talk], status: str
) -> None:
    talk = customer()
    account.mock_meta.script(talk.phone)
    wamids = [talk.write(), *(str(talk.send()["whatsapp_message_id"]) for _ in range(2))]
    item = {"id": wamids[1], "status": status, "recipient_id": talk.phone[1:]}
    account.mock_meta.statuses(account.phone_number_id, item)
    quiet(talk)
    exchange = talk.messages()
    shown = [row.get("whatsapp_message_id") for row in envelope.rows(exchange)]
    expect.same_members(shown, wamids, f"the messages, one of which is {status}", exchange)


@requirement("CONV-03")
@pytest.mark.parametrize("quoted", ["ours", "theirs"])
def test_a_quoting_message_names_the_quoted_one(customer: Callable[..., Talk], quoted: str) -> None:
    talk = customer()
    plain = talk.write()
    original = str(talk.send()["whatsapp_message_id"]) if quoted == "ours" else plain
    wamid = talk.write(context={"id": original})
    exchange = talk.messages()
    rows = {row.get("whatsapp_message_id"): row for row in envelope.rows(exchange)}
    precondition(original in rows and wamid in rows, "a message that was sent is not listed")
    wanted = rows[original].get("id")
    expect.equal(rows[wamid].get("reply_to_message_id"), wanted, "reply_to_message_id of the quoting message", exchange)
    expect.equal(rows[plain].get("reply_to_message_id"), None, "reply_to_message_id of another message", exchange)


@requirement("CONV-08")
@pytest.mark.parametrize("name", SENDS)
def test_a_sent_message_is_in_its_conversation(account: Account, capabilities: Capabilities, name: str) -> None:
    _needs_messages(capabilities)
    sent = account.send(**SENDS[name])
    _is_outbound(account, sent, SENDS[name], quoted=None)


@requirement("CONV-08")
@pytest.mark.parametrize("name", ["text", "template", "image", "video", "document", "audio"])
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_sent_answer_names_the_quoted_message(
    account: Account, customer: Callable[..., Talk], name: str, side: str
) -> None:
    talk = customer()
    wamid = talk.write()
    quoted = talk.row(wamid)["id"] if side == "theirs" else talk.send()["message_id"]
    sent = talk.send(**SENDS[name], reply_to_message_id=quoted)
    _is_outbound(account, sent, SENDS[name], quoted=quoted)


def _is_outbound(account: Account, sent: Row, fields: Row, *, quoted: str | None) -> None:
    """The row with the id and wamid of the send's answer, and everything that was asked for."""
    exchange = account.api.get(f"/conversations/{sent['conversation_id']}/messages", limit=100)
    rows = [row for row in envelope.rows(exchange) if row.get("id") == sent["message_id"]]
    that(len(rows) == 1, f"the message {sent['message_id']} once", f"{len(rows)} times", exchange)
    row, kind = rows[0], fields.get("type", "text")
    wanted: Row = {
        "direction": "outbound", "whatsapp_message_id": sent["whatsapp_message_id"], "content_type": kind,
        "conversation_id": sent["conversation_id"], "reply_to_message_id": quoted, "interactive_reply_id": None,
        "template_name": fields["template"]["name"] if kind == "template" else None,
    }  # fmt: skip
    if "text" in fields:
        wanted["content_text"] = fields["text"]
    for name, value in wanted.items():
        expect.equal(row.get(name), value, f"the sent message's {name}", exchange)
    medium = bool(row.get("media_url"))
    that(medium == ("media_url" in fields), "media_url for media alone", f"{row.get('media_url')!r}", exchange)
    ours = row.get("sender_type") != "customer" and row.get("status") != "received"
    that(ours, "a sender and a status of our side", f"{row.get('sender_type')!r}, {row.get('status')!r}", exchange)


def _needs_messages(capabilities: Capabilities) -> None:
    if not capabilities.messages:
        raise Lacking("the target sends no messages")
