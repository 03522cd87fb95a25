"""What stands in a text beside words: emoji, and the characters that WhatsApp formats with."""

import re
import unicodedata

# Emoji of Unicode 16, as far as they are no plain signs such as arrows, ©, and digits; with U+FE0F those are emoji too.
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u203c\u2049\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa\u25fd\u25fe\u2614\u2615\u2648-\u2653"
    "\u267f\u2693\u26a0\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd"
    "\u2600-\u2604\u260e\u2611\u2639\u263a\u2660\u2663\u2665\u2666\u2702\u2705\u2708-\u270d\u270f\u2714\u2716\u2728"
    "\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797\u27a1\u27b0\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55]"
    "\ufe0f?|.\ufe0f"
)
_MARKS = "*_~`"
_FORMATTED = re.compile(r"([*_~])(?=\S)[^\n]*?(?<=\S)\1|`")


def emojis(text: str) -> int:
    """How many emoji there are; one of several code points may count more than once."""
    return len(_EMOJI.findall(text))


def is_formatted(text: str) -> bool:
    """Whether something stands between two of WhatsApp's marks, or a backtick anywhere."""
    return _FORMATTED.search(text) is not None


def without_punctuation(text: str) -> str:
    """The text without what is punctuation or markup at its ends."""
    start, end = 0, len(text)
    while start < end and _is_punctuation(text[start]):
        start += 1
    while end > start and _is_punctuation(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_punctuation(letter: str) -> bool:
    """Braces are not: they hold variables."""
    if letter in "{}":
        return False
    return letter.isspace() or letter in _MARKS or unicodedata.category(letter).startswith("P")
