"""MSG: sends that Meta refuses, answers late, or does not answer (08, 09, 14)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import GREETING, PLAIN
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.numbers import digits
from conformance.target.verdicts import Mismatch, NoAnswerError, NoVerdict
from conformance.target.waiting import eventually
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.messages import FILES, TYPES, at_meta, medium, sample, template, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.messages import Row

pytestmark = pytest.mark.usefixtures("sends")

CLAIMS = frozenset({"sent", "delivered", "read"})
HTML = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry</h1></body></html>"


def error(code: int, **more: Any) -> Row:  # noqa: ANN401 - JSON
    """Meta's error body, with the status that Meta documents for the code unless given."""
    return {"error": {"code": code, **more}}


def raw(status: int, body: str = HTML, content_type: str = "text/html; charset=utf-8") -> Row:
    """An answer that is not Graph's."""
    return {"http": {"status": status, "body": body, "content_type": content_type}}


def as_json(status: int, body: object) -> Row:
    return raw(status, body if isinstance(body, str) else json.dumps(body), "application/json")


REJECTIONS = {
    **{f"code {code}": error(code) for code in (
        1, 2, 4, 10, 33, 100, 190, 368, 80007, 130429, 130472, 131000, 131005, 131008, 131009, 131016, 131021, 131031,
        131037, 131045, 131047, 131048, 131051, 131056, 131057, 132000, 132001, 132005, 132012, 132015, 132016, 133004,
        133010,
    )},
    "throttled 429": error(4, http_status=429), "template 400": error(132001, http_status=400),
    "words": error(131009, message="<b>\u202e„Ungültig“</b> {{1}} %s\n\tat Object.<anonymous> (/srv/app.js:1)"),
    **{f"html {status}": raw(status) for status in (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)},
    "empty 500": raw(500, ""), "text 503": raw(503, "upstream connect error", "text/plain"),
    "cut json": as_json(400, '{"error": {"message": "(#100) In'), "bare error": as_json(500, {"error": "oops"}),
    "empty error": as_json(400, {"error": {}}), "null error": as_json(500, {"error": None}), "null": as_json(400, "null"),
    "list": as_json(400, []), "number as message": as_json(400, {"error": {"message": 7, "code": "x"}}),
    "html called json": raw(429, HTML, "application/json"),
}  # fmt: skip
USELESS = {
    "html 200": raw(200), "empty 200": raw(200, ""), "object": as_json(200, {}), "no messages": as_json(200, {"messages": []}),
    "no id": as_json(200, {"messages": [{}]}), "error 200": as_json(200, {"error": {"message": "no", "code": 131000}}),
    "empty id": as_json(200, {"messages": [{"id": ""}]}),
}  # fmt: skip
"""Answers that Meta never gives, and a proxy between might."""


def rows_of(account: Account, number: str) -> list[Row]:
    """What the read side has of a number: its messages, or nothing where no contact is left."""
    contact = account.contact_by_phone(number)
    threads = [] if contact is None else account.pages("/conversations", contact_id=contact["id"])
    return [row for thread in threads for row in account.messages(thread["id"])]


def none_claims(account: Account, number: str, exchange: Exchange, *, but: Sequence[str] = ()) -> None:
    """No outbound message of the number says that it was sent, but those with the given wamids."""
    rows = [row for row in rows_of(account, number) if row.get("direction") != "inbound"]
    liars = [row for row in rows if row.get("status") in CLAIMS and row.get("whatsapp_message_id") not in but]
    expect.equal(liars, [], "the messages that claim to be sent", exchange)


def with_fault(account: Account, shapes: dict[str, Row]) -> list[tuple[str, Exchange]]:
    """One send to a number of its own for each way in which Meta answers it, all at once."""
    numbers = [account.numbers.fresh() for _ in shapes]
    for number, shape in zip(numbers, shapes.values(), strict=True):
        account.mock_meta.fault(number, times=None, **shape)
    return list(zip(numbers, at_once([poster(account, text(account.word()).to(n)) for n in numbers]), strict=True))


def poster(account: Account, body: Row) -> Callable[[], Exchange]:
    return lambda: rejected(account, body)


def rejected(account: Account, body: Row) -> Exchange:
    """A send that Meta refuses. A 429 is the limiter's, or no verdict could come of it: unless other sends go through."""
    try:
        return account.api.post("/messages", body)
    except NoVerdict:
        account.send()
        return account.api.probe.send("POST", "/messages", key=account.api.pool.lend(account.api.role), json=body)


# -- MSG-08 -----------------------------------------------------------------------------------------------------------


@requirement("MSG-08")
def test_whatever_form_metas_rejection_has_it_is_a_meta_error(account: Account) -> None:
    for number, exchange in with_fault(account, REJECTIONS):
        envelope.error(exchange, (502, "meta_error"))
        none_claims(account, number, exchange)


