"""Samples of what customers send, by type (Meta fact sheet, section 16.2), and what a deployment must show (CONV-07)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.wacrm.steps.account import Row

CAPTION = "Una città è 50%, 👩‍👩‍👧‍👦\nשלם"


@dataclass(frozen=True)
class InboundSample:
    """A message as Meta sends it, and what may be shown of it.

    `types`: allowed content types. `text`: the documented text, if any. `text_contains`: a part of it. `media`:
    whether it has a media URL (None: either). `must_be_stored` false: a deployment may show it in any way or not at
    all.
    """

    item: Mapping[str, Any]
    types: tuple[str, ...]
    text: str | None = None
    text_contains: str = ""
    media: bool | None = False
    must_be_stored: bool = True
    supported_by_mock: bool = True
    without_text: bool = field(default=False)

    def __str__(self) -> str:
        parts = [" or ".join(self.types)]
        parts += [f"with the text {self.text!r}"] if self.text is not None else []
        return " ".join(parts)

    def problem(self, row: Row) -> str | None:
        """What is wrong with the message's row; None when nothing is."""
        shown, text, medium = row.get("content_type"), row.get("content_text"), row.get("media_url")
        if shown not in self.types:
            return f"content_type {shown!r}"
        if self.text is not None and text != self.text:
            return f"content_text {text!r}"
        if self.text_contains and self.text_contains not in str(text):
            return f"content_text {text!r} without {self.text_contains!r}"
        if self.without_text and text:
            return f"content_text {text!r}, where there is none"
        if self.media is not None and bool(medium) != self.media:
            return f"media_url {medium!r}"
        return None


def _media(
    kind: str,
    *types: str,
    media: bool | None = True,
    without_text: bool = False,
    **members: Any,  # noqa: ANN401 - Meta's members
) -> InboundSample:
    return InboundSample(
        {"type": kind, kind: members}, types or (kind,), members.get("caption"), media=media, without_text=without_text
    )


def _typed(kind: str, content: Any, *types: str, **rest: Any) -> InboundSample:  # noqa: ANN401 - Meta's members
    return InboundSample({"type": kind, kind: content}, types, **rest)


def _interactive(kind: str, identity: str, title: str, **more: str) -> InboundSample:
    content = {"type": kind, kind: {"id": identity, "title": title, **more}}
    return InboundSample({"type": "interactive", "interactive": content}, ("interactive",), text_contains=title)


KINDS: Mapping[str, InboundSample] = {
    "text": InboundSample({"type": "text", "text": {"body": "Ciao"}}, ("text",), "Ciao"),
    "image with caption": _media("image", caption=CAPTION),
    "image": _media("image", without_text=True),
    "video with caption": _media("video", caption=CAPTION),
    "video": _media("video", without_text=True),
    "audio": _media("audio", without_text=True, voice=False),
    "voice note": _media("audio", without_text=True, voice=True),
    "document with caption": _media("document", caption=CAPTION, filename="fattura n° 1.pdf"),
    # its text may be the file name
    "document": _media("document", filename="fattura.pdf"),
    "sticker": _media("sticker", "sticker", "image", "unsupported", media=None),
    "location": _typed("location", {"latitude": 45.4642, "longitude": 9.19, "name": "Duomo", "address": "Milano"}, "location"),
    "location without name": _typed("location", {"latitude": -33.8568, "longitude": 151.2153}, "location"),
    "button reply": _interactive("button_reply", "yes", "Sì"),
    "list reply": _interactive("list_reply", "r1", "Uno", description="Il primo"),
    "template button": _typed(
        "button", {"payload": "P-1", "text": "Va bene"}, "interactive", "text", "button", text_contains="Va bene",
    ),
    "flow reply": _typed(
        "interactive", {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"a":1}'}},
        "interactive", "unsupported", "text",
    ),
    "contacts": _typed(
        "contacts", [{"name": {"formatted_name": "B. Rossi", "first_name": "B."},
                      "phones": [{"phone": "+33199001234", "wa_id": "33199001234", "type": "CELL"}]}],
        "unsupported", "contacts", "text",
    ),
    "order": _typed(
        "order", {"catalog_id": "1948", "text": "", "product_items": [
            {"product_retailer_id": "di9", "quantity": 2, "item_price": 30, "currency": "EUR"}]},
        "unsupported", "order", "text",
    ),
    "unsupported": InboundSample({"type": "unsupported"}, ("unsupported",)),
    "a future type": InboundSample(
        {"type": "hologram", "hologram": {"id": "1"}}, ("unsupported", "hologram"), supported_by_mock=False,
    ),
    "reaction": _typed("reaction", {"message_id": "wamid.x", "emoji": "👍"}, must_be_stored=False),
    "removed reaction": _typed("reaction", {"message_id": "wamid.x"}, must_be_stored=False),
    "system": _typed(
        "system", {"body": "User Ada changed from 1 to 2", "wa_id": "33199001235", "type": "user_changed_number"},
        must_be_stored=False,
    ),
}  # fmt: skip
"""By name; the names are parameters of checks."""
