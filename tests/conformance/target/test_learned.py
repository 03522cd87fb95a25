"""What a run learns about waiting: a whole patience once, then little, and more for a slow target."""

from __future__ import annotations

from conformance.target.learned import MULTIPLE, SHORT, Learned

FULL = 60.0


def test_patience_is_full_until_a_wait_has_ended_in_vain() -> None:
    learned = Learned()
    learned.came("a", 0.1)
    assert learned.patience("a", FULL) == FULL
    learned.missed("a")
    assert learned.patience("a", FULL) == SHORT
    assert learned.patience("b", FULL) == FULL


def test_a_slow_target_is_waited_for_longer() -> None:
    learned = Learned()
    learned.missed("a")
    learned.came("a", 4.0)
    learned.came("a", 1.0)
    assert learned.patience("a", FULL) == MULTIPLE * 4.0
    assert learned.patience("a", 1.0) == 1.0


def test_what_came_once_is_known() -> None:
    learned = Learned()
    learned.missed("a")
    assert not learned.ever_came("a")
    learned.came("a")
    assert learned.ever_came("a")


def test_a_fact_is_found_out_once() -> None:
    learned = Learned()
    assert not learned.fact("counts move", lambda: False)
    assert not learned.fact("counts move", lambda: True)
