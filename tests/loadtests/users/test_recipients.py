from __future__ import annotations

import random

from conformance.target.numbers import is_fictional
from loadtests.users.recipients import KEPT, TOTAL, Recipients, numbered


def test_every_number_reaches_nobody() -> None:
    assert all(is_fictional(numbered(index)) for index in range(0, TOTAL, 37))


def test_numbers_differ() -> None:
    assert len({numbered(index) for index in range(TOTAL)}) == TOTAL


def test_workers_do_not_draw_the_same_new_numbers() -> None:
    workers = [Recipients(random.Random(1), 5, share, 4) for share in range(4)]
    drawn = [worker.new() for worker in workers for _ in range(500)]
    assert len(set(drawn)) == len(drawn)


def test_numbers_that_repeat_are_told() -> None:
    recipients = Recipients(random.Random(1), 5, 0, TOTAL)
    recipients.new()
    assert not recipients.exhausted
    recipients.new()
    assert recipients.exhausted


def test_known_recipients_are_remembered_in_bounded_number() -> None:
    recipients = Recipients(random.Random(1), 5, 0, 1)
    for index in range(KEPT + 10):
        recipients.remember(numbered(index))
    assert len(recipients._known) == KEPT
    assert recipients.known() in recipients._known
