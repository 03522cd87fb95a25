"""MSG: media and templates reach Meta as documented (03)."""

# ruff: noqa: RUF001 - characters that look like others are the point

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from conformance.meta.templates import GREETING, ORDER, PICTURE, PLAIN
from conformance.target import expect
from conformance.target.expect import requirement
from conformance.wacrm.steps import envelope
from conformance.wacrm.steps.messages import (
    CAPTIONED,
    FILES,
    MEDIA,
    Sample,
    at_meta,
    medium,
    parameter,
    said,
    template,
    text,
)

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account
    from conformance.wacrm.steps.messages import Row

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


def reaches(account: Account, number: str, one: Sample, *, without: str = "") -> Exchange:
    """A 201, and Meta got the sample's type and content; the member `without` is not compared."""
    exchange = account.api.post("/messages", one.to(number))
    entry = at_meta(account, exchange)
    expect.equal(entry["body"].get("type", "text"), one.type, "the type at Meta", exchange)
    found = {name: value for name, value in said(entry["body"]).items() if name != without}
    expect.equal(found, one.wire, f"the {one.type} at Meta", exchange)
    return exchange


def with_fields(one: Sample, **fields: object) -> Sample:
    return replace(one, fields={**one.fields, **fields})


# -- media ------------------------------------------------------------------------------------------------------------


@requirement("MSG-03")
@pytest.mark.parametrize("kind", MEDIA)
def test_a_link_reaches_meta_unchanged_and_without_a_caption(account: Account, kind: str) -> None:
    """A document's file name may be made from the link, where none is given."""
    number = account.numbers.fresh()
    for link in LINKS:
        reaches(account, number, medium(kind, link), without="filename" if kind == "document" else "")


@requirement("MSG-03")
@pytest.mark.parametrize("kind", MEDIA)
def test_a_link_with_unescaped_letters_is_refused_or_keeps_its_meaning(account: Account, kind: str) -> None:
    exchange = account.api.post("/messages", medium(kind, UNICODE_LINK).to(account.numbers.fresh()))
    if expect.status(exchange, 201, 400, 502).status == 201:
        link = said(at_meta(account, exchange)["body"]).get("link")
        expect.equal(unquote(str(link)), UNICODE_LINK, "the link at Meta, unescaped", exchange)


@requirement("MSG-03")
@pytest.mark.parametrize("kind", CAPTIONED)
def test_a_caption_reaches_meta_unchanged(account: Account, kind: str) -> None:
    number = account.numbers.fresh()
    for caption in CAPTIONS:
        one = medium(kind, LINKS[0], caption)
        reaches(account, number, one, without="filename" if kind == "document" else "")


@requirement("MSG-03")
@pytest.mark.parametrize("kind", CAPTIONED)
def test_a_caption_that_meta_refuses_is_refused_and_never_cut(account: Account, kind: str) -> None:
    """Meta takes 1,024 characters. The documentation names no limit of its own, so either side may refuse."""
    number = account.numbers.fresh()
    exchange = account.api.post("/messages", medium(kind, LINKS[0], "n" * 1025).to(number))
    envelope.error(exchange, (400, "bad_request"), (502, "meta_error"))
    expect.equal(len(account.mock_meta.accepted(to=number)), 0, "the number of messages at Meta", exchange)


@requirement("MSG-03")
def test_text_with_audio_is_no_second_message(account: Account) -> None:
    """Documented as the caption, which Meta does not have on audio: left out or refused, the audio stays what it is."""
    number, one = account.numbers.fresh(), medium("audio", LINKS[0])
    exchange = account.api.post("/messages", one.to(number, text="Listen"))
    if expect.status(exchange, 201, 400, 502).status == 201:
        expect.equal(said(at_meta(account, exchange)["body"]), one.wire, "the audio at Meta", exchange)
    count = len(account.mock_meta.accepted(to=number))
    expect.equal(count, int(exchange.status == 201), "the number of messages at Meta", exchange)


