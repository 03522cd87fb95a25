"""CONV: conversations and their messages, as the inbox and the API's readers see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect
from conformance.account import needed
from conformance.contract import validate
from conformance.expect import Lacking, precondition, requirement, that
from conformance.inbound import KINDS, Inbound
from conformance.instants import instant, tick
from conformance.provider import eventually
from conformance.templates import GREETING, PLAIN
from conformance.walks import misplaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.account import Account, Row
    from conformance.probe import Exchange
    from conformance.target import Capabilities

STATUSES = ("open", "pending", "closed")
NOBODY = "00000000-0000-4000-8000-000000000000"
IMAGE = "https://media.wacrm.invalid/picture.jpg"


@pytest.fixture
def customer(account: Account, capabilities: Capabilities) -> Callable[..., Talk]:
    """`customer(tags=[…])`: a new contact who has not written yet."""
    if not capabilities.inbound:
        raise Lacking("the target takes no inbound messages")
    return lambda **fields: Talk(account, account.contact(**{"name": account.word(), **fields}))


class Talk:
    """One customer and the conversation with them."""

    def __init__(self, account: Account, contact: Row) -> None:
        self.account, self.contact, self.phone = account, contact, str(contact["phone"])
        self.patience = account.provider.patience

    def write(self, text: str = "", **message: Any) -> str:  # noqa: ANN401 - Meta's members
        """The customer writes; the wamid, once the message can be read."""
        return self.arrived(self.account.receive(self.phone, text, **message))

    def arrived(self, wamid: str) -> str:
        self.row(wamid)
        return wamid

    def row(self, wamid: str) -> Row:
        """The message with that wamid; no verdict when it does not appear."""
        found = self.account.message(self.id, wamid, self.patience)
        precondition(found, f"the message {wamid} does not appear in its conversation")
        assert found is not None
        return found

    @cached_property
    def id(self) -> str:
        return str(self.account.conversation_of(self.contact["id"], self.patience)["id"])

    def send(self, **fields: Any) -> Row:  # noqa: ANN401 - JSON
        return self.account.send(self.phone, **fields)

    def read(self) -> Row:
        return needed(self.exchange(), 200)

    def exchange(self) -> Exchange:
        return self.account.api.get(f"/conversations/{self.id}")

    def messages(self) -> Exchange:
        return self.account.api.get(f"/conversations/{self.id}/messages", limit=100)


def _documented(operation: str, exchange: Exchange) -> None:
    problems = validate(operation, 200, exchange.json())
    that(not problems, f"the documented shape of {operation}", "; ".join(problems[:3]), exchange)


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
    _documented("getConversation", expect.status(single, 200))
    _documented("listConversations", expect.status(many, 200))
    shown = expect.rows(many)
    that(len(shown) == 1, "one conversation with the contact", f"{len(shown)}", many)
    for row, exchange in ((expect.record(single, 200), single), (shown[0], many)):
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
    shown = [row for row in expect.rows(exchange) if row.get("contact_id") in contacts]
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
        (expect.record(talk.exchange(), 200), talk.exchange()),
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
    account: Account, customer: Callable[..., Talk], status: str, limit: int | None
) -> None:
    talk = customer()
    talk.write()
    exchange = account.api.get("/conversations", status=status, **({} if limit is None else {"limit": limit}))
    shown = expect.rows(exchange)
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
    strange = [(row.get("id"), row.get("status")) for row in expect.rows(exchange) if row.get("status") != status]
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
        shown = [row.get("contact_id") for row in expect.rows(exchange)]
        wanted = [talk.contact["id"]]
        that(shown == wanted, f"the one conversation of {wanted}", f"those of {shown}", exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("who", ["a contact without conversation", "nobody"])
def test_contact_id_without_conversation_gives_none(account: Account, customer: Callable[..., Talk], who: str) -> None:
    customer().write()
    contact = account.contact()["id"] if who != "nobody" else NOBODY
    exchange = account.api.get("/conversations", contact_id=contact)
    if exchange.status != 404:
        that(not expect.rows(exchange), "no conversations", exchange.excerpt, exchange)


@requirement("CONV-02")
@pytest.mark.parametrize("status", STATUSES)
def test_status_and_contact_id_hold_together(account: Account, customer: Callable[..., Talk], status: str) -> None:
    talk, bystander = customer(), customer()
    talk.write()
    bystander.write()
    exchange = account.api.get("/conversations", status=status, contact_id=talk.contact["id"])
    wanted = [talk.id] if talk.read()["status"] == status else []
    shown = [row.get("id") for row in expect.rows(exchange)]
    that(shown == wanted, f"exactly the conversations {wanted}", f"{shown}", exchange)


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
        _documented("listConversationMessages", expect.status(exchange, 200))
        rows = expect.rows(exchange)
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
    wamids = account.provider.inbound(account.phone_number_id, *items, batch=True)
    for wamid in wamids:
        talk.arrived(wamid)
    exchange = talk.messages()
    expect.same_members([r.get("whatsapp_message_id") for r in expect.rows(exchange)], wamids, "the messages", exchange)
    wrong = misplaced(expect.rows(exchange))
    that(wrong is None, "the newest message first", str(wrong), exchange)


@requirement("CONV-03")
def test_a_list_has_messages_of_every_type(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    sent = [str(talk.send(**fields)["whatsapp_message_id"]) for fields in SENDS.values()]
    kinds = [kind for kind in KINDS.values() if kind.known_to_the_mock and kind.must_arrive]
    items = [{"from": talk.phone[1:], **kind.item} for kind in kinds]
    heard = account.provider.inbound(account.phone_number_id, *items, batch=True)
    eventually(lambda: len(expect.rows(talk.messages())) >= len(sent + heard), talk.patience)
    exchange = talk.messages()
    shown = [row.get("whatsapp_message_id") for row in expect.rows(exchange)]
    known = [wamid for wamid in heard if wamid in shown]  # what does not arrive at all is CONV-07's
    expect.same_members(shown, sent + known, "the conversation's messages", exchange)


@requirement("CONV-03")
@pytest.mark.parametrize("status", ["delivered", "read", "failed"])
def test_a_message_stays_listed_whatever_becomes_of_it(
    account: Account, customer: Callable[..., Talk], status: str
) -> None:
    talk = customer()
    account.provider.script(talk.phone)
    wamids = [talk.write(), *(str(talk.send()["whatsapp_message_id"]) for _ in range(2))]
    item = {"id": wamids[1], "status": status, "recipient_id": talk.phone[1:]}
    account.provider.statuses(account.phone_number_id, item)
    _quiet(talk)
    exchange = talk.messages()
    shown = [row.get("whatsapp_message_id") for row in expect.rows(exchange)]
    expect.same_members(shown, wamids, f"the messages, one of which is {status}", exchange)


@requirement("CONV-03")
@pytest.mark.parametrize("quoted", ["ours", "theirs"])
def test_a_quoting_message_names_the_quoted_one(customer: Callable[..., Talk], quoted: str) -> None:
    talk = customer()
    plain = talk.write()
    original = str(talk.send()["whatsapp_message_id"]) if quoted == "ours" else plain
    wamid = talk.write(context={"id": original})
    exchange = talk.messages()
    rows = {row.get("whatsapp_message_id"): row for row in expect.rows(exchange)}
    precondition(original in rows and wamid in rows, "a message that was sent is not listed")
    wanted = rows[original].get("id")
    expect.equal(rows[wamid].get("reply_to_message_id"), wanted, "reply_to_message_id of the quoting message", exchange)
    expect.equal(rows[plain].get("reply_to_message_id"), None, "reply_to_message_id of another message", exchange)


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
    contact = eventually(lambda: account.contact_by_phone(phone), account.provider.patience)
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
    wamids = account.provider.inbound(account.phone_number_id, *items, batch=batch)
    for talk, wamid, text in zip(talks, wamids, texts, strict=True):
        _is_inbound_text(talk, wamid, text)


@requirement("CONV-04")
def test_messages_of_every_type_are_a_customers(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    items = [{"from": talk.phone[1:], **kind.item} for kind in KINDS.values() if kind.known_to_the_mock]
    wamids = account.provider.inbound(account.phone_number_id, *items, batch=True)
    talk.write()
    exchange = talk.messages()
    for row in (row for row in expect.rows(exchange) if row.get("whatsapp_message_id") in wamids):
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
    times = [r.get("whatsapp_message_id") for r in expect.rows(exchange)].count(wamid)
    that(times == 1, "the message once", f"{times} times", exchange)


# -- CONV-05 ----------------------------------------------------------------------------------------------------------


def _unread(talk: Talk, expected: int, what: str) -> None:
    """`unread_count` gets to what is expected, and no further."""
    eventually(lambda: talk.read()["unread_count"] >= expected, talk.patience)
    talk.account.provider.drained()
    exchange = talk.exchange()
    actual = expect.record(exchange, 200).get("unread_count")
    expect.equal(actual, expected, f"unread_count {what}", exchange)
    listed = talk.account.api.get("/conversations", contact_id=talk.contact["id"])
    shown = [row.get("unread_count") for row in expect.rows(listed)]
    expect.equal(shown, [expected], f"unread_count in the list {what}", listed)


@requirement("CONV-05")
def test_each_message_is_one_unread(customer: Callable[..., Talk]) -> None:
    talk = customer()
    for count in (1, 2, 3):
        talk.write()
        _unread(talk, count, f"after {count} messages")


@requirement("CONV-05")
@pytest.mark.parametrize("way", ["one webhook", "ten webhooks", "ten at once"])
def test_ten_messages_are_ten_unread(account: Account, customer: Callable[..., Talk], way: str) -> None:
    talk, bystander = customer(), customer()
    bystander.write()
    talk.write()
    items = [{"from": talk.phone[1:], "type": "text", "text": {"body": account.word()}} for _ in range(10)]
    if way == "ten at once":
        with ThreadPoolExecutor(10) as pool:
            many = list(pool.map(lambda item: account.provider.inbound(account.phone_number_id, item), items))
        wamids = [wamid for each in many for wamid in each]
    else:
        wamids = account.provider.inbound(account.phone_number_id, *items, batch=way == "one webhook")
    for wamid in wamids:
        talk.arrived(wamid)
    _unread(talk, 11, "after one message and then ten")
    _unread(bystander, 1, "of another conversation")


@requirement("CONV-05")
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.must_arrive])
def test_a_message_of_any_type_is_one_unread(account: Account, customer: Callable[..., Talk], kind: str) -> None:
    talk = customer()
    talk.write()
    wamid = _inbound(account, talk, KINDS[kind])
    if account.message(talk.id, wamid, talk.patience):  # what does not arrive is CONV-07's
        _unread(talk, 2, f"after a text and a message of type {kind}")


@requirement("CONV-05")
@pytest.mark.parametrize("event", ["send", "status", "failed", "redelivery", "read by the API"])
def test_nothing_else_raises_unread(account: Account, customer: Callable[..., Talk], event: str) -> None:
    talk = customer()
    account.provider.script(talk.phone)
    wamid = talk.write()
    sent = talk.send()["whatsapp_message_id"]
    before = talk.read()["unread_count"]
    if event == "send":
        talk.send(type="template", template={"name": PLAIN, "language": "en_US"})
    elif event in {"status", "failed"}:
        names = ["failed"] if event == "failed" else ["sent", "delivered", "read"]
        items = [{"id": sent, "status": name, "recipient_id": talk.phone[1:]} for name in names]
        account.provider.statuses(account.phone_number_id, *items)
        eventually(lambda: talk.row(sent)["status"] == names[-1], talk.patience)
    elif event == "redelivery":
        item = {"from": talk.phone[1:], "type": "text", "text": {"body": "again"}, "id": wamid}
        account.provider.inbound(account.phone_number_id, item)
        _quiet(talk)
    else:
        talk.messages()
    exchange = talk.exchange()
    after = expect.record(exchange, 200).get("unread_count")
    that(isinstance(after, int) and after <= before, f"unread_count not above {before}", f"{after}", exchange)


def _quiet(talk: Talk) -> None:
    """Let another customer's message through, so that what came before it is done."""
    other = Talk(talk.account, talk.account.contact())
    other.write()


