"""META: the webhook's door: handshake, signature, acknowledgement in time (01, 02, 03)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

from conformance.meta.templates import PLAIN
from conformance.meta.webhook_payloads import (
    change,
    entry,
    escaped,
    of_messages,
    payload,
    signature,
    status_item,
    text_item,
)
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.expect import requirement
from conformance.target.verdicts import Lacking
from conformance.target.waiting import eventually
from conformance.wacrm.steps.account import needed
from conformance.wacrm.steps.inbox import heard, worked_off
from conformance.wacrm.steps.statuses import DELIVERED, READ, SENT, Thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.meta.mock_client import Entry
    from conformance.meta.webhook_payloads import MetaSide
    from conformance.target.target import Capabilities
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("hears")

Row = dict[str, Any]
CHALLENGE = "1158201444"
WRONG_TOKENS: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "another": lambda _: "x",
    "cut": lambda t: t[:-1],
    "first character": lambda t: t[:1],
    "without its first": lambda t: t[1:],
    "longer": lambda t: f"{t}x",
    "other case": lambda t: t.swapcase(),
    "blank before": lambda t: f" {t}",
    "blank after": lambda t: f"{t} ",
    "undefined": lambda _: "undefined",
    "null": lambda _: "null",
    "same length": lambda t: "*" * len(t),
}

# -- META-01 ----------------------------------------------------------------------------------------------------------


@requirement("META-01")
@pytest.mark.parametrize("challenge", [CHALLENGE, "4294967297", "7"])
@pytest.mark.parametrize(
    "order", [("mode", "challenge", "verify_token"), ("verify_token", "challenge", "mode")], ids="-".join
)
def test_the_right_token_gets_its_challenge_back(meta_side: MetaSide, challenge: str, order: tuple[str, ...]) -> None:
    known = {"mode": "subscribe", "challenge": challenge, "verify_token": meta_side.verify_token}
    exchange = meta_side.handshake(**{name: known[name] for name in order})
    expect.status(exchange, 200)
    expect.equal(exchange.text, challenge, "the body", exchange)


@requirement("META-01")
@pytest.mark.parametrize("distortion", WRONG_TOKENS)
def test_a_wrong_token_does_not(meta_side: MetaSide, distortion: str) -> None:
    token = WRONG_TOKENS[distortion](meta_side.verify_token)
    if token == meta_side.verify_token:
        raise Lacking("this distortion does not change the deployment's token")
    exchange = meta_side.handshake(mode="subscribe", challenge=CHALLENGE, verify_token=token)
    expect.that(exchange.status is not None and 400 <= exchange.status < 500, "a 4xx", exchange.summary, exchange)
    expect.that(CHALLENGE not in exchange.text, "no challenge in the answer", exchange.excerpt, exchange)


@requirement("META-01")
def test_a_missing_token_does_not(meta_side: MetaSide) -> None:
    exchange = meta_side.handshake(mode="subscribe", challenge=CHALLENGE)
    expect.that(exchange.status is not None and 400 <= exchange.status < 500, "a 4xx", exchange.summary, exchange)


@requirement("META-01")
@pytest.mark.parametrize(
    "query", [{"challenge": CHALLENGE}, {"mode": "unsubscribe", "challenge": CHALLENGE}, {"mode": "subscribe"}],
    ids=["no mode", "another mode", "no challenge"],
)  # fmt: skip
def test_the_right_token_alone_is_no_handshake(meta_side: MetaSide, query: dict[str, str]) -> None:
    """It takes the mode `subscribe` and a challenge as well (Meta fact sheet, sections 2 and 15.1)."""
    exchange = meta_side.handshake(**query, verify_token=meta_side.verify_token)
    expect.that(exchange.status in range(400, 500), "a 4xx", exchange.summary, exchange)


# -- META-02 ----------------------------------------------------------------------------------------------------------

Headers = dict[str, str]
SHA256 = "X_Hub_Signature_256"


def _digest(secret: str, body: bytes, name: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, name).hexdigest()


def _rewritten(body: bytes) -> bytes:
    """As `JSON.stringify` writes it."""
    return json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()


FORGERIES: dict[str, Callable[[str, bytes], Headers]] = {
    "no header": lambda _, __: {},
    "empty header": lambda _, __: {SHA256: ""},
    "prefix alone": lambda _, __: {SHA256: "sha256="},
    "digest without its prefix": lambda s, b: {SHA256: _digest(s, b)},
    "cut by one": lambda s, b: {SHA256: signature(s, b)[:-1]},
    "cut in half": lambda s, b: {SHA256: signature(s, b)[:39]},
    "longer by one": lambda s, b: {SHA256: f"{signature(s, b)}0"},
    "last digit changed": lambda s, b: {SHA256: signature(s, b)[:-1] + ("0" if signature(s, b)[-1] != "0" else "1")},
    "first digit changed": lambda s, b: {SHA256: f"sha256={'0' if signature(s, b)[7] != '0' else '1'}{signature(s, b)[8:]}"},
    "zeros": lambda _, __: {SHA256: f"sha256={'0' * 64}"},
    "no hex": lambda _, __: {SHA256: f"sha256={'zz' * 32}"},
    "another secret": lambda s, b: {SHA256: signature(f"{s}x", b)},
    "no secret": lambda _, b: {SHA256: signature("", b)},
    "secret undefined": lambda _, b: {SHA256: signature("undefined", b)},
    "a plain hash": lambda _, b: {SHA256: f"sha256={hashlib.sha256(b).hexdigest()}"},
    "secret and body hashed": lambda s, b: {SHA256: f"sha256={hashlib.sha256(s.encode() + b).hexdigest()}"},
    "another body": lambda s, b: {SHA256: signature(s, b + b" ")},
    "no body": lambda s, _: {SHA256: signature(s, b"")},
    "unescaped form": lambda s, b: {SHA256: signature(s, _rewritten(b))},
    "slashes alone unescaped": lambda s, b: {SHA256: signature(s, b.replace(b"\\/", b"/"))},
    "sha1 alone": lambda s, b: {"X_Hub_Signature": f"sha1={_digest(s, b, 'sha1')}"},
    "sha1 beside a wrong one": lambda s, b: {"X_Hub_Signature": f"sha1={_digest(s, b, 'sha1')}", SHA256: f"sha256={'0' * 64}"},
    "sha1 in its place": lambda s, b: {SHA256: f"sha1={_digest(s, b, 'sha1')}"},
    "sha1 called sha256": lambda s, b: {SHA256: f"sha256={_digest(s, b, 'sha1')}"},
    "sha512": lambda s, b: {SHA256: f"sha512={_digest(s, b, 'sha512')}"},
    "base64": lambda s, b: {SHA256: "sha256=" + base64.b64encode(hmac.new(s.encode(), b, "sha256").digest()).decode()},
    "in the older header": lambda s, b: {"X_Hub_Signature": signature(s, b)},
}  # fmt: skip
STRANGE = "Perché sì 👍🏽 a/b <c> 50% @d \u2028"
"""Every character that Meta escapes in one way or another."""


@requirement("META-02")
def test_a_forged_message_is_refused_and_not_stored(account: Account, meta_side: MetaSide) -> None:
    sender, words = account.numbers.fresh(), {}
    for name, forge in FORGERIES.items():
        words[name] = f"{account.word()} {STRANGE}"
        items = [text_item(sender, words[name])]
        body = escaped(payload(entry(account.waba_id, of_messages(account.phone_number_id, items))))
        exchange = meta_side.post(body, **forge(meta_side.secret, body))
        refused_as = exchange.status is not None and 400 <= exchange.status < 500
        expect.that(refused_as, f"a 4xx for a webhook signed wrongly ({name})", exchange.summary, exchange)
    worked_off(account)
    stored = {row.get("content_text") for row in heard(account, sender)}
    expect.equal([name for name, word in words.items() if word in stored], [], "the forged messages that are stored")
    expect.equal(account.contact_by_phone(sender), None, "the contact of forged messages")


@requirement("META-02")
@pytest.mark.usefixtures("sends")
def test_a_forged_status_changes_nothing(account: Account, meta_side: MetaSide) -> None:
    names = ("no header", "another secret", "sha1 alone", "unescaped form")
    thread = Thread(account, len(names))
    for name, wamid in zip(names, thread.wamids, strict=True):
        items = [{**status_item(wamid, READ, thread.number), "biz_opaque_callback_data": STRANGE}]
        body = escaped(payload(entry(account.waba_id, change(account.phone_number_id, statuses=items))))
        exchange = meta_side.post(body, **FORGERIES[name](meta_side.secret, body))
        expect.that(exchange.status in range(400, 500), "a 4xx for a forged status", exchange.summary, exchange)
    thread.worked_off()
    moved = [name for name, wamid in zip(names, thread.wamids, strict=True) if thread.statuses()[wamid] == READ]
    expect.equal(moved, [], "the forged statuses that were believed")


def stored_text(account: Account, meta_side: MetaSide, body: bytes, sender: str, text: str) -> None:
    """A rightly signed body is acknowledged, and its message stored with this text."""
    exchange = meta_side.signed(body)
    expect.status(exchange, 200)
    found = eventually(lambda: heard(account, sender), account.mock_meta.patience)
    expect.equal([row.get("content_text") for row in found], [text], "the stored texts", exchange)


@requirement("META-02")
def test_a_body_in_metas_escaped_form_is_accepted(account: Account, meta_side: MetaSide) -> None:
    sender, text = account.numbers.fresh(), f"{account.word()} {STRANGE}"
    message = of_messages(account.phone_number_id, [text_item(sender, text)])
    stored_text(account, meta_side, escaped(payload(entry(account.waba_id, message))), sender, text)


@requirement("META-02")
def test_a_body_in_the_older_escaped_form_is_accepted(account: Account, meta_side: MetaSide) -> None:
    r"""An older page of Meta's adds `\u003C`, `\u0025` and `\u0040`; only the bytes that came can be verified."""
    sender, text = account.numbers.fresh(), f"{account.word()} {STRANGE}"
    body = escaped(payload(entry(account.waba_id, of_messages(account.phone_number_id, [text_item(sender, text)]))))
    for plain, escape in ((b"<", rb"\u003C"), (b"%", rb"\u0025"), (b"@", rb"\u0040")):
        body = body.replace(plain, escape)
    stored_text(account, meta_side, body, sender, text)


