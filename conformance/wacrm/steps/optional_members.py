"""What Meta may put on a customer's message beside what it says (Meta fact sheet, section 16.2), and what nobody knows yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.wacrm.steps.raw_webhooks import deliver, message, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.wacrm.steps.account import Account, Row

QUOTED, BUSINESS = "wamid of an earlier message", "the business number"
"""Stand for values that are known when the message is written."""
STRANGE = {
    "words": "new",
    "number": 7,
    "truth": True,
    "nothing": None,
    "list": [1, {"a": []}],
    "object": {"a": {"b": None}},
}


@dataclass(frozen=True)
class OptionalMembers:
    """Members of the message, of its sender's entry in `contacts` (None takes one away), and of the change's value.

    A message that is no text gives its type and content here. `content_types` may be shown; `elsewhere`: the message may
    be in a conversation of its own.
    """

    message: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)
    value: Mapping[str, Any] = field(default_factory=dict)
    content_types: tuple[str, ...] = ("text",)
    elsewhere: bool = False


def _ad(kind: str, **members: str) -> OptionalMembers:
    referral = {"source_url": "https://fb.me/3cr4Wqqkv", "source_id": "120226305854810726", "source_type": kind,
                "body": "Now", "headline": "Sale", "ctwa_clid": "Aff-n8ZTODiE79d22KtAwQKj", **members}  # fmt: skip
    return OptionalMembers({"referral": referral})


def _context(members: Mapping[str, Any], *types: str, content: Mapping[str, Any] | None = None) -> OptionalMembers:
    return OptionalMembers({**(content or {}), "context": members}, content_types=types or ("text",))


def _medium(kind: str, **members: Any) -> OptionalMembers:  # noqa: ANN401 - Meta's members
    content = {"type": kind, kind: {"url": "/whatsapp_business/attachments/?mid=1&ext=1&hash=A", **members}}
    return OptionalMembers(content, content_types=(kind,))


_PRODUCT = {"catalog_id": "194836987003835", "product_retailer_id": "di9ozbzfi4"}
_TAP = {"type": "button", "button": {"payload": "P-1", "text": "Ok"}}
_REPLY: Mapping[str, Any] = {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}
_CHOICE = {"type": "interactive", "interactive": _REPLY}
_PLACE = {
    "latitude": 45.46,
    "longitude": 9.19,
    "name": "Duomo",
    "address": "Milano",
    "url": "https://wacrm.invalid/duomo",
}
_MEDIA = "https://media.wacrm.invalid"
_AD, _USER, _PARENT = _ad("ad"), "US.13491208655302741918", "US.ENT.11815799212886844830"
_GREETED = {"referral": {**_AD.message["referral"], "welcome_message": {"text": "Hello!"}}}
_KEY = "DF2lS5v2W6x="
_IDENTITY = {"acknowledged": True, "created_timestamp": "1749416383", "hash": _KEY}
_NOBODYS = "wamid.HBgLMTIwMjU1NTAxMjMVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"

MEMBERS: Mapping[str, OptionalMembers] = {
    "ad with image": _ad("ad", media_type="image", image_url=f"{_MEDIA}/ad.jpg"),
    "ad with video": _ad("ad", media_type="video", video_url=f"{_MEDIA}/ad.mp4", thumbnail_url=f"{_MEDIA}/ad.jpg"),
    "ad with welcome message": OptionalMembers(_GREETED),
    "post": _ad("post", media_type="image", image_url=f"{_MEDIA}/post.jpg"),
    "ad of an unknown source": _ad("hologram", media_type="scent"),
    "referral with an address only": OptionalMembers({"referral": {"source_url": "https://fb.me/3cr4Wqqkv"}}),
    "image from an ad": OptionalMembers(
        {"type": "image", "image": {"caption": "this one?"}, **_AD.message}, content_types=("image",)
    ),
    "forwarded": _context({"forwarded": True}),
    "frequently forwarded": _context({"frequently_forwarded": True}),
    "forwarded with sender": _context({"from": BUSINESS, "forwarded": True}),
    "forwarded image": _context({"forwarded": True}, "image", content={"type": "image", "image": {}}),
    "forwarded location": _context({"forwarded": True}, "location", content={"type": "location", "location": _PLACE}),
    "empty context": _context({}),
    "quoted": _context({"from": BUSINESS, "id": QUOTED}),
    "quoted without sender": _context({"id": QUOTED}),
    "quoted and forwarded": _context({"from": BUSINESS, "id": QUOTED, "forwarded": True, "frequently_forwarded": True}),
    "quoted message that nobody has": _context({"from": BUSINESS, "id": _NOBODYS}),
    "product of a catalogue": _context({"from": BUSINESS, "id": QUOTED, "referred_product": _PRODUCT}),
    "product without quoted message": _context({"referred_product": _PRODUCT}),
    "template button without quoted message": _context({"from": BUSINESS}, "interactive", "text", content=_TAP),
    "button reply without quoted message": _context({"from": BUSINESS}, "interactive", content=_CHOICE),
    "identity": OptionalMembers({"identity": _IDENTITY}, {"identity_key_hash": _KEY}),
    "group": OptionalMembers({"group_id": "Y2FwaV9ncm91cDo5MTAyMjkwMTI5MzQwMzk4"}, elsewhere=True),
    "image with url": _medium("image", caption="foto"),
    "video with url": _medium("video"),
    "document with url": _medium("document", filename="fattura.pdf"),
    "audio with url": _medium("audio", voice=True),
    "location with url": OptionalMembers({"type": "location", "location": _PLACE}, content_types=("location",)),
    "user ids": OptionalMembers(
        {"from_user_id": _USER, "from_parent_user_id": _PARENT},
        {"profile": {"name": "Ada", "username": "ada"}, "user_id": _USER, "parent_user_id": _PARENT},
    ),
    "contact without profile": OptionalMembers(contact={"profile": None}),
    "contact without name": OptionalMembers(contact={"profile": {}}),
    "unknown members": OptionalMembers(STRANGE),
    "unknown members of the text": OptionalMembers({"text": STRANGE}),
    "unknown members of the context": _context({"id": QUOTED, **STRANGE}),
    "unknown members of the contact": OptionalMembers(contact={"profile": {"name": "Ada", **STRANGE}, **STRANGE}),
    "unknown members of the webhook": OptionalMembers(value=STRANGE),
    "unknown members of a choice": OptionalMembers(
        {"type": "interactive", "interactive": {**_REPLY, **STRANGE}}, content_types=("interactive",)
    ),
}
"""By name; the names are parameters of checks."""

FIRST_CONTACT = (
    "ad with image", "post", "ad of an unknown source", "image from an ad", "forwarded", "product without quoted message",
    "identity", "user ids", "contact without profile", "unknown members",
)  # fmt: skip
"""Names of those that a stranger's first message may have."""


