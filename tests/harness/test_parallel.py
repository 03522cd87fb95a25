from __future__ import annotations

import threading

import pytest

from harness import parallel


def test_results_keep_the_order_of_the_items() -> None:
    later = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            later.wait(10)
        else:
            later.set()
        return number * number

    assert parallel.each(2, range(4), work) == [0, 1, 4, 9]


def test_nothing_begins_after_an_interruption() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise KeyboardInterrupt
        threading.Event().wait(0.01)

    with pytest.raises(KeyboardInterrupt):
        parallel.each(1, range(1000), work)
    assert len(begun) < 1000
