"""Identifiers the way Meta makes them. Unique per process unless a seed is asked for.

A deployment keeps its database across runs of the mock, so message ids must not repeat with the behaviour's seed.
"""

import base64
import random
from binascii import b2a_base64
from typing import NamedTuple

from mock_meta.protocol.wamid import encode_wamid

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Traces(NamedTuple):
    """What names one answer (3.3). ``request`` is also ``fbtrace_id``: 23 URL-safe characters, the first an A.

    ``trace`` has 11 of them, ``debug`` 88 characters of base64.
    """

    request: bytes
    trace: bytes
    debug: bytes


class Ids:
    """Draws ids from one generator; ``seed`` None takes entropy from the operating system."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._bits = self._random.getrandbits

    def wamid(self, number: str, *, inbound: bool = False) -> str:
        if inbound:
            return encode_wamid(number, f"3A{self._bits(72):018X}", inbound=True)
        return encode_wamid(number, f"{self._bits(72):018X}", inbound=False)

    def numeric(self, digits: int = 16) -> str:
        """A decimal object id (media, template) that starts with no zero."""
        low = 10 ** (digits - 1)
        return str(low + self._random.randrange(9 * low))

    def hexadecimal(self, digits: int) -> str:
        return f"{self._bits(4 * digits):0{digits}x}"

    def token(self, size: int) -> str:
        """URL-safe base64 text of ``size`` characters."""
        raw = self._bits(8 * size).to_bytes(size, "big")
        return base64.urlsafe_b64encode(raw)[:size].decode("ascii")

    def traces(self) -> Traces:
        """The ids of one answer, out of one draw."""
        raw = self._bits(8 * 91).to_bytes(91, "big")
        safe = b2a_base64(raw[:27], newline=False).translate(_URL_SAFE)
        return Traces(b"A" + safe[:22], safe[22:33], b2a_base64(raw[27:], newline=False))
