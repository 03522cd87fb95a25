"""MSG-12: text is carried exactly, or refused before anything is sent."""

# ruff: noqa: RUF001 - characters that look like others are the point

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.target import expect
from conformance.target.expect import requirement
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import message_at_meta
from conformance.wacrm.steps.outbound_messages import normalized, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account

pytestmark = pytest.mark.usefixtures("sends")

LONGEST = 4096
ASTRAL = "𝒳"
"""One character of two UTF-16 code units: the documentation does not say which a deployment counts."""

EMOJI = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "\U0001f469\U0001f3fd\u200d\U0001f680 \U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f\u200d\U0001f525",
    "👍👍🏻👍🏼👍🏽👍🏾👍🏿",
    "🇮🇹🇩🇪 1\ufe0f\u20e3 #\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f flag of tags",
    "\u260e \u260e\ufe0f \u260e\ufe0e",
    f"😀{ASTRAL}𠜎",
)
DIRECTIONS = (
    "مرحبا بالعالم",
    "שָׁלוֹם עוֹלָם",
    "\u200fabc\u200f \u200eשלום\u200e \u061c",
    "\u202babc\u202c \u202e123\u202c",
    "\u2067אבג\u2069 \u2066abc\u2069",
)
COMBINING = (
    "e\u0301 n\u0303 A\u030a",
    "\u00e9 \u00f1 \u00c5",
    "\u212b \u2126 \u1e9b\u0323",
    "\u1112\u1161\u11ab\u1100\u1173\u11af \ud55c\uae00",
    "\ufb01 \u2460 \uff21 \u338f \u00bd",
    "q\u0307\u0323 q\u0323\u0307",
    "Z\u0351\u036b\u0343\u036aa\u035b\u0300l\u0363\u036fgo",
    "ก็ ำ कि বাংলা",
    "İi Iı ß ẞ \ufb00",
)
LINES = (
    "one\ntwo",
    "one\r\ntwo",
    "one\rtwo",
    "one\n\n\n\ntwo\n",
    "\n\none",
    "one\r\n",
    "one\u2028two\u2029three",
    "one\u0085two",
    "- a\n- b\n  1. c\n\t> d",
)
SPACES = (
    " leading",
    "trailing ",
    "   both   ",
    "in  the   middle",
    "\ttab\tand\ttab\t",
    "\u00a0no-break\u00a0",
    "\u2003em\u3000ideographic",
    "zero\u200bwidth\u200cnon\u200djoiner\u2060word\u00ad",
    "\ufeffmark\ufeff",
)
MARKUP = (
    "https://x.invalid/a%20b?c=d&e=%26#f",
    "www.x.invalid, ada@x.invalid",
    "<b>bold</b> <script>alert(1)</script> <!-- -->",
    "&amp; &lt; &#39; &nbsp; & < >",
    "*bold* _italic_ ~struck~ ```code``` `x`",
    """"double" 'single' `back` «both»""",
    "\\ \\\\ \\n \\u0041 \\x41 C:\\temp\\new",
    "{{1}} {name} ${x} #{y} %s %d %(a)s %% $1 $& \\1",
    "'; DROP TABLE messages; -- /* */",
    '{"text": "json"}',
    "=1+1 @cmd |pipe",
    "%C3%A9 + %2B",
    "../../etc/passwd\\..",
    "[link](https://x.invalid) ![]()",
)
LITERALS = ("0", "1", "false", "null", "undefined", "NaN", "-", ".", "constructor", "١٢٣")
LENGTHS = (
    *("a" * LONGEST, "é" * LONGEST, "日" * LONGEST),
    *("e\u0301" * (LONGEST // 2), ASTRAL * (LONGEST // 2)),
    *(f"{'a' * (LONGEST - 2)} .", f"a{' ' * (LONGEST - 2)}b", "a\n" * (LONGEST // 2 - 1) + "bb"),
)
CARRIED = {
    "emoji": EMOJI, "directions": DIRECTIONS, "combining marks": COMBINING, "line breaks": LINES, "white space": SPACES,
    "markup": MARKUP, "literals": LITERALS, "lengths": LENGTHS,
}  # fmt: skip
POSSIBLY_UNSUPPORTED = (
    *("a\0b", "\0", "a\0"),
    *("\ud83d", "a\udc00b", "\udc4d\ud83d"),
    *("\x01\x02\x1f", "\x1b[31mred\x1b[0m \x7f \x80", "\ufffe\uffff", "\U0010ffff \ue000"),
    *("   ", "\n", "\u200b"),
    *(f"{ASTRAL * (LONGEST // 2)}a", ASTRAL * LONGEST),
)
"""Texts that some component may not support: only a 400 or the exact text is right."""
TOO_LONG = (
    "a" * (LONGEST + 1),
    "é" * (LONGEST + 1),
    ASTRAL * (LONGEST + 1),
    "a" * 70_000,
    f"{'a' * LONGEST}\n",
    "e\u0301" * 2049,
)


def is_carried_exactly(account: Account, number: str, exchanges: Sequence[tuple[str, Exchange]]) -> None:
    """Each text with a 201 is exactly in Meta's ledger and in the message list."""
    stored: dict[str, object] = {}
    for body, exchange in exchanges:
        is_exactly(
            normalized(message_at_meta(account, exchange)["body"]).get("body"), body, "the text at Meta", exchange
        )
        answer = envelope.record(exchange, 201)
        if answer["whatsapp_message_id"] not in stored:
            rows = account.messages(str(answer.get("conversation_id")))
            stored = {row["whatsapp_message_id"]: row.get("content_text") for row in rows}
        is_exactly(stored.get(answer["whatsapp_message_id"]), body, "content_text in the message list", exchange)
    expect.equal(len(account.mock_meta.accepted(to=number)), len(exchanges), "the number of messages at Meta")


def is_exactly(found: object, wanted: str, what: str, exchange: Exchange) -> None:
    if found != wanted:
        raise Mismatch(f"{what} to be {shown(wanted)}", shown(found), exchange)


def shown(value: object) -> str:
    """The text in ASCII escapes, so that invisible characters can be told apart."""
    plain = ascii(value)
    return plain if len(plain) <= 160 else f"{plain[:120]}…{plain[-30:]} ({len(str(value))} characters)"


def send_each(account: Account, number: str, bodies: Sequence[str]) -> list[tuple[str, Exchange]]:
    return [(body, account.api.post("/messages", text(body).to(number))) for body in bodies]


@requirement("MSG-12")
@pytest.mark.parametrize("group", CARRIED)
def test_text_is_carried_exactly(account: Account, group: str) -> None:
    number = account.numbers.fresh()
    sent = send_each(account, number, CARRIED[group])
    is_carried_exactly(account, number, sent)


@requirement("MSG-12")
def test_text_in_json_escapes_is_carried_exactly(account: Account) -> None:
    number, body = account.numbers.fresh(), "Perché 👍🏽 \u202bשלום\u202c e\u0301 \u2028 </b>"
    escaped = json.dumps({"to": number, "text": body}).replace("/", "\\/").encode("ascii")
    exchange = account.api.call("POST", "/messages", content=escaped, headers={"Content-Type": "application/json"})
    is_carried_exactly(account, number, [(body, exchange)])


@requirement("MSG-12")
def test_unsupported_text_is_carried_exactly_or_refused(account: Account) -> None:
    number = account.numbers.fresh()
    sent = send_each(account, number, POSSIBLY_UNSUPPORTED)
    for _, exchange in sent:
        expect.status(exchange, 201, 400)
    is_carried_exactly(account, number, [pair for pair in sent if pair[1].status == 201])


@requirement("MSG-12")
def test_text_that_is_too_long_is_refused_before_sending(account: Account) -> None:
    number, since = account.numbers.fresh(), account.mock_meta.mark()
    for body, exchange in send_each(account, number, TOO_LONG):
        expect.status(exchange, 400, *([413] if len(body) > 10_000 else []))
    attempts = account.mock_meta.sends(to=number, since=since)
    expect.equal(len(attempts), 0, "the number of requests to Meta for texts that are too long")
