"""`X-Wacrm-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + raw body)>` (HOOK-06)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

_TIME = re.compile(r"[0-9]{1,12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Flaw(StrEnum):
    """What can be wrong with a signature."""

    MISSING = "there is no signature"
    MALFORMED = "it is not of the form t=<unix seconds>,v1=<64 hex digits>"
    FORGED = "v1 is not the HMAC-SHA256 of t, a dot and the raw body with the registration's secret"
    STALE = "t is not now"


@dataclass(frozen=True)
class Signature:
    """A parsed signature: `at` unix seconds, `digests` the `v1` values (several while secrets are rotated)."""

    at: int
    digests: tuple[str, ...]


def read(header: str | None) -> Signature | None:
    """The signature in a header; None when it is malformed. Schemes other than `v1` are ignored."""
    pairs = [part.strip().partition("=") for part in (header or "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    digests = tuple(value for name, _, value in pairs if name == "v1")
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not digests:
        return None
    return Signature(int(times[0]), digests) if all(_DIGEST.fullmatch(digest) for digest in digests) else None


def digest(secret: str, at: int, raw: bytes) -> str:
    """The `v1` of a body."""
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()


def flaw(header: str | None, secret: str, raw: bytes, now: float, tolerance: float) -> Flaw | None:
    """What is wrong with a delivery's signature; None when nothing is. `now` is unix time, `tolerance` seconds."""
    if not header:
        return Flaw.MISSING
    signature = read(header)
    if signature is None:
        return Flaw.MALFORMED
    expected = digest(secret, signature.at, raw)
    if not any(hmac.compare_digest(expected, given) for given in signature.digests):
        return Flaw.FORGED
    return Flaw.STALE if abs(signature.at - now) > tolerance else None
