"""MSG: what is refused before Meta is asked: incomplete messages, foreign quotes, no WhatsApp, unknown types (04, 06, 07, 15)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.keys import Role
from conformance.target.numbers import digits
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.messages import FILES, MEDIA, TYPES, at_meta, sample, taken, template, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.api import Api
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.messages import Row

pytestmark = pytest.mark.usefixtures("sends")

MISSING = object()
WRONG: tuple[Any, ...] = (MISSING, None, "", 7, True, ["x"], {"x": "y"})
"""What stands where a text is required. An empty object or list is as wrong as a full one."""


def bodies_without(complete: Row, member: str, values: Sequence[Any] = WRONG) -> list[Row]:
    """`complete` with each of the wrong values in place of `member`."""
    rest = {name: value for name, value in complete.items() if name != member}
    return [rest if value is MISSING else {**rest, member: value} for value in values]


def refused(account: Account, number: str, body: Row) -> Exchange:
    exchange = account.api.post("/messages", body)
    envelope.error(exchange, (400, "bad_request"))
    attempts = account.mock_meta.sends(to=digits(number))
    expect.equal(len(attempts), 0, "the number of requests to Meta", exchange)
    return exchange


def refused_without_trace(account: Account, bodies: Sequence[Row]) -> None:
    """Each body, to a number of its own: 400, nothing at Meta, no contact."""
    for body in bodies:
        number = account.numbers.fresh()
        exchange = refused(account, number, {"to": number, **body})
        left = account.contact_by_phone(number)
        expect.equal(left, None, f"the contact of {number} after a refused message", exchange)


# -- MSG-04 -----------------------------------------------------------------------------------------------------------


@requirement("MSG-04")
@pytest.mark.parametrize("typed", [True, False], ids=["type text", "no type"])
def test_a_text_message_needs_its_text(account: Account, *, typed: bool) -> None:
    complete: Row = {"text": "hello", **({"type": "text"} if typed else {})}
    refused_without_trace(account, bodies_without(complete, "text"))


@requirement("MSG-04")
def test_another_types_content_is_no_text(account: Account) -> None:
    media, model = {"media_url": f"{FILES}/a.png"}, {"template": {"name": PLAIN, "language": "en_US"}}
    refused_without_trace(account, [media, model, {"type": "text", **media}, {"type": "text", **model}])


@requirement("MSG-04")
@pytest.mark.parametrize("kind", MEDIA)
def test_a_medium_needs_its_url(account: Account, kind: str) -> None:
    complete = {"type": kind, "media_url": f"{FILES}/a.bin", "text": "A caption is no medium", "filename": "a.bin"}
    refused_without_trace(account, [*bodies_without(complete, "media_url"), {"type": kind}])


@requirement("MSG-04")
def test_a_template_message_needs_its_template(account: Account) -> None:
    complete = {"type": "template", "template": {"name": PLAIN, "language": "en_US"}, "text": "hello"}
    wrong = (*(value for value in WRONG if not isinstance(value, dict)), {}, [], PLAIN)
    refused_without_trace(account, bodies_without(complete, "template", wrong))


@requirement("MSG-04")
def test_a_template_needs_its_name(account: Account) -> None:
    models = bodies_without({"name": PLAIN, "language": "en_US", "params": []}, "name")
    refused_without_trace(account, [{"type": "template", "template": model} for model in models])


@requirement("MSG-04")
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_needs_a_recipient(account: Account, kind: str) -> None:
    """A number of more than 15 digits, or without any, is none in E.164."""
    word, since = account.word(), account.mock_meta.mark()
    complete = sample(kind, word).to("")
    for body in bodies_without(complete, "to", (*WRONG, "+", "hello", "+999123456789012345", "+12")):
        exchange = account.api.post("/messages", body)
        envelope.error(exchange, (400, "bad_request"))
        attempts = account.mock_meta.sends(since=since, contains=word)
        expect.equal(len(attempts), 0, "the number of requests to Meta", exchange)


# -- MSG-06 -----------------------------------------------------------------------------------------------------------


def quoted(account: Account, exchange: Exchange) -> object:
    """The wamid that Meta was told to quote."""
    taken(account, exchange)
    context = at_meta(account, exchange)["body"].get("context")
    return context.get("message_id") if isinstance(context, dict) else context


@requirement("MSG-06")
@pytest.mark.parametrize("kind", TYPES)
def test_a_reply_reaches_meta_as_a_quote_and_other_messages_do_not(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    first = account.send(number)
    body = sample(kind, account.word()).to(number, reply_to_message_id=first["message_id"])
    exchange = account.api.post("/messages", body)
    expect.equal(quoted(account, exchange), first["whatsapp_message_id"], "the quoted message at Meta", exchange)
    plain = account.api.post("/messages", sample(kind, account.word()).to(number))
    expect.equal(quoted(account, plain), None, "the quoted message of a message that is no reply", plain)


@requirement("MSG-06")
def test_the_message_that_is_named_is_quoted_and_not_the_newest(account: Account) -> None:
    number = account.numbers.fresh()
    sent = [account.send(number) for _ in range(4)]
    replies = [account.send(number, text=account.word(), reply_to_message_id=one["message_id"]) for one in sent[:2]]
    for one in (sent[2], replies[0], sent[0], replies[1]):
        exchange = account.api.post("/messages", text("re").to(number, reply_to_message_id=one["message_id"]))
        expect.equal(quoted(account, exchange), one["whatsapp_message_id"], "the quoted message at Meta", exchange)


@requirement("MSG-06")
@pytest.mark.usefixtures("hears")
def test_a_customers_message_can_be_replied_to(account: Account) -> None:
    number = account.numbers.fresh()
    thread = account.send(number)["conversation_id"]
    wamid = account.receive(number)
    row = account.message(thread, wamid, account.mock_meta.patience)
    expect.precondition(row, "the customer's message is not stored")
    assert row is not None
    exchange = account.api.post("/messages", text("re").to(number, reply_to_message_id=row["id"]))
    expect.equal(quoted(account, exchange), wamid, "the quoted message at Meta", exchange)


def not_quoted(account: Account, number: str, quote: object, kind: str = "text") -> None:
    """A message with this quote is refused, and Meta gets nothing."""
    word = account.word()
    exchange = account.api.post("/messages", sample(kind, word).to(number, reply_to_message_id=quote))
    envelope.error(exchange, (400, "bad_request"), (404, "not_found"))
    expect.equal(len(account.mock_meta.sends(contains=word)), 0, "the number of requests to Meta", exchange)


@requirement("MSG-06")
@pytest.mark.parametrize("kind", TYPES)
def test_a_message_of_another_conversation_is_not_quoted(account: Account, kind: str) -> None:
    """Neither in a conversation that exists nor in one that the message would open."""
    foreign, number = account.send()["message_id"], account.numbers.fresh()
    not_quoted(account, number, foreign, kind)
    account.send(number)
    not_quoted(account, number, foreign, kind)


@requirement("MSG-06")
def test_a_message_of_a_number_that_looks_alike_is_not_quoted(account: Account) -> None:
    first, second = account.numbers.sharing_tail()
    foreign = account.send(first)["message_id"]
    account.send(second)
    not_quoted(account, second, foreign)


@requirement("MSG-06")
def test_a_message_of_another_account_is_not_quoted(account: Account, other: Account) -> None:
    """Not even one to the same number."""
    number = account.numbers.fresh()
    foreign = other.send(number)["message_id"]
    not_quoted(account, number, foreign)
    account.send(number)
    not_quoted(account, number, foreign)


@requirement("MSG-06")
def test_what_is_no_message_is_not_quoted(account: Account) -> None:
    number = account.numbers.fresh()
    sent = account.send(number)
    strangers = (str(uuid.uuid4()), "00000000-0000-0000-0000-000000000000", "nope", f"{sent['message_id']}0")
    for quote in (*strangers, sent["conversation_id"], sent["contact_id"]):
        not_quoted(account, number, quote)


# -- MSG-07 -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def unconfigured(api: Api) -> Api:
    return api.as_role(Role.UNCONFIGURED)


@requirement("MSG-07")
@pytest.mark.parametrize("kind", TYPES)
def test_an_account_without_whatsapp_is_told_so(account: Account, unconfigured: Api, kind: str) -> None:
    word, since = account.word(), account.mock_meta.mark()
    number = account.numbers.fresh()
    for _ in range(2):
        exchange = unconfigured.post("/messages", sample(kind, word).to(number, name="Ada"))
        envelope.error(exchange, (400, "whatsapp_not_configured"))
    expect.equal(
        len(account.mock_meta.sends(since=since, contains=word)), 0, "the number of requests to Meta", exchange
    )


@requirement("MSG-07")
def test_a_known_contact_makes_no_difference_without_whatsapp(account: Account, unconfigured: Api) -> None:
    number = account.numbers.fresh()
    contact = unconfigured.post("/contacts", {"phone": number})
    expect.precondition(contact.status in {200, 201}, "the account without WhatsApp cannot have contacts")
    exchange = unconfigured.post("/messages", text("hello").to(number))
    envelope.error(exchange, (400, "whatsapp_not_configured"))
    expect.equal(len(account.mock_meta.sends(to=digits(number))), 0, "the number of requests to Meta", exchange)


# -- MSG-15 -----------------------------------------------------------------------------------------------------------

AT_META = ("sticker", "location", "contacts", "interactive", "reaction", "order", "button", "unsupported")
STRANGE: tuple[Any, ...] = (
    "TEXT",
    "Image",
    " text",
    "file",
    "voice",
    "texts",
    "text,image",
    "constructor",
    "__proto__",
    "toString",
    "0",
    1,
    True,
    [],
    ["text"],
    {},
)


@requirement("MSG-15")
@pytest.mark.parametrize("kind", [*AT_META, *STRANGE], ids=str)
def test_an_undocumented_type_is_refused(account: Account, kind: Any) -> None:  # noqa: ANN401 - JSON
    """With everything that any type requires, so that nothing else is wrong; Meta's further types included."""
    number, word = account.numbers.fresh(), account.word()
    body: Row = {"to": number, "type": kind, "text": word, "media_url": f"{FILES}/{word}.png",
                 "template": template(PLAIN, "en_US").fields["template"]}  # fmt: skip
    if isinstance(kind, str):
        body[kind] = {
            "body": word,
            "id": "1",
            "latitude": 45.0,
            "longitude": 9.0,
            "message_id": "wamid.x",
            "emoji": "👍",
        }
    refused(account, number, body)
