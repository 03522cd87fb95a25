"""MSG-03: media and templates reach Meta as documented."""

# ruff: noqa: RUF001 - characters that look like others are the point

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from conformance.meta.templates import GREETING, ORDER, PICTURE, PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.expectations import envelope
from conformance.wacrm.expectations.sent_messages import message_at_meta
from conformance.wacrm.steps.outbound_messages import (
    CAPTIONED,
    FILES,
    MEDIA,
    Sample,
    media,
    normalized,
    parameter,
    template,
    text,
)

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.outbound_messages import Row

pytestmark = pytest.mark.usefixtures("sends")

LINKS = (
    f"{FILES}/picture.png",
    f"{FILES}/download",
    f"{FILES}/signed.bin?token=a%2Fb%2Bc%3D%3D&expires=1790000000&x=1&x=2&empty=&flag&u=https://other.invalid/?q=1",
    f"{FILES}/caff%C3%A8%20%26%20t%C3%A9%20100%25.pdf",
    f"{FILES}/A+B;v=1,C:D@E/~x_(1)!*$.PNG#page=2",
    "https://media.wacrm.invalid:8443/a/../b//c.mp4?download=",
    f"{FILES}/long?signature={'Zm9v' * 360}",
)  # fmt: skip
UNICODE_LINK = f"{FILES}/ñandú/写真.png?größe=1&q=Привет"
CAPTIONS = (
    "Look",
    "  The café's menu\n\n\t— “due” caffè & 2 <b>tè</b> \\o/ %41 {{1}}\r\n 👩‍👩‍👧‍👦👍🏽 \u202bשלום\u202c e\u0301 ",
    "0",
    "n" * 1024,
)
FILENAMES = (
    "invoice.pdf",
    "Rechnung März (2) – “final”.PDF",
    "請求書 #1 & co.xlsx",
    "no extension",
    "è.tar.gz",
    ".env",
)
VALUES = (
    "Ada & “Söhne” <b>\\n</b> 'x' \"y\"",
    "{{1}} {{2}} ${x} %s $1 $& \\1",
    "👩🏽‍🚀👨‍👩‍👧 ❤️",
    "\u200fمرحبا\u200f שלום",
    "e\u0301 \u212b ﬁ",
    "https://x.invalid/?a=1&b=%20#c",
    "0",
    "null",
    "007",
    " Ada  Lovelace ",
    "v" * 300,
)


def meta_receives(account: Account, number: str, one: Sample, *, without: str = "") -> Exchange:
    """A 201, and Meta got the sample's type and content; the member `without` is ignored."""
    exchange = account.api.post("/messages", one.to(number))
    entry = message_at_meta(account, exchange)
    expect.equal(entry["body"].get("type", "text"), one.type, "the type at Meta", exchange)
    found = {name: value for name, value in normalized(entry["body"]).items() if name != without}
    expect.equal(found, one.wire, f"the {one.type} at Meta", exchange)
    return exchange


def with_fields(one: Sample, **fields: object) -> Sample:
    return replace(one, fields={**one.fields, **fields})


@requirement("MSG-03")
@pytest.mark.parametrize("kind", MEDIA)
def test_a_link_reaches_meta_unchanged_and_without_a_caption(account: Account, kind: str) -> None:
    """A document without a file name may get one from the link."""
    number = account.numbers.fresh()
    for link in LINKS:
        meta_receives(account, number, media(kind, link), without="filename" if kind == "document" else "")


@requirement("MSG-03")
@pytest.mark.parametrize("kind", MEDIA)
def test_a_link_with_unescaped_letters_is_refused_or_equivalent(account: Account, kind: str) -> None:
    exchange = account.api.post("/messages", media(kind, UNICODE_LINK).to(account.numbers.fresh()))
    if expect.status(exchange, 201, 400, 502).status == 201:
        link = normalized(message_at_meta(account, exchange)["body"]).get("link")
        expect.equal(unquote(str(link)), UNICODE_LINK, "the link at Meta, unescaped", exchange)


