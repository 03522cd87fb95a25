"""META-02: `X-Hub-Signature-256`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

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
from conformance.target.expect import requirement
from conformance.target.waiting import eventually
from conformance.wacrm.expectations.contacts import no_contact_of
from conformance.wacrm.steps.statuses import READ, OutboundConversation
from conformance.wacrm.steps.stored_messages import stored_inbound, wait_until_processed

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.meta.webhook_payloads import MetaSide
    from conformance.wacrm.steps.account import Account


pytestmark = pytest.mark.usefixtures("hears")
Row = dict[str, Any]
Headers = dict[str, str]
SHA256 = "X_Hub_Signature_256"


def _digest(secret: str, body: bytes, name: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, name).hexdigest()


def _rewritten(body: bytes) -> bytes:
    """As `JSON.stringify` writes it."""
    return json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()


INVALID_SIGNATURES: dict[str, Callable[[str, bytes], Headers]] = {
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
UNUSUAL_TEXT = "Perché sì 👍🏽 a/b <c> 50% @d \u2028"
"""Characters that Meta escapes in different ways."""


@requirement("META-02")
def test_a_message_with_an_invalid_signature_is_refused_and_not_stored(account: Account, meta_side: MetaSide) -> None:
    sender, texts = account.numbers.fresh(), {}
    for name, forge in INVALID_SIGNATURES.items():
        texts[name] = f"{account.marker()} {UNUSUAL_TEXT}"
        items = [text_item(sender, texts[name])]
        body = escaped(payload(entry(account.waba_id, of_messages(account.phone_number_id, items))))
        exchange = meta_side.post(body, **forge(meta_side.secret, body))
        refused_as = exchange.status is not None and 400 <= exchange.status < 500
        expect.that(refused_as, f"a 4xx for a webhook with an invalid signature ({name})", exchange.summary, exchange)
    wait_until_processed(account)
    stored = {row.get("content_text") for row in stored_inbound(account, sender)}
    expect.equal(
        [name for name, marker in texts.items() if marker in stored],
        [],
        "the messages with invalid signatures that are stored",
    )
    no_contact_of(account, sender)


@requirement("META-02")
@pytest.mark.usefixtures("sends")
def test_a_status_with_an_invalid_signature_is_refused_and_not_applied(account: Account, meta_side: MetaSide) -> None:
    names = ("no header", "another secret", "sha1 alone", "unescaped form")
    conversation = OutboundConversation(account, len(names))
    for name, wamid in zip(names, conversation.wamids, strict=True):
        items = [{**status_item(wamid, READ, conversation.number), "biz_opaque_callback_data": UNUSUAL_TEXT}]
        body = escaped(payload(entry(account.waba_id, change(account.phone_number_id, statuses=items))))
        exchange = meta_side.post(body, **INVALID_SIGNATURES[name](meta_side.secret, body))
        expect.that(
            exchange.status in range(400, 500),
            "a 4xx for a status with an invalid signature",
            exchange.summary,
            exchange,
        )
    conversation.wait_until_processed()
    moved = [
        name for name, wamid in zip(names, conversation.wamids, strict=True) if conversation.statuses()[wamid] == READ
    ]
    expect.equal(moved, [], "the statuses with invalid signatures that were applied")


def stored_text(account: Account, meta_side: MetaSide, body: bytes, sender: str, text: str) -> None:
    """A correctly signed body is acknowledged, and its message is stored with this text."""
    exchange = meta_side.signed(body)
    expect.status(exchange, 200)
    found = eventually(lambda: stored_inbound(account, sender), account.mock_meta.patience)
    expect.equal([row.get("content_text") for row in found], [text], "the stored texts", exchange)


@requirement("META-02")
def test_a_body_in_metas_escaped_form_is_accepted(account: Account, meta_side: MetaSide) -> None:
    sender, text = account.numbers.fresh(), f"{account.marker()} {UNUSUAL_TEXT}"
    message = of_messages(account.phone_number_id, [text_item(sender, text)])
    stored_text(account, meta_side, escaped(payload(entry(account.waba_id, message))), sender, text)


@requirement("META-02")
def test_a_body_in_the_older_escaped_form_is_accepted(account: Account, meta_side: MetaSide) -> None:
    r"""An older page of Meta's adds `\u003C`, `\u0025` and `\u0040`; only the bytes that came can be verified."""
    sender, text = account.numbers.fresh(), f"{account.marker()} {UNUSUAL_TEXT}"
    body = escaped(payload(entry(account.waba_id, of_messages(account.phone_number_id, [text_item(sender, text)]))))
    for plain, escape in ((b"<", rb"\u003C"), (b"%", rb"\u0025"), (b"@", rb"\u0040")):
        body = body.replace(plain, escape)
    stored_text(account, meta_side, body, sender, text)


@requirement("META-02")
def test_mock_metas_own_signature_is_accepted(account: Account) -> None:
    sender, text = account.numbers.fresh(), f"{account.marker()} {UNUSUAL_TEXT}"
    account.receive(sender, text)
    found = eventually(lambda: stored_inbound(account, sender), account.mock_meta.patience)
    expect.equal([row.get("content_text") for row in found], [text], "the stored texts")


@requirement("META-02")
def test_a_refused_message_is_accepted_when_redelivered_with_a_valid_signature(
    account: Account, meta_side: MetaSide
) -> None:
    sender, text = account.numbers.fresh(), account.marker()
    body = escaped(payload(entry(account.waba_id, of_messages(account.phone_number_id, [text_item(sender, text)]))))
    forged = meta_side.post(body, **INVALID_SIGNATURES["another secret"](meta_side.secret, body))
    expect.that(
        forged.status in range(400, 500), "a 4xx for a webhook with an invalid signature", forged.summary, forged
    )
    stored_text(account, meta_side, body, sender, text)