# -- CONV-06 ----------------------------------------------------------------------------------------------------------

NEAR = 3.0
"""Seconds that `last_message_at` may be off the message's `created_at`: two stamps, and Meta's tell no parts of a second."""


def _describes(talk: Talk, wamid: str, before: Row, text: str | None) -> Row:
    """The conversation's last message is this one; `text` None: whatever, but not the one before. Its record."""
    message = talk.row(wamid)

    eventually(lambda: _has_moved_on(talk.read(), before), min(talk.patience, 2.0))
    exchange = talk.exchange()
    now = expect.record(exchange, 200)
    if text is not None:
        expect.equal(now.get("last_message_text"), text, "last_message_text", exchange)
    stale = before["last_message_text"] is not None and now.get("last_message_text") == before["last_message_text"]
    that(not stale, "last_message_text of the newest message", f"still {before['last_message_text']!r}", exchange)
    _is_timed(now, message, before, exchange)
    listed = talk.account.api.get("/conversations", contact_id=talk.contact["id"])
    for row in expect.rows(listed):
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
    for wamid in account.provider.inbound(account.phone_number_id, *items, batch=True):
        talk.arrived(wamid)
    exchange = talk.messages()
    rows = expect.rows(exchange)
    newest = [r.get("content_text") for r in rows if r.get("created_at") == rows[0].get("created_at")]
    eventually(lambda: talk.read()["last_message_text"] in newest, 1.0)
    text = talk.read()["last_message_text"]
    that(text in newest, f"last_message_text one of {newest}", f"{text!r}", exchange, talk.exchange())


