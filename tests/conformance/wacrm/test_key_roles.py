from __future__ import annotations

import pytest

from conformance.wacrm.key_roles import _claimed


@pytest.mark.parametrize(
    ("body", "scopes"),
    [
        ({"data": {"account": {"id": "a"}, "key": {"id": "k", "scopes": ["messages:send"]}}}, ["messages:send"]),
        ({"data": {"account_id": "a", "scopes": []}}, []),
        ({"data": {"key": "k", "scopes": ["messages:send"]}}, ["messages:send"]),
        ({"data": {}}, None),
        (["data"], None),
    ],
)
def test_scopes_stand_in_the_keys_object_or_beside_it(body: object, scopes: object) -> None:
    assert _claimed(body) == scopes
