from __future__ import annotations

from unittest.mock import patch

import pytest

from loadtests.users.key_budget import Budget, OutOfKeysError, keys_needed


def pairs(count: int) -> list[tuple[str, str]]:
    return [(f"full[{n}]", f"wacrm_live_{n}") for n in range(count)]


def test_a_key_is_spent_to_its_limit_and_no_further() -> None:
    budget = Budget(limit=3, window=60.0)
    budget.add(pairs(2))
    assert [str(budget.key()[0]) for _ in range(6)] == ["full[0]"] * 3 + ["full[1]"] * 3
    assert budget.left == 0


def test_who_waits_for_a_key_is_told_how_long() -> None:
    budget = Budget(limit=1, window=0.0)
    budget.add(pairs(1))
    budget.key()
    with patch("conformance.target.keys.MARGIN", 0.05):
        _, waited = budget.key()
    assert budget.waited >= waited > 0


def test_a_worker_without_keys_says_so() -> None:
    with pytest.raises(OutOfKeysError):
        Budget(120, 60.0).key()


def test_a_whole_key_is_one_that_nobody_has_spent() -> None:
    budget = Budget(limit=5, window=60.0)
    budget.add(pairs(3))
    spent, _ = budget.key()
    whole = budget.whole()
    assert whole is not None
    assert whole is not spent
    assert len(budget) == 2
    budget.rest(whole)
    budget.whole()
    assert budget.whole() is None  # one key stays, and the one that rests is not back


def test_a_load_needs_keys_for_its_whole_window() -> None:
    assert keys_needed(100, 120, 60.0) == 59  # 100 x 61 s x 1.15 / 120
    assert keys_needed(0, 120, 60.0) == 0
