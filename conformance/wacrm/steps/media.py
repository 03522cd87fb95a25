"""Media of customers: files that exist at Meta, and fetching what a `media_url` leads to."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from conformance.target.verdicts import Lacking
from conformance.wacrm.steps.raw_webhooks import deliver, message, said

if TYPE_CHECKING:
    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key
    from conformance.target.probe import Probe
    from conformance.target.target import Meta
    from conformance.wacrm.steps.account import Account

REDIRECTS = 5
REDIRECT = frozenset({301, 302, 303, 307, 308})
_JPEG, _PNG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Kind:
    """A type of message, its media type, and how its files begin. `optional`: a deployment need not keep the file."""

    message: str
    mime: str
    head: bytes
    optional: bool = False

    def file(self, marker: str) -> bytes:
        """Bytes that no other file has, with every value that a text decoder would change."""
        return self.head + marker.encode() + bytes(range(256)) + b"\r\n\x00"


KINDS = {
    "JPEG": Kind("image", "image/jpeg", _JPEG),
    "PNG": Kind("image", "image/png", _PNG),
    "video": Kind("video", "video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"),
    "voice note": Kind("audio", "audio/ogg", b"OggS\x00\x02" + bytes(22) + b"OpusHead\x01\x01"),
    "MP3": Kind("audio", "audio/mpeg", b"ID3\x04\x00\x00\x00\x00\x00\x00"),
    "PDF": Kind("document", "application/pdf", b"%PDF-1.1\n"),
    "plain text": Kind("document", "text/plain", b""),
    "sticker": Kind("sticker", "image/webp", b"RIFF\x20\x00\x00\x00WEBPVP8 ", optional=True),
}
"""By name; the names are parameters of checks."""


@dataclass(frozen=True)
class File:
    """A file at Meta. `wamid` is the message that brought it."""

    kind: Kind
    content: bytes
    wamid: str


@dataclass(frozen=True)
class Files:
    """Files of customers. `download` reaches any address; `deployment` is the target's origin."""

    meta: Meta
    download: Probe
    deployment: str

    def receive(self, account: Account, sender: str, name: str, **members: str) -> File:
        """A customer sends a file of this kind, with these further members of Meta's."""
        kind = KINDS[name]
        content = kind.file(account.marker())
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        medium = {"id": self._at_meta(account, kind, content), "mime_type": kind.mime, "sha256": digest, **members}
        item = message(sender, type=kind.message, **{kind.message: medium})
        deliver(account, said(account, item))
        return File(kind, content, str(item["id"]))

    def _at_meta(self, account: Account, kind: Kind, content: bytes) -> str:
        if self.meta.access_token is None:
            raise Lacking("the target file gives no meta.access_token, so that no file can be put at mock Meta")
        token = self.meta.access_token.get_secret_value()
        return account.mock_meta.upload(account.phone_number_id, token, content, kind.mime)

    def fetch(self, url: str, key: Key | None) -> Exchange:
        """What the address leads to, redirects followed. The key goes to the deployment only: it is nobody else's."""
        place = urljoin(f"{self.deployment}/", url)
        exchange = self._get(place, key)
        for _ in range(REDIRECTS):
            location = exchange.answer_headers.get("location")
            if exchange.status not in REDIRECT or location is None:
                break
            place = urljoin(place, location)
            exchange = self._get(place, key)
        return exchange

    def _get(self, place: str, key: Key | None) -> Exchange:
        return self.download.send("GET", place, key=key if _host(place) == _host(self.deployment) else None)


def _host(url: str) -> str:
    """All names of this machine are one: a deployment may know itself under another than the target file does."""
    host = urlsplit(url).hostname or ""
    return "localhost" if host in {"127.0.0.1", "::1"} else host


def difference(exchange: Exchange, file: File) -> str:
    """How an answer differs from the file at Meta; empty when it does not."""
    shown = exchange.answer_headers.get("content-type", "")
    if exchange.status != 200:
        return exchange.summary
    if exchange.content != file.content:
        return f"{len(exchange.content)} other bytes, beginning with {exchange.content[:40]!r}"
    if shown.partition(";")[0].strip().lower() != file.kind.mime:
        return f"the media type {shown!r}"
    return ""