@requirement("META-02")
def test_mock_metas_own_signature_is_accepted(account: Account) -> None:
    sender, text = account.numbers.fresh(), f"{account.word()} {STRANGE}"
    account.receive(sender, text)
    found = eventually(lambda: heard(account, sender), account.mock_meta.patience)
    expect.equal([row.get("content_text") for row in found], [text], "the stored texts")


@requirement("META-02")
def test_a_refused_message_is_taken_when_it_comes_again_rightly_signed(account: Account, meta_side: MetaSide) -> None:
    sender, text = account.numbers.fresh(), account.word()
    body = escaped(payload(entry(account.waba_id, of_messages(account.phone_number_id, [text_item(sender, text)]))))
    forged = meta_side.post(body, **FORGERIES["another secret"](meta_side.secret, body))
    expect.that(forged.status in range(400, 500), "a 4xx for a webhook signed wrongly", forged.summary, forged)
    stored_text(account, meta_side, body, sender, text)


# -- META-03 ----------------------------------------------------------------------------------------------------------

AT_MOST = 5.0


def in_time(deliveries: Sequence[Entry], what: str) -> None:
    """The first attempt of each delivery was answered 200 within 5 s."""
    for delivery in deliveries:
        expect.precondition(delivery["attempts"], "mock Meta did not deliver its webhook")
        first = delivery["attempts"][0]
        ended = f"{first['status'] or first['error']} after {first['duration']:.1f} s"
        good = first["status"] == 200 and first["duration"] <= AT_MOST
        expect.that(good, f"200 within {AT_MOST:.0f} s for {what}", ended)