@requirement("CONV-06")
@pytest.mark.parametrize("event", ["status", "redelivery", "another conversation"])
def test_the_last_message_stays_the_last(account: Account, customer: Callable[..., Talk], event: str) -> None:
    talk = customer()
    account.provider.script(talk.phone)
    old, last = talk.write(), account.word()
    sent = talk.send(text=last)["whatsapp_message_id"]
    before = talk.read()
    if event == "status":
        item = {"id": sent, "status": "delivered", "recipient_id": talk.phone[1:]}
        account.provider.statuses(account.phone_number_id, item)
    elif event == "redelivery":
        item = {"from": talk.phone[1:], "type": "text", "text": {"body": "again"}, "id": old}
        account.provider.inbound(account.phone_number_id, item)
    _quiet(talk)
    exchange = talk.exchange()
    for name, value in (("last_message_text", last), ("last_message_at", before["last_message_at"])):
        expect.equal(expect.record(exchange, 200).get(name), value, f"{name} after {event}", exchange)


# -- CONV-07 ----------------------------------------------------------------------------------------------------------


def _inbound(account: Account, talk: Talk, kind: Inbound) -> str:
    """The customer sends a message of that kind; its wamid."""
    if kind.known_to_the_mock:
        return account.provider.inbound(account.phone_number_id, {"from": talk.phone[1:], **kind.item})[0]
    return _unheard_of(account, talk, kind)


