"""WhatsApp message ids: ``wamid.`` and base64 of number, direction and a hex id (fact sheet 5.3)."""

import base64
import binascii
from dataclasses import dataclass

_PREFIX = "wamid."
_OUTBOUND, _INBOUND = 0x11, 0x12


@dataclass(frozen=True, slots=True)
class Wamid:
    """The parts of a message id. ``number`` is the customer's, in both directions."""

    number: str
    inbound: bool
    hexid: str


def encode_wamid(number: str, hexid: str, *, inbound: bool) -> str:
    """The id for a customer's number (digits) and an upper-case hex id of 18 (out) or 20/32 (in) characters."""
    digits, unique = number.encode("ascii"), hexid.encode("ascii")
    direction = _INBOUND if inbound else _OUTBOUND
    head = bytes((0x1C, 0x18, len(digits))) + digits
    tail = bytes((0x15, 2, 0, direction, 0x18, len(unique))) + unique + b"\0"
    return _PREFIX + base64.b64encode(head + tail).decode("ascii")


def decode_wamid(text: str) -> Wamid | None:
    """The parts of a well-formed id, or None."""
    if not text.startswith(_PREFIX):
        return None
    try:
        raw = base64.b64decode(text[len(_PREFIX) :], validate=True)
        return _parse(raw)
    except (binascii.Error, IndexError, UnicodeDecodeError):
        return None


def _parse(raw: bytes) -> Wamid | None:
    middle = 3 + raw[2]
    number, hexid = raw[3:middle], raw[middle + 6 : -1]
    well_formed = (
        raw[:2] == b"\x1c\x18" and raw[middle : middle + 3] == b"\x15\x02\x00" and raw[middle + 5] == len(hexid)
    )
    if not well_formed or raw[-1] != 0 or raw[middle + 3] not in (_OUTBOUND, _INBOUND):
        return None
    return Wamid(number.decode("ascii"), raw[middle + 3] == _INBOUND, hexid.decode("ascii"))