def inbound(account: Account, *messages: Row, batch: bool = False) -> list[Entry]:
    body = {"phone_number_id": account.phone_number_id, "messages": list(messages), "batch": batch, "wait": True}
    deliveries: list[Entry] = account.mock_meta.request("POST", "/inbound", body)["deliveries"]
    return deliveries


@requirement("META-03")
@pytest.mark.usefixtures("sends")
def test_webhooks_are_acknowledged_in_time_during_a_broadcast(account: Account, capabilities: Capabilities) -> None:
    """With a Meta that takes its time for each recipient, so that a fan-out in one go takes longer than 5 s."""
    if not capabilities.broadcasts:
        raise Lacking("capabilities.broadcasts is false")
    thread, recipients = Thread(account, 1), account.numbers.many(24)
    slow = account.mock_meta.fault(recipients, times=None, delay=0.3)
    body = {"template_name": PLAIN, "recipients": [{"to": number} for number in recipients]}
    needed(account.api.post("/broadcasts", body), 202)
    senders = [account.numbers.fresh().lstrip("+") for _ in range(2)]
    text = {"type": "text", "text": {"body": account.word()}}
    done = at_once([
        lambda: inbound(account, {"from": senders[0], **text}),
        lambda: inbound(account, {"from": senders[1], "type": "image"}),
        lambda: account.mock_meta.statuses(account.phone_number_id, thread.item(thread.wamids[0], READ)),
    ])  # fmt: skip
    account.mock_meta.lift(slow)
    in_time([delivery for deliveries in done for delivery in deliveries], "a webhook during a broadcast")


@requirement("META-03")
@pytest.mark.parametrize("kind", ["image", "video", "document", "audio", "sticker"])
def test_a_webhook_does_not_wait_for_metas_media(account: Account, kind: str) -> None:
    """A deployment looks media up at Meta, which may be slow about it."""
    fault = {"match": {"operation": "media.get"}, "times": 1, "delay": 6.0}
    identity = account.mock_meta.request("POST", "/faults", fault)["id"]
    deliveries = inbound(account, {"from": account.numbers.fresh().lstrip("+"), "type": kind})
    account.mock_meta.lift(str(identity))
    in_time(deliveries, f"a webhook with {kind}")


@requirement("META-03")
@pytest.mark.usefixtures("sends")
def test_a_webhook_with_a_thousand_updates_is_acknowledged_in_time(account: Account) -> None:
    thread = Thread(account, 4)
    updates = [thread.item(wamid, status) for wamid in thread.wamids for status in (SENT, DELIVERED, READ) * 84]
    in_time(account.mock_meta.statuses(account.phone_number_id, *updates), "a webhook with 1,000 statuses")


@requirement("META-03")
def test_many_webhooks_at_once_are_acknowledged_in_time(account: Account) -> None:
    text = {"type": "text", "text": {"body": account.word()}}
    many = [{"from": account.numbers.fresh().lstrip("+"), **text} for _ in range(40)]
    in_time(inbound(account, *many), "one of 40 webhooks at once")
