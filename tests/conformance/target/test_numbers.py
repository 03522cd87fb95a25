from __future__ import annotations

import random
import re

import pytest

from conformance.target.numbers import Numbers, is_fictional


def test_every_number_is_e164_and_reaches_nobody() -> None:
    numbers = Numbers(random.Random(1))
    drawn = (
        [numbers.fresh() for _ in range(500)]
        + numbers.many(500)
        + [*numbers.sharing_tail(), *numbers.differing_in_country(), *numbers.of_each_country()]
    )
    assert all(re.fullmatch(r"\+[1-9]\d{6,14}", number) and is_fictional(number) for number in drawn)
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("number", ["+14155552671", "+393331234567", "+33612345678", "+447700901000", "15550100"])
def test_numbers_of_people_are_not_fictional(number: str) -> None:
    assert not is_fictional(number)


def test_no_two_numbers_end_alike_unless_they_are_a_pair() -> None:
    drawn: set[str] = set()
    first, second = Numbers(random.Random(5), drawn), Numbers(random.Random(6), drawn)
    found = [first.fresh() for _ in range(2000)] + second.many(2000) + second.of_each_country()
    found += [first.sharing_tail()[0], second.differing_in_country()[0]]
    assert len({number[-8:] for number in found}) == len(found)


def test_pairs_share_what_they_say() -> None:
    numbers = Numbers(random.Random(2))
    first, second = numbers.sharing_tail()
    assert first != second
    assert first[-9:] == second[-9:]
    american, elsewhere = numbers.differing_in_country()
    assert american[2:] == elsewhere[4:]


def test_what_the_target_knows_is_drawn_again() -> None:
    probe = Numbers(random.Random(3)).fresh()
    assert Numbers(random.Random(3), known=lambda number: number == probe).fresh() != probe


def test_workers_draw_apart() -> None:
    shares = [{Numbers(random.Random(4), share=(index, 2)).fresh() for _ in range(1)} for index in range(2)]
    many = [set(Numbers(random.Random(4), share=(index, 2)).many(300)) for index in range(2)]
    assert not shares[0] & shares[1]
    assert not many[0] & many[1]
