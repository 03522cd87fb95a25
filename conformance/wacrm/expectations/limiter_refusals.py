"""What Wacrm documents of a refusal by its limiter (RATE-03)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.limiter.observation import exchanges
from conformance.limiter.refusal_headers import UNIX_SECONDS
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations.envelope import error_code

if TYPE_CHECKING:
    from conformance.limiter.observation import Observation

NAMES = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
SEVERAL_LIMITERS = (
    "the documentation says: the limiter is in-memory and per-process; with several processes or containers each enforces "
    "the limit for itself; for one budget, swap it for a shared store such as Redis or Upstash (src/lib/rate-limit.ts)"
)
"""What a finding about several limiters adds (RATE-12)."""


def documented(seen: Observation, limit: int) -> None:
    """A refusal has `rate_limited` and the four headers, each of its kind (RATE-03). Raises `Mismatch`."""
    shown = exchanges([seen])
    if seen.exchange is not None and (code := error_code(seen.exchange)) != "rate_limited":
        raise Mismatch("error.code 'rate_limited' with 429", repr(code), *shown)
    missing = [name for name in NAMES if name not in seen.headers]
    if missing:
        raise Mismatch(f"the header {', '.join(missing)} on every 429", "no such header", *shown)
    values = {name: seen.headers[name].strip() for name in NAMES}
    for name, value in values.items():
        if not re.fullmatch(r"\d+", value, re.ASCII):
            raise Mismatch(f"{name} to be a whole number", repr(value), *shown)
    wanted = {
        "retry-after": ("a positive number of seconds", int(values["retry-after"]) > 0),
        "x-ratelimit-limit": (f"the limit, {limit}", int(values["x-ratelimit-limit"]) == limit),
        "x-ratelimit-remaining": ("0 on a 429", int(values["x-ratelimit-remaining"]) == 0),
        "x-ratelimit-reset": ("unix time in seconds", int(values["x-ratelimit-reset"]) in UNIX_SECONDS),
    }
    for name, (meaning, right) in wanted.items():
        if not right:
            raise Mismatch(f"{name} to be {meaning}", values[name], *shown)
