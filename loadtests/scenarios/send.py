"""`send`: text, template and media, to people who are new and people who are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.meta.templates import GREETING
from loadtests.users import message_records
from loadtests.users.user import Stream, visit

if TYPE_CHECKING:
    from loadtests.users.task import Visit

LINKS = {
    "image": "https://media.wacrm.invalid/photo.jpg",
    "video": "https://media.wacrm.invalid/clip.mp4",
    "document": "https://media.wacrm.invalid/invoice.pdf",
}
"""Places that do not exist (RFC 2606): neither the target nor the mock fetches them."""


class SendScenario(Stream):
    """Agents and automations write to customers."""

    @visit("send", 140, "text")
    def text_to_somebody_known(self, visit: Visit) -> None:
        self._text(visit, visit.world.people.acquaintance())

    @visit("send", 60, "text", "new")
    def text_to_somebody_new(self, visit: Visit) -> None:
        self._text(visit, visit.world.people.stranger())

    @visit("send", 60, "template")
    def template(self, visit: Visit) -> None:
        world = visit.world
        to, nonce = world.people.acquaintance(), world.nonce()
        params = [nonce, str(world.rng.randrange(10_000))]
        body = {"type": "template", "template": {"name": GREETING, "language": "en_US", "params": params}}
        visit.send(to, message_records.template(GREETING, "en_US", params), nonce, body)

    @visit("send", 40, "media")
    def media(self, visit: Visit) -> None:
        world = visit.world
        to, nonce = world.people.acquaintance(), world.nonce()
        kind = world.rng.choice(list(LINKS))
        caption = f"Here you are: {nonce}"
        filename = "invoice.pdf" if kind == "document" else None
        body = {"type": kind, "media_url": LINKS[kind], "text": caption} | ({"filename": filename} if filename else {})
        visit.send(to, message_records.media(kind, LINKS[kind], caption, filename), nonce, body)

    def _text(self, visit: Visit, to: str) -> None:
        nonce = visit.world.nonce()
        text = f"Your parcel {nonce} is on its way. 📦 Grüße!"
        if visit.send(to, message_records.text(text), nonce, {"text": text}):
            visit.world.people.meet(to)