@requirement("MSG-03")
@pytest.mark.parametrize("caption", [None, "The bill"], ids=["bare", "captioned"])
def test_a_documents_file_name_reaches_meta_unchanged(account: Account, caption: str | None) -> None:
    number = account.numbers.fresh()
    for filename in FILENAMES:
        one = medium("document", LINKS[0], caption)
        reaches(account, number, replace(one, fields={**one.fields, "filename": filename},
                                         wire={**one.wire, "filename": filename}))  # fmt: skip


@requirement("MSG-03")
@pytest.mark.parametrize("kind", ["text", "template", "image", "video", "audio"])
def test_a_file_name_is_ignored_for_other_types(account: Account, kind: str) -> None:
    plain = {"text": text("hello"), "template": template(PLAIN, "en_US")}.get(kind) or medium(kind, LINKS[0])
    reaches(account, account.numbers.fresh(), with_fields(plain, filename="invoice.pdf"))


# -- templates --------------------------------------------------------------------------------------------------------


def with_params(one: Sample, params: object) -> Sample:
    return replace(one, fields={"template": {**one.fields["template"], "params": params}})


@requirement("MSG-03")
@pytest.mark.parametrize("language", ["en_US", "it"])
def test_a_templates_name_and_language_reach_meta(account: Account, language: str) -> None:
    number, bare = account.numbers.fresh(), template(PLAIN, language)
    reaches(account, number, bare)
    reaches(account, number, replace(bare, fields={"template": {"name": PLAIN, "language": language}}))
    reaches(account, number, template(GREETING, language, "Ada", "A-17"))


@requirement("MSG-03")
def test_a_template_without_language_is_refused_or_american_english(account: Account) -> None:
    one = replace(template(PLAIN, "en_US"), fields={"template": {"name": PLAIN}})
    exchange = account.api.post("/messages", one.to(account.numbers.fresh()))
    if expect.status(exchange, 201, 400, 502).status == 201:
        expect.equal(said(at_meta(account, exchange)["body"]), one.wire, "the template at Meta", exchange)


@requirement("MSG-03")
def test_body_values_reach_meta_in_order_and_unchanged(account: Account) -> None:
    number = account.numbers.fresh()
    for first, second in zip(VALUES, VALUES[1:] + VALUES[:1], strict=True):
        reaches(account, number, template(GREETING, "en_US", first, second))


@requirement("MSG-03")
def test_params_as_an_object_reach_meta_in_their_components(account: Account) -> None:
    number, greeting = account.numbers.fresh(), template(GREETING, "it", "Zoë", "<b>")
    reaches(account, number, with_params(greeting, {"body": ["Zoë", "<b>"]}))
    one = with_params(template(ORDER, "en_US", "Zoë", "the mail"),
                      {"header": "№ 4711", "body": ["Zoë", "the mail"], "buttons": ["A-17?x=1&y=ü"]})  # fmt: skip
    reaches(account, number, replace(one, wire={**one.wire, "components": [
        *one.wire["components"],
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [parameter("A-17?x=1&y=ü")]},
        {"type": "header", "parameters": [parameter("№ 4711")]},
    ]}))  # fmt: skip


@requirement("MSG-03")
def test_a_headers_medium_reaches_meta_where_its_form_is_understood(account: Account) -> None:
    """The documentation says that a header may be a medium, and not how it is written."""
    image = {"image": {"link": LINKS[2]}}
    one = with_params(template(PICTURE, "en_US", "Ada"), {"header": image, "body": ["Ada"]})
    exchange = account.api.post("/messages", one.to(account.numbers.fresh()))
    if expect.status(exchange, 201, 400, 500, 502).status == 201:
        wanted: list[Row] = [*one.wire["components"], {"type": "header", "parameters": [{"type": "image", **image}]}]
        found = said(at_meta(account, exchange)["body"]).get("components")
        expect.equal(found, wanted, "the template's components at Meta", exchange)
