"""Valid messages of every type: what a client asks for, and what Meta must then be asked (Meta page, 5.4 and 6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING
from conformance.target import expect
from conformance.target.concurrency import at_once
from conformance.target.numbers import digits
from conformance.wacrm.steps import envelope

if TYPE_CHECKING:
    from conformance.meta.mock_client import Entry
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]

MEDIA = ("image", "video", "document", "audio")
TYPES = ("text", "template", *MEDIA)
CAPTIONED = ("image", "video", "document")
"""Meta knows no captions on audio."""
FILES = "https://media.wacrm.invalid/files"
"""Where the checks' media would be; `.invalid` (RFC 2606) leads nowhere."""


@dataclass(frozen=True)
class Sample:
    """A message: the request's members besides `to`, and the member named by `type` that Meta must get."""

    type: str
    fields: Row
    wire: Row

    def to(self, number: str, **members: Any) -> Row:  # noqa: ANN401 - JSON
        """The request's body."""
        return {"to": number, "type": self.type, **self.fields, **members}


def text(body: str) -> Sample:
    return Sample("text", {"text": body}, {"body": body})


def medium(kind: str, link: str, caption: str | None = None) -> Sample:
    """An image, video, document or audio, with a caption or without."""
    if caption is None:
        return Sample(kind, {"media_url": link}, {"link": link})
    return Sample(kind, {"media_url": link, "text": caption}, {"link": link, "caption": caption})


def template(name: str, language: str, *values: str) -> Sample:
    """A template with the body's values as a list."""
    wire: Row = {"name": name, "language": {"code": language}}
    if values:
        wire["components"] = [{"type": "body", "parameters": [parameter(value) for value in values]}]
    return Sample("template", {"template": {"name": name, "language": language, "params": list(values)}}, wire)


def parameter(value: str) -> Row:
    return {"type": "text", "text": value}


def sample(kind: str, word: str) -> Sample:
    """A message of a type that holds `word`, by which it is found in the ledger."""
    if kind == "text":
        return text(f"{word}: hello from https://media.wacrm.invalid/?a=1&b=2")
    if kind == "template":
        return template(GREETING, "en_US", word, "A-17")
    return medium(kind, f"{FILES}/{word}", f"{word}: look" if kind in CAPTIONED else None)


def at_meta(account: Account, exchange: Exchange) -> Entry:
    """The message at Meta that a 201 stands for: the one of its wamid, else the number's newest (MSG-01 judges wamids)."""
    wamid = envelope.record(exchange, 201).get("whatsapp_message_id")
    found = account.mock_meta.accepted(wamid=wamid) if isinstance(wamid, str) and wamid else []
    newest = found or account.mock_meta.accepted(to=digits(json.loads(exchange.body)["to"]))[-1:]
    expect.that(newest, "a message that Meta accepted", "none to this number in its ledger", exchange)
    return newest[0]


def taken(account: Account, exchange: Exchange) -> Row:
    """The record of a send that must be a 201. No verdict where such a message is refused by itself too, to a new number
    and quoting nothing: then MSG-01 or MSG-03 say so, for its type.
    """
    if exchange.status != 201:
        body = {name: value for name, value in json.loads(exchange.body).items() if name != "reply_to_message_id"}
        alone = account.api.post("/messages", {**body, "to": account.numbers.fresh()})
        expect.precondition(alone.status == 201, f"such a message is refused by itself too: {alone.summary}")
    return envelope.record(exchange, 201)


def send_at_once(account: Account, *bodies: Row) -> list[Exchange]:
    """Send them all at the same moment."""
    return at_once([partial(account.api.post, "/messages", body) for body in bodies])


def said(body: Any) -> Row:  # noqa: ANN401 - JSON
    """The member named by `type` of a body that went to Meta, without what has no meaning.

    Left out are absent values (null, an empty caption), empty components, `preview_url` and `policy`; the button's index
    is text, and the words that Meta reads in any case are in lower case. Raises nothing: what is no such body is `{}`.
    """
    inner = body.get(str(body.get("type", "text"))) if isinstance(body, dict) else None
    found = _plain(inner) if isinstance(inner, dict) else {}
    parts = [part for part in found.pop("components", []) if part.get("parameters") or part.get("type") == "button"]
    ordered = sorted(parts, key=lambda part: (str(part.get("type")), str(part.get("index"))))
    return {**found, "components": ordered} if ordered else found


_WITHOUT_MEANING = frozenset({"preview_url", "policy"})
_WORDS = frozenset({"type", "sub_type"})


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: inner for name, inner in value.items() if name not in _WITHOUT_MEANING and inner is not None}
    return {name: _member(name, inner) for name, inner in kept.items() if not (name == "caption" and inner == "")}


def _member(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if name in _WORDS and isinstance(value, str):
        return value.lower()
    return str(value) if name == "index" else _plain(value)
