"""Media nodes: uploaded by the business or invented for inbound ones, with five-minute URLs (fact sheet 8)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mock_meta.protocol.call import DOWNLOAD_NODE
from mock_meta.protocol.ids import Ids
from mock_meta.protocol.meta_hosts import media_origin

URL_LIFE = 300.0
UPLOADED_LIFE = 30 * 86400.0
INBOUND_LIFE = 7 * 86400.0

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# One grey pixel in baseline JPEG: quantisation, frame, a DC and an AC table of one code each, scan.
_JPEG = bytes.fromhex(
    "ffd8 ffe000104a46494600010100000100010000"
    f"ffdb004300{'01' * 64}"
    "ffc0000b080001000101011100"
    f"ffc4001400 01{'00' * 15} 00"
    f"ffc4001410 01{'00' * 15} 00"
    "ffda0008010100003f00 3f ffd9"
)
_WEBP = base64.b64decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
_PDF = b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"  # noqa: E501
_OGG = b"OggS\x00\x02" + bytes(22) + b"OpusHead\x01\x01" + bytes(9)
_MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00\x00\x00\x08mdat"

SAMPLES: Mapping[str, tuple[str, bytes]] = MappingProxyType(
    {
        "image": ("image/jpeg", _JPEG),
        "video": ("video/mp4", _MP4),
        "audio": ("audio/ogg; codecs=opus", _OGG),
        "document": ("application/pdf", _PDF),
        "sticker": ("image/webp", _WEBP),
    }
)
_BY_TYPE: Mapping[str, bytes] = MappingProxyType({"image/png": _PNG, "image/jpeg": _JPEG, "image/webp": _WEBP})

_MIB = 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
# What can be uploaded, and up to which size in bytes (5.4).
SIZES: Mapping[str, int] = MappingProxyType(
    {
        "audio/aac": 16 * _MIB,
        "audio/mp4": 16 * _MIB,
        "audio/mpeg": 16 * _MIB,
        "audio/amr": 16 * _MIB,
        "audio/ogg": 16 * _MIB,
        "audio/opus": 16 * _MIB,
        "application/vnd.ms-powerpoint": 100 * _MIB,
        "application/msword": 100 * _MIB,
        f"{_OFFICE}.wordprocessingml.document": 100 * _MIB,
        f"{_OFFICE}.presentationml.presentation": 100 * _MIB,
        f"{_OFFICE}.spreadsheetml.sheet": 100 * _MIB,
        "application/pdf": 100 * _MIB,
        "text/plain": 100 * _MIB,
        "application/vnd.ms-excel": 100 * _MIB,
        "image/jpeg": 5 * _MIB,
        "image/png": 5 * _MIB,
        "image/webp": 500 * 1024,
        "video/mp4": 16 * _MIB,
        "video/3gpp": 16 * _MIB,
    }
)


# What a message of each kind may hold, in the order in which Meta lists it (5.4; image: 4.4, audio: 20.3), and up to which
# size in bytes. Documents are of any type.
ACCEPTED_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "image": ("image/png", "image/jpeg"),
        "video": ("video/mp4", "video/3gpp"),
        "audio": ("audio/ogg; codecs=opus", "audio/mpeg", "audio/amr", "audio/mp4", "audio/aac"),
        "sticker": ("image/webp",),
    }
)
MOST_BYTES: Mapping[str, int] = MappingProxyType(
    {
        "image": 5 * _MIB,
        "video": 16 * _MIB,
        "audio": 16 * _MIB,
        "document": 100 * _MIB,
        "sticker": 500 * 1024,
    }
)


def sample(kind: str, mime_type: str | None) -> tuple[str, bytes]:
    """The media type and the bytes of an invented file: of the asked type where there is a sample of it."""
    usual, content = SAMPLES[kind]
    mime = mime_type or usual
    return mime, _BY_TYPE.get(mime, content)


@dataclass(frozen=True, slots=True)
class Media:
    """A stored file. ``mime_type`` may carry parameters; times in unix seconds."""

    id: str
    waba_id: str
    phone_number_id: str
    mime_type: str
    content: bytes
    expires_at: float

    @property
    def sha256_hex(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def sha256_base64(self) -> str:
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A download URL's secret."""

    media_id: str
    expires_at: int
    hash: str


def download_url(origin: str, ticket: Ticket) -> str:
    """On the caller's own way to the mock."""
    place = f"{DOWNLOAD_NODE}/attachments/"
    return f"{media_origin(origin)}/{place}?mid={ticket.media_id}&ext={ticket.expires_at}&hash={ticket.hash}"


class MediaStore:
    """Files by id, and the tickets of their download URLs."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._files: dict[str, Media] = {}
        self._tickets: dict[str, Ticket] = {}

    def clear(self) -> None:
        self._files.clear()
        self._tickets.clear()

    def add(self, waba_id: str, phone_number_id: str, mime_type: str, content: bytes, expires_at: float) -> Media:
        media = Media(self._ids.numeric(), waba_id, phone_number_id, mime_type, content, expires_at)
        self._files[media.id] = media
        return media

    def put(self, media: Media) -> None:
        self._files[media.id] = media

    def find(self, media_id: str, now: float) -> Media | None:
        """The file, unless it is unknown or expired."""
        media = self._files.get(media_id)
        return media if media is not None and media.expires_at > now else None

    def delete(self, media_id: str) -> None:
        self._files.pop(media_id, None)

    def ticket(self, media: Media, now: float) -> Ticket:
        """A new one; those that expired are forgotten, oldest first."""
        while self._tickets and next(iter(self._tickets.values())).expires_at <= now:
            del self._tickets[next(iter(self._tickets))]
        ticket = Ticket(media.id, int(now + URL_LIFE), "AT" + self._ids.token(40))
        self._tickets[ticket.hash] = ticket
        return ticket

    def redeem(self, media_id: str, secret: str, now: float) -> Media | None:
        """The file behind a download URL; None once five minutes are over."""
        ticket = self._tickets.get(secret)
        if ticket is None or ticket.media_id != media_id or ticket.expires_at <= now:
            return None
        return self.find(media_id, now)
