from __future__ import annotations

from loadtests.cluster.key_allocation import KeyAllocation


def pairs(count: int) -> list[tuple[str, str]]:
    return [(f"full[{n}]", f"wacrm_live_{n}") for n in range(count)]


def test_no_key_is_allocated_twice() -> None:
    allocation = KeyAllocation(pairs(10), rest=60.0)
    one, other, late = allocation.allocate("one", 4), allocation.allocate("other", 4), allocation.allocate("late", 4)
    assert len({*one, *other, *late}) == 10
    assert len(late) == 2


def test_keys_of_a_lost_worker_rest_before_they_are_allocated_again() -> None:
    now = [0.0]
    allocation = KeyAllocation(pairs(2), rest=61.0, clock=lambda: now[0])
    allocation.allocate("one", 2)
    allocation.release("one")
    assert allocation.allocate("other", 2) == []
    now[0] = 61.0
    assert len(allocation.allocate("other", 2)) == 2
