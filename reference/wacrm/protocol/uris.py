"""Web addresses as RFC 3986 writes them."""

import re

_ESCAPE = r"%[0-9A-Fa-f]{2}"
_NAME = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|{_ESCAPE})"
_PATH = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|{_ESCAPE})"
_WEB = re.compile(
    rf"https?://(?:(?:{_NAME}|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|{_NAME}+)(?::[0-9]{{0,5}})?"
    rf"(?:/{_PATH}*)?(?:\?(?:{_PATH}|\?)*)?(?:#(?:{_PATH}|\?)*)?",
    re.ASCII | re.IGNORECASE,
)
MAXIMUM_LENGTH = 2048


def is_web_address(text: str) -> bool:
    """Whether this is an absolute http or https URI (no spaces, no letters beyond ASCII: those are escaped)."""
    return len(text) <= MAXIMUM_LENGTH and _WEB.fullmatch(text) is not None
