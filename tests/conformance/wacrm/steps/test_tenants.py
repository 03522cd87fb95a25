"""How two pictures of an account are compared."""

from __future__ import annotations

from conformance.wacrm.steps.tenants import differences


def test_equal_snapshots_do_not_differ() -> None:
    assert differences({"contact": {"name": "Ada"}}, {"contact": {"name": "Ada"}}) == ""


def test_each_part_that_differs_is_named() -> None:
    before = {"contact": {"name": "Ada"}, "messages": [], "conversations": ["a"]}
    after = {"contact": {"name": "Bea"}, "messages": ["m"], "conversations": ["a"]}
    error_content = differences(before, after)
    assert "contact: {'name': 'Ada'} became {'name': 'Bea'}" in error_content
    assert "messages: [] became ['m']" in error_content
    assert "conversations" not in error_content