def _unheard_of(account: Account, talk: Talk, kind: Inbound) -> str:
    """A type that Meta has not had so far, as Meta would send it."""
    wamid = f"wamid.{account.word()}"
    message = {"from": talk.phone[1:], "id": wamid, "timestamp": "1790000000", **kind.item}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100000", "phone_number_id": account.phone_number_id},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": talk.phone[1:]}], "messages": [message],
    }  # fmt: skip
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": account.waba_id, "changes": [{"value": value, "field": "messages"}]}],
    }
    account.provider.acknowledged([account.provider.webhook(account.waba_id, payload=payload)])
    return wamid


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.must_arrive])
def test_a_message_of_any_type_arrives_as_what_it_is(
    account: Account, customer: Callable[..., Talk], name: str
) -> None:
    talk, kind = customer(), KINDS[name]
    talk.write()
    _is_kept(talk, _inbound(account, talk, kind), kind)


@requirement("CONV-07")
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.must_arrive])
def test_a_conversation_may_begin_with_any_type(account: Account, customer: Callable[..., Talk], name: str) -> None:
    talk, kind = customer(), KINDS[name]
    wamid = _inbound(account, talk, kind)
    shown = eventually(lambda: list(account.pages("/conversations", contact_id=talk.contact["id"])), talk.patience)
    that(shown, f"a conversation that begins with a message of type {name}", "none")
    _is_kept(talk, wamid, kind)


