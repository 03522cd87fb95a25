from __future__ import annotations

from itertools import count

from conformance.target import waiting


def test_what_comes_is_waited_for() -> None:
    numbers = count()
    assert waiting.eventually(lambda: next(numbers) > 2, 60.0, 0.001) is True


def test_what_does_not_come_is_asked_for_at_least_once() -> None:
    numbers = count(-1)
    assert waiting.eventually(lambda: min(next(numbers), 0), 0.0) == -1


def test_a_list_has_settled_when_nothing_more_comes() -> None:
    lengths = iter([0, 1, 1, 3])
    last: list[int] = []

    def read() -> list[int]:
        last[:] = range(next(lengths, 3))
        return list(last)

    assert waiting.settled(read, at_least=2, patience=60.0, quiet=0.01, poll=0.001) == [0, 1, 2]


def test_too_few_are_given_at_the_deadline() -> None:
    assert waiting.settled(lambda: [1], at_least=2, patience=0.0) == [1]


def test_waiting_ends_when_nothing_changes() -> None:
    values = iter([1, 2, 3])
    assert waiting.while_it_changes(lambda: next(values, 3), lambda value: value > 5, 0.01, 0.001) == 3


def test_waiting_ends_when_it_is_done() -> None:
    numbers = count()
    assert waiting.while_it_changes(lambda: next(numbers), lambda value: value >= 5, 60.0, 0.001) == 5
