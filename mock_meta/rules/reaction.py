"""Reactions: one emoji, or the empty string that takes it back (fact sheet 5.4)."""

import unicodedata

from mock_meta.protocol.errors import invalid
from mock_meta.rules.value_checks import as_object, only, required, text_at, wrong_value

_JOINER, _SELECTOR, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
_SKIN = range(0x1F3FB, 0x1F400)
_FLAG = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_FIRST_SYMBOL = 0x2190
_PLAIN = frozenset("\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299")


def check_reaction(value: object) -> None:
    reaction = as_object(value, "reaction")
    only(reaction, {"message_id", "emoji"}, "reaction")
    text_at(reaction, "message_id", "reaction", 512)
    emoji = reaction.get("emoji")
    if emoji is None:
        raise required("reaction['emoji']")
    if not isinstance(emoji, str):
        raise invalid("Param reaction['emoji'] must be a string.")
    if emoji and not is_one_emoji(emoji):
        raise wrong_value("Reaction emoji is invalid. Exactly one emoji is allowed")


def is_one_emoji(text: str) -> bool:
    """Whether the text is one emoji as a person sees it: joined sequences, flags, skin tones and keycaps included."""
    return _flag(text) or _keycap(text) or _sequence(text)


def _flag(text: str) -> bool:
    return len(text) == len("IT") and all(ord(letter) in _FLAG for letter in text)


def _keycap(text: str) -> bool:
    return text[:1] in set("0123456789#*") and text[1:].removeprefix(_SELECTOR) == _KEYCAP


def _sequence(text: str) -> bool:
    return all(_element(part) for part in text.split(_JOINER))


def _element(text: str) -> bool:
    """A base symbol, then only what modifies it."""
    modifiers = text[1:]
    base = text[:1]
    pictographic = base != "" and (
        base in _PLAIN or (unicodedata.category(base) in {"So", "Sm", "Sk"} and ord(base) >= _FIRST_SYMBOL)
    )
    return pictographic and all(mark == _SELECTOR or ord(mark) in _SKIN or ord(mark) in _TAGS for mark in modifiers)