@requirement("CONV-07")
def test_all_types_of_one_webhook_arrive(account: Account, customer: Callable[..., Talk]) -> None:
    talk = customer()
    talk.write()
    kinds = [kind for kind in KINDS.values() if kind.known_to_the_mock]
    items = [{"from": talk.phone[1:], **kind.item} for kind in kinds]
    wamids = account.provider.inbound(account.phone_number_id, *items, batch=True)
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
    wamids = account.provider.inbound(account.phone_number_id, item, text, batch=True)
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


# -- CONV-08 ----------------------------------------------------------------------------------------------------------

SENDS: dict[str, Row] = {
    "text": {"text": "Hello"},
    "long text": {"text": "é" * 4096},
    "text by name": {"type": "text", "text": "שלום 👋\n<b>&"},
    "template": {"type": "template", "template": {"name": PLAIN, "language": "en_US"}},
    "template with values": {"type": "template", "template": {"name": GREETING, "language": "it", "params": ["Ada", "A-17"]}},
    "image": {"type": "image", "media_url": IMAGE, "text": "a caption 👋"},
    "image without caption": {"type": "image", "media_url": IMAGE},
    "video": {"type": "video", "media_url": "https://media.wacrm.invalid/film.mp4", "text": "a caption"},
    "video without caption": {"type": "video", "media_url": "https://media.wacrm.invalid/film.mp4"},
    "document": {"type": "document", "media_url": "https://media.wacrm.invalid/a.pdf", "text": "a caption", "filename": "a.pdf"},
    "document without caption": {"type": "document", "media_url": "https://media.wacrm.invalid/a.pdf", "filename": "a.pdf"},
    "audio": {"type": "audio", "media_url": "https://media.wacrm.invalid/song.mp3"},
}  # fmt: skip


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
    rows = [row for row in expect.rows(exchange) if row.get("id") == sent["message_id"]]
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


# -- CONV-09 ----------------------------------------------------------------------------------------------------------

CHOICES = ("yes", "a-b_c.d:1", "ключ ✓", "0", "i" * 200, '{"a": 1}')


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
    wamids = account.provider.inbound(account.phone_number_id, *items, batch=True)
    awaited = {wamid for wamid, kind in zip(wamids, kinds, strict=True) if kind.must_arrive}
    eventually(
        lambda: awaited <= {row.get("whatsapp_message_id") for row in expect.rows(talk.messages())}, talk.patience
    )
    talk.write(context={"id": wamids[0]})
    for fields in (SENDS["text"], SENDS["template"], SENDS["image"]):
        talk.send(**fields)
    exchange = talk.messages()
    odd = [r for r in expect.rows(exchange) if r.get("content_type") != "interactive" and r.get("interactive_reply_id")]
    that(not odd, "interactive_reply_id null for every other content type", f"{odd[:2]}", exchange)