@requirement("MSG-03")
@pytest.mark.parametrize("kind", CAPTIONED)
def test_a_caption_reaches_meta_unchanged(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    for caption in CAPTIONS:
        one = media(kind, LINKS[0], caption)
        meta_receives(account, number, one, without="filename" if kind == "document" else "")


@requirement("MSG-03")
@pytest.mark.parametrize("kind", CAPTIONED)
def test_a_caption_that_is_too_long_is_refused_and_not_truncated(account: Account, kind: str) -> None:
    """Meta accepts 1,024 characters. The documentation names no limit, so that either side may refuse."""
    number = account.numbers.fresh()
    exchange = account.api.post("/messages", media(kind, LINKS[0], "n" * 1025).to(number))
    envelope.error(exchange, (400, "bad_request"), (502, "meta_error"))
    expect.equal(len(account.mock_meta.accepted(to=number)), 0, "the number of messages at Meta", exchange)


@requirement("MSG-03")
def test_text_with_audio_is_ignored_or_refused(account: Account) -> None:
    """Documented as the caption, which Meta does not have for audio: it may be ignored or refused."""
    number, one = account.numbers.fresh(), media("audio", LINKS[0])
    exchange = account.api.post("/messages", one.to(number, text="Listen"))
    if expect.status(exchange, 201, 400, 502).status == 201:
        expect.equal(normalized(message_at_meta(account, exchange)["body"]), one.wire, "the audio at Meta", exchange)
    count = len(account.mock_meta.accepted(to=number))
    expect.equal(count, int(exchange.status == 201), "the number of messages at Meta", exchange)


@requirement("MSG-03")
@pytest.mark.parametrize("caption", [None, "The bill"], ids=["bare", "captioned"])
def test_a_documents_file_name_reaches_meta_unchanged(account: Account, caption: str | None) -> None:
    number = account.numbers.fresh()
    for filename in FILENAMES:
        one = media("document", LINKS[0], caption)
        meta_receives(account, number, replace(one, fields={**one.fields, "filename": filename},
                                         wire={**one.wire, "filename": filename}))  # fmt: skip


@requirement("MSG-03")
@pytest.mark.parametrize("kind", ["text", "template", "image", "video", "audio"])
def test_a_file_name_is_ignored_for_other_types(account: Account, kind: str) -> None:
    plain = {"text": text("hello"), "template": template(PLAIN, "en_US")}.get(kind) or media(kind, LINKS[0])
    meta_receives(account, account.numbers.fresh(), with_fields(plain, filename="invoice.pdf"))


def with_params(one: Sample, params: object) -> Sample:
    return replace(one, fields={"template": {**one.fields["template"], "params": params}})


@requirement("MSG-03")
@pytest.mark.parametrize("language", ["en_US", "it"])
def test_a_templates_name_and_language_reach_meta(account: Account, language: str) -> None:
    number, bare = account.numbers.fresh(), template(PLAIN, language)
    meta_receives(account, number, bare)
    meta_receives(account, number, replace(bare, fields={"template": {"name": PLAIN, "language": language}}))
    meta_receives(account, number, template(GREETING, language, "Ada", "A-17"))


@requirement("MSG-03")
def test_a_template_without_language_is_refused_or_en_us(account: Account) -> None:
    one = replace(template(PLAIN, "en_US"), fields={"template": {"name": PLAIN}})
    exchange = account.api.post("/messages", one.to(account.numbers.fresh()))
    if expect.status(exchange, 201, 400, 502).status == 201:
        expect.equal(normalized(message_at_meta(account, exchange)["body"]), one.wire, "the template at Meta", exchange)


@requirement("MSG-03")
def test_body_parameters_reach_meta_in_order_and_unchanged(account: Account) -> None:
    number = account.numbers.fresh()
    for first, second in zip(VALUES, VALUES[1:] + VALUES[:1], strict=True):
        meta_receives(account, number, template(GREETING, "en_US", first, second))


@requirement("MSG-03")
def test_params_as_an_object_reach_meta_in_their_components(account: Account) -> None:
    number, greeting = account.numbers.fresh(), template(GREETING, "it", "Zoë", "<b>")
    meta_receives(account, number, with_params(greeting, {"body": ["Zoë", "<b>"]}))
    one = with_params(template(ORDER, "en_US", "Zoë", "the mail"),
                      {"headerText": "№ 4711", "body": ["Zoë", "the mail"], "buttonParams": {"0": "A-17?x=1&y=ü"}})  # fmt: skip
    meta_receives(account, number, replace(one, wire={**one.wire, "components": [
        *one.wire["components"],
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [parameter("A-17?x=1&y=ü")]},
        {"type": "header", "parameters": [parameter("№ 4711")]},
    ]}))  # fmt: skip


@requirement("MSG-03")
def test_header_media_reaches_meta_or_is_refused(account: Account) -> None:
    """A deployment may insist on knowing the template, whose header says what the medium is."""
    image = {"image": {"link": LINKS[2]}}
    one = with_params(template(PICTURE, "en_US", "Ada"), {"headerMediaUrl": LINKS[2], "body": ["Ada"]})
    exchange = account.api.post("/messages", one.to(account.numbers.fresh()))
    if expect.status(exchange, 201, 400, 500, 502).status == 201:
        wanted: list[Row] = [*one.wire["components"], {"type": "header", "parameters": [{"type": "image", **image}]}]
        found = normalized(message_at_meta(account, exchange)["body"]).get("components")
        expect.equal(found, wanted, "the template's components at Meta", exchange)
