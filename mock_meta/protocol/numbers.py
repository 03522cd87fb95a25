"""Numbers as Meta reads them: phone numbers, the WhatsApp id they stand for (fact sheet 5.1), counts."""

import re

_PUNCTUATION = re.compile(r"[+\s()-]")
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)
_MIN_DIGITS, _MAX_DIGITS = 7, 15
_MAX_WHOLE = 18
_MEXICO, _ARGENTINA, _BRAZIL = "52", "54", "55"
_NATIONAL_TEN = 12
_BRAZIL_MOBILE = 13
_FIRST_SHORT_AREA = 31


def digits_of(text: str) -> str | None:
    """The digits of a number written with ``+``, spaces, dashes or brackets; None when it is malformed."""
    if text.isascii() and text.isdigit():
        bare = text
    else:
        bare = _PUNCTUATION.sub("", text)
        if not (bare.isascii() and bare.isdigit()):
            return None
    return bare if _MIN_DIGITS <= len(bare) <= _MAX_DIGITS else None


def whole(value: object) -> int | None:
    """A number from 0 up that came as one or as ASCII digits, of at most 18; None for anything else."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_WHOLE else None


def is_user_id(identity: str) -> bool:
    """Whether a person is named by a business-scoped user id (``US.1349…``), not by a number."""
    return identity[2:3] == "." and _USER_ID.fullmatch(identity) is not None


def whatsapp_id(digits: str) -> str:
    """The id WhatsApp answers with, which differs from the input for Mexico, Argentina and Brazil."""
    if digits.startswith(_MEXICO) and len(digits) == _NATIONAL_TEN:
        return f"521{digits[2:]}"
    if digits.startswith(_ARGENTINA) and len(digits) == _NATIONAL_TEN:
        return f"549{digits[2:]}"
    if digits.startswith(_BRAZIL) and len(digits) == _BRAZIL_MOBILE and digits[4] == "9":
        return digits[:4] + digits[5:] if int(digits[2:4]) >= _FIRST_SHORT_AREA else digits
    return digits