@requirement("MSG-08")
@pytest.mark.parametrize("shape", [error(131026), error(131000), raw(429)], ids=["4xx", "5xx", "html"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_rejection_in_a_conversation_leaves_what_was_sent_before(account: Account, kind: str, shape: Row) -> None:
    number = account.numbers.fresh()
    before = account.send(number)["whatsapp_message_id"]
    fault = account.mock_meta.fault(number, times=None, **shape)
    exchange = rejected(account, sample(kind, account.word()).to(number))
    account.mock_meta.lift(fault)
    envelope.error(exchange, (502, "meta_error"))
    after = account.send(number)["whatsapp_message_id"]
    none_claims(account, number, exchange, but=(before, after))


@requirement("MSG-08")
def test_a_rejected_reply_is_a_meta_error(account: Account) -> None:
    number = account.numbers.fresh()
    first = account.send(number)
    account.mock_meta.fault(number, times=None, **error(131000))
    exchange = rejected(account, text("re").to(number, reply_to_message_id=first["message_id"]))
    envelope.error(exchange, (502, "meta_error"))
    none_claims(account, number, exchange, but=(first["whatsapp_message_id"],))


@requirement("MSG-08")
def test_meta_refuses_a_template_that_does_not_exist(account: Account) -> None:
    for one in (
        template(f"harness_{account.word()}", "en_US"),
        template(PLAIN, "de_AT"),
        template(GREETING, "en_US", "one"),
    ):
        number = account.numbers.fresh()
        exchange = account.api.post("/messages", one.to(number))
        envelope.error(exchange, (502, "meta_error"), (400, "bad_request"))
        none_claims(account, number, exchange)


@requirement("MSG-08")
def test_an_answer_without_a_message_is_no_message(account: Account) -> None:
    for number, exchange in with_fault(account, USELESS):
        envelope.error(exchange, (502, "meta_error"), (500, "internal"))
        none_claims(account, number, exchange)


# -- MSG-09 -----------------------------------------------------------------------------------------------------------


@requirement("MSG-09")
def test_nothing_in_a_request_makes_a_send_fail_that_meta_took(account: Account) -> None:
    """Members that Meta is never told of, or takes, and that may be impossible to store."""
    word = account.word()
    bodies = [text(word + "x" * length).to("") for length in (300, 1100, 2100, 4000)]
    bodies += [text(word).to("", name=name) for name in ("a\0b", "\ud800", "n" * 100_000, "", " ", "\u202e'\";--")]
    bodies += [
        medium("document", f"{FILES}/{word}").to("", filename=name) for name in ("a\0b", "\ud800", "n" * 241, "/..")
    ]
    bodies += [medium("image", f"{FILES}/{word}?{tail}").to("") for tail in ("\0", "\ud800", "a b", "é", "x" * 3000)]
    bodies += [medium(kind, f"{FILES}/{word}", "c\0d").to("") for kind in ("image", "video", "document", "audio")]
    bodies += [template(GREETING, "en_US", word, value).to("") for value in ("a\0b", "\ud800", "x" * 900)]
    bodies += [text(f"{word}\0").to(""), text(word).to("", unknown={"a": [1]}, reply_to_message_id=None)]
    numbers = [account.numbers.fresh() for _ in bodies]
    sends = [poster(account, {**body, "to": number}) for body, number in zip(bodies, numbers, strict=True)]
    for number, exchange in zip(numbers, at_once(sends), strict=True):
        if exchange.status != 201:
            expect.equal(
                len(account.mock_meta.accepted(to=digits(number))), 0, "the number of messages at Meta", exchange
            )


@requirement("MSG-09")
def test_every_legal_form_of_metas_acceptance_is_one(account: Account) -> None:
    """More members than usual, none but the message, a number that Meta writes otherwise, a message that is held."""
    forms: list[tuple[str, Callable[[str], Row]]] = [
        ("bare", lambda wamid: {"messages": [{"id": wamid}]}),
        ("held", lambda wamid: {"messages": [{"id": wamid, "message_status": "held_for_quality_assessment"}]}),
        ("otherwise", lambda wamid: {"messaging_product": "whatsapp", "contacts": [{"input": "1", "wa_id": "12025550199"}],
                                     "messages": [{"id": wamid, "message_status": "accepted"}]}),
        ("later", lambda wamid: {"messaging_product": "whatsapp", "new": {"member": None},
                                 "contacts": [{"input": "1", "wa_id": "1", "user_id": "US.1"}], "messages": [{"id": wamid}]}),
    ]  # fmt: skip
    for _, form in forms:
        number, wamid = account.numbers.fresh(), f"wamid.{account.word()}"
        account.mock_meta.fault(number, **as_json(200, form(wamid)))
        exchange = account.api.post("/messages", text("hello").to(number))
        expect.equal(envelope.record(exchange, 201).get("whatsapp_message_id"), wamid, "whatsapp_message_id", exchange)


@dataclass(frozen=True)
class Slow:
    """Sends of every type whose answer from Meta took long, never came, or was cut off, and sends beside them."""

    account: Account
    accepted: list[tuple[float, Exchange]]
    hanging: list[Exchange]
    cut: list[Exchange]
    beside: list[Exchange]


ACCEPTED_AFTER = (1.5, 3.0, 6.5)
"""Seconds. Statuses arrive at once, so that a deployment that has given up can still learn that Meta took the message."""
LONGEST = 30.0
IMPATIENCE = 33.0


@pytest.fixture(scope="module")
def slow(shared_account: Callable[[str], Account], sends: None) -> Slow:  # noqa: ARG001 - asked for its effect
    """The slow sends of this file at the same time: together they take as long as the slowest."""
    account = shared_account("slow Meta")
    counts = (len(ACCEPTED_AFTER), len(TYPES), len(TYPES))
    slow_ones, hanging, cut = ([account.numbers.fresh() for _ in range(count)] for count in counts)
    account.mock_meta.script(slow_ones, ("sent", 0.05), ("delivered", 0.1))
    for number, delay in zip(slow_ones, ACCEPTED_AFTER, strict=True):
        account.mock_meta.fault(number, delay=delay)
    account.mock_meta.fault(hanging, times=None, hang="before", delay=LONGEST + 10)
    account.mock_meta.fault(cut, times=None, reset="before")
    unreachable = at_once([patient(account, number, kind) for number, kind in zip(cut, TYPES, strict=True)])
    kinds = (*TYPES[: len(slow_ones)], *TYPES)
    waits = [patient(account, number, kind) for number, kind in zip((*slow_ones, *hanging), kinds, strict=True)]
    bystander = beside(account, hanging, account.mock_meta.mark())
    answers = iter(at_once([*waits, bystander, bystander]))
    accepted = [(delay, next(answers)) for delay in ACCEPTED_AFTER]
    return Slow(account, accepted, [next(answers) for _ in hanging], unreachable, list(answers))


def patient(account: Account, number: str, kind: str) -> Callable[[], Exchange]:
    """A send that is waited for longer than it may take; having no answer is a result too."""
    body = sample(kind, account.word()).to(number)

    def call() -> Exchange:
        try:
            return account.api.call("POST", "/messages", json=body, timeout=IMPATIENCE)
        except NoAnswerError as error:
            return error.exchange

    return call


def beside(account: Account, hanging: Sequence[str], since: int) -> Callable[[], Exchange]:
    """A send to another number, once all the others hang."""
    wanted = {digits(number) for number in hanging}

    def call() -> Exchange:
        eventually(lambda: wanted <= {digits(entry["to"]) for entry in account.mock_meta.sends(since=since)}, 5.0)
        return patient(account, account.numbers.fresh(), "text")()

    return call


@requirement("MSG-09")
@pytest.mark.usefixtures("hears")
def test_a_message_that_meta_took_slowly_is_no_error(slow: Slow) -> None:
    for seconds, exchange in slow.accepted:
        number = json.loads(exchange.body)["to"]
        at_metas = slow.account.mock_meta.accepted(to=digits(number))
        expect.precondition(at_metas, f"the send to a Meta that takes {seconds} s did not reach it")
        if exchange.status != 201:
            early = exchange.seconds < seconds
            gave_up = f"the deployment gave up after {exchange.seconds:.1f} s: " if early else ""
            raise Mismatch(
                f"201 for a message that Meta took (it answered after {seconds} s)", gave_up + exchange.summary, exchange,
                evidence=[f"ledger: accepted as {entry['wamid']}" for entry in at_metas],
            )  # fmt: skip
        at_meta(slow.account, exchange)


# -- MSG-14 -----------------------------------------------------------------------------------------------------------


def ends_in_error(exchange: Exchange) -> None:
    """The envelope of an error, in time."""
    in_time(exchange)
    expect.that(
        exchange.status is not None and exchange.status >= 500, "an error of the 5xx kind", exchange.summary, exchange
    )
    envelope.error_code(exchange)


def in_time(exchange: Exchange) -> None:
    ended = exchange.trouble is None and exchange.seconds <= LONGEST
    expect.that(ended, f"an answer within {LONGEST:.0f} s", f"{exchange.trouble or exchange.seconds}", exchange)


@requirement("MSG-14")
def test_a_meta_that_does_not_answer_is_an_error_in_time(slow: Slow) -> None:
    for exchange in slow.hanging:
        ends_in_error(exchange)


@requirement("MSG-14")
def test_a_meta_that_cannot_be_reached_is_an_error_in_time(slow: Slow) -> None:
    for exchange in slow.cut:
        ends_in_error(exchange)


@requirement("MSG-14")
def test_sends_beside_a_hanging_meta_do_not_hang(slow: Slow) -> None:
    for exchange in slow.beside:
        in_time(exchange)


@requirement("MSG-08")
def test_what_meta_never_answered_claims_nothing(slow: Slow) -> None:
    for exchange in (*slow.hanging, *slow.cut):
        none_claims(slow.account, json.loads(exchange.body)["to"], exchange)
