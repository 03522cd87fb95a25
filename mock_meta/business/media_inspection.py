"""What Meta finds out about a file when it processes a message: the texts of 131053 (fact sheet 4.4, 5.4).

A file's own first bytes count, not what it is said to be; a type of which nothing is known here is never doubted. That
Meta looks at them, and the text that tells, is from memory. Own patterns, because a false alarm is as bad as a miss: filetype 1.2
knows no 3GP, no MP4 of other brands than isom and mp41/mp42, no MPEG-2.5 audio; puremagic 1.30 lacks the last two as well.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from mock_meta.business.media import ACCEPTED_TYPES, MOST_BYTES

HEAD = 64  # bytes of a file that are looked at
_MIB = 1024 * 1024
_STATIC_STICKER = 100 * 1024
_ANIMATION = 0x02  # in the flags of an extended WebP header
_ISO_MEDIA = rb".{4}(ftyp|moov|mdat|free|skip|wide)"
_BEGINNINGS: Mapping[str, re.Pattern[bytes]] = MappingProxyType(
    {
        mime: re.compile(beginning, re.DOTALL)
        for mime, beginning in {
            "image/jpeg": rb"\xff\xd8\xff",
            "image/png": rb"\x89PNG\r\n\x1a\n",
            "image/webp": rb"RIFF.{4}WEBP",
            "video/mp4": _ISO_MEDIA,
            "video/3gpp": _ISO_MEDIA,
            "audio/mp4": _ISO_MEDIA,
            "audio/ogg": rb"OggS",
            "audio/amr": rb"#!AMR",
            "audio/mpeg": rb"ID3|\xff[\xe0-\xff]",
            "audio/aac": rb"ID3|ADIF|\xff[\xf0-\xff]",
        }.items()
    }
)


def trouble(kind: str, mime: str, head: bytes, size: int) -> str | None:
    """Why a message of ``kind`` cannot hold a file, or None. ``head`` is its first HEAD bytes, ``size`` is in bytes."""
    allowed = ACCEPTED_TYPES.get(kind)
    if allowed is not None and mime not in {one.partition(";")[0] for one in allowed}:
        return f"Unsupported {kind.title()} mime type {mime}. Please use one of {', '.join(allowed)}."
    most = _STATIC_STICKER if kind == "sticker" and not _is_animated(head) else MOST_BYTES[kind]
    if size > most:
        return f"Media file size too big. Max file size we currently support: {most / _MIB:.3g}MB."
    return _not_what_it_claims(kind, mime, head)


def _not_what_it_claims(kind: str, mime: str, head: bytes) -> str | None:
    beginning = _BEGINNINGS.get(mime)
    if kind == "document" or beginning is None or beginning.match(head):
        return None
    found = next((one for one, other in _BEGINNINGS.items() if other.match(head)), "application/octet-stream")
    return (
        f"{kind.title()} file uploaded with mimetype as {mime}, however on processing it is of type {found}. "
        "Please choose a different file."
    )


def _is_animated(head: bytes) -> bool:
    """Whether a WebP file says so in the flags of its extended header."""
    return head[8:16] == b"WEBPVP8X" and bool(head[20:21] and head[20] & _ANIMATION)
