from __future__ import annotations

from loadtests.users.first_round import FirstRound
from loadtests.users.scenario import TaskDefinition


def definition(scenario: str) -> TaskDefinition:
    return TaskDefinition(scenario, print, 1.0)


def test_each_task_has_one_turn_whatever_its_weight() -> None:
    send, inbox = definition("send"), definition("inbox")
    first = FirstRound()
    assert first.next() is None
    first.plan([send, send, inbox])
    first.plan([definition("late")])
    assert [first.next(), first.next(), first.next()] == [send, inbox, None]