def receive_with(account: Account, members: OptionalMembers, sender: str, text: str, quoted: str = "") -> str:
    """A customer sends a message with these members; its wamid."""
    added = _filled(members.message, quoted)
    if any(kind in added for kind in ("image", "video", "document", "audio")):
        # mock Meta makes the file; a deployment may fetch it before it stores the message
        return account.mock_meta.inbound(
            account.phone_number_id, {"from": sender.removeprefix("+"), **_located(account, added)}
        )[0]
    words = {} if "type" in added else {"type": "text", "text": {"body": text, **added.pop("text", {})}}
    item = message(sender, **words, **added)
    deliver(account, said(account, item, dict(members.contact), **members.value))
    return str(item["id"])


def _filled(members: Mapping[str, Any], quoted: str) -> Row:
    """The members with a real wamid and business number in their context."""
    known = {QUOTED: quoted, BUSINESS: "15550100000"}
    context = members.get("context", {})
    filled = {name: known.get(context.get(name), context.get(name)) for name in ("from", "id") if name in context}
    return {**members, "context": {**context, **filled}} if "context" in members else dict(members)


def _located(account: Account, members: Row) -> Row:
    """The medium's `url` at mock Meta, where no file is found without a fresh ticket: a deployment fetches by id."""
    medium = dict(members[members["type"]])
    if "url" in medium:
        medium["url"] = account.mock_meta.control.removesuffix("/_control") + medium["url"]
    return {**members, members["type"]: medium}
