from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.target.exchange import Exchange
from conformance.wacrm.steps.own_account import OwnAccount, own_account

NOTHING = OwnAccount(None, None, None)


def said(body: Any) -> Exchange:
    content = json.dumps(body).encode()
    return Exchange("GET", "http://x/api/v1/me", {}, b"", None, 200, httpx.Headers(), content, 0.0, 0.0)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"account": {"id": "a", "name": "A"}, "key": {"id": "k", "scopes": ["s"]}}, OwnAccount("a", "A", ["s"])),
        ({"account": {"id": "a", "name": "A"}, "scopes": ["s"]}, OwnAccount("a", "A", ["s"])),
        ({"account_id": "a", "key": {"scopes": []}}, OwnAccount("a", None, [])),
        ({"account_id": "a", "scopes": []}, OwnAccount("a", None, [])),
        ({"account": "a", "key": "k"}, NOTHING),
        ({"account_id": 5, "scopes": "s"}, NOTHING),
        ([], NOTHING),
    ],
)
def test_either_shape_is_read(data: Any, expected: OwnAccount) -> None:
    assert own_account(said({"data": data})) == expected


def test_what_is_no_envelope_says_nothing() -> None:
    assert own_account(said([])) == NOTHING
