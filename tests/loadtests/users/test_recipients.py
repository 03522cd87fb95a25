from __future__ import annotations

import random

from conformance.target.numbers import is_fictional
from loadtests.users.recipients import KEPT, TOTAL, People, numbered


def test_every_number_reaches_nobody() -> None:
    assert all(is_fictional(numbered(index)) for index in range(0, TOTAL, 37))


def test_numbers_differ() -> None:
    assert len({numbered(index) for index in range(TOTAL)}) == TOTAL


def test_workers_do_not_meet_the_same_strangers() -> None:
    crowds = [People(random.Random(1), 5, share, 4) for share in range(4)]
    met = [people.stranger() for people in crowds for _ in range(500)]
    assert len(set(met)) == len(met)


def test_who_has_met_everybody_says_so() -> None:
    people = People(random.Random(1), 5, 0, TOTAL)
    people.stranger()
    assert not people.exhausted
    people.stranger()
    assert people.exhausted


def test_acquaintances_are_remembered_in_bounded_number() -> None:
    people = People(random.Random(1), 5, 0, 1)
    for index in range(KEPT + 10):
        people.meet(numbered(index))
    assert len(people._known) == KEPT
    assert people.acquaintance() in people._known
