from __future__ import annotations

import pytest

from conformance.limiter.observation import Observation
from conformance.target.verdicts import Mismatch
from conformance.wacrm.expectations.limiter_refusals import documented

LIMIT = 120
GOOD = {"retry-after": "5", "x-ratelimit-limit": "120", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1750000000"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry-after", None), ("retry-after", "0"), ("retry-after", "-1"), ("retry-after", "5.2"), ("retry-after", "soon"),
        ("retry-after", "Fri, 20 Nov 2026 22:08:25 GMT"), ("x-ratelimit-limit", "100"), ("x-ratelimit-limit", None),
        ("x-ratelimit-remaining", "1"), ("x-ratelimit-remaining", "-1"), ("x-ratelimit-remaining", ""),
        ("x-ratelimit-reset", "60"), ("x-ratelimit-reset", "1750000000000"), ("x-ratelimit-reset", "1750000000.5"),
    ],
)  # fmt: skip
def test_headers_that_are_not_as_documented(name: str, value: str | None) -> None:
    documented(Observation(0, 0.1, 429, GOOD), LIMIT)
    wrong = {**GOOD, name: value} if value is not None else {k: v for k, v in GOOD.items() if k != name}
    with pytest.raises(Mismatch, match=name):
        documented(Observation(0, 0.1, 429, wrong), LIMIT)
