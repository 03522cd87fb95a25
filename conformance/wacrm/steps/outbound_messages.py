"""Valid messages of every type: the request, and the message that Meta must get (Meta page, 5.4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.meta.templates import GREETING
from conformance.target.concurrency import at_once

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.wacrm.steps.account import Account

Row = dict[str, Any]

MEDIA = ("image", "video", "document", "audio")
TYPES = ("text", "template", *MEDIA)
CAPTIONED = ("image", "video", "document")
"""Meta has no captions on audio."""
FILES = "https://media.wacrm.invalid/files"
"""Where the media of checks would be; `.invalid` (RFC 2606) does not resolve."""


@dataclass(frozen=True)
class Sample:
    """A message: the request's members besides `to`, and the member named by `type` in the request to Meta."""

    type: str
    fields: Row
    wire: Row

    def to(self, number: str, **members: Any) -> Row:  # noqa: ANN401 - JSON
        """The request's body."""
        return {"to": number, "type": self.type, **self.fields, **members}


def text(body: str) -> Sample:
    return Sample("text", {"text": body}, {"body": body})


def media(kind: str, link: str, caption: str | None = None) -> Sample:
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


def sample(kind: str, marker: str) -> Sample:
    """A message of a type that contains `marker`, by which it is found in the ledger."""
    if kind == "text":
        return text(f"{marker}: hello from https://media.wacrm.invalid/?a=1&b=2")
    if kind == "template":
        return template(GREETING, "en_US", marker, "A-17")
    return media(kind, f"{FILES}/{marker}", f"{marker}: look" if kind in CAPTIONED else None)


def send_at_once(account: Account, *bodies: Row) -> list[Exchange]:
    """Send all bodies concurrently."""
    return at_once([partial(account.api.post, "/messages", body) for body in bodies])


def normalized(body: Any) -> Row:  # noqa: ANN401 - JSON
    """The member named by `type` of a request body to Meta, in a normal form for comparison.

    Absent values (null, an empty caption), empty components, `preview_url` and `policy` are left out; a button's
    index is text; values that Meta reads in any case are lower case. Anything else than such a body gives `{}`.
    """
    inner = body.get(str(body.get("type", "text"))) if isinstance(body, dict) else None
    found = _without_defaults(inner) if isinstance(inner, dict) else {}
    parts = [part for part in found.pop("components", []) if part.get("parameters") or part.get("type") == "button"]
    ordered = sorted(parts, key=lambda part: (str(part.get("type")), str(part.get("index"))))
    return {**found, "components": ordered} if ordered else found


_IGNORED = frozenset({"preview_url", "policy"})
_CASE_INSENSITIVE = frozenset({"type", "sub_type"})


def _without_defaults(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_without_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: inner for name, inner in value.items() if name not in _IGNORED and inner is not None}
    return {name: _member(name, inner) for name, inner in kept.items() if not (name == "caption" and inner == "")}


def _member(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if name in _CASE_INSENSITIVE and isinstance(value, str):
        return value.lower()
    return str(value) if name == "index" else _without_defaults(value)
