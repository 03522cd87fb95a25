from __future__ import annotations

import threading
import time

import pytest

from conformance.limiter.instrument import Live, Turns
from conformance.limiter.key_scheduling import KeySchedule, reserved
from conformance.target.keys import Key, KeyPool, Role
from conformance.target.probe import Probe
from conformance.target.verdicts import NoVerdict
from tests.conformance.limiter.simulation import SPEND, key


def test_turns_come_in_order_and_one_at_a_time() -> None:
    turns, order, inside = Turns(), list[int](), list[int]()

    def take(n: int) -> None:
        with turns.take():
            order.append(n)
            inside.append(n)
            assert len(inside) == 1
            time.sleep(0.01)
            inside.remove(n)

    with turns.take():
        threads = [threading.Thread(target=take, args=(n,)) for n in range(5)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join(5)
    assert order == [0, 1, 2, 3, 4]


def test_a_wait_ends_with_the_run() -> None:
    live = Live(Probe("http://127.0.0.1:9"), 120, 60.0, SPEND, Turns())
    threading.Timer(0.05, live.stop.set).start()
    with pytest.raises(NoVerdict, match="the run ended"):
        live.wait_until(time.monotonic() + 60)
    live.probe.close()


def full(count: int) -> list[Key]:
    return [key(n) for n in range(count)]


def test_a_third_of_the_keys_is_taken_and_the_last_ones() -> None:
    keys = full(12)
    pool = KeyPool(keys, 120, 60.0)
    assert reserved(pool, Role.FULL, 13, 60.0).keys == keys[:7:-1]
    assert list(pool.keys(Role.FULL)) == keys[:8]


def test_of_two_keys_one_is_taken_and_of_one_none() -> None:
    assert reserved(KeyPool(full(2), 120, 60.0), Role.FULL, 13, 60.0).stock == 1
    assert reserved(KeyPool(full(1), 120, 60.0), Role.FULL, 13, 60.0).stock == 0


def test_too_few_keys_give_no_verdict_at_once() -> None:
    with pytest.raises(NoVerdict, match="too few keys"), KeySchedule(full(1), Role.FULL, 60.0).keys_for(2):
        pass


def test_a_key_that_comes_back_rests_for_a_window() -> None:
    now = [1000.0]
    desk = KeySchedule(full(1), Role.FULL, 60.0, clock=lambda: now[0])
    with desk.keys_for(1):
        now[0] += 5
    threading.Timer(0.1, lambda: now.__setitem__(0, 1070.0)).start()
    with desk.keys_for(1) as (again,):
        assert again.label == "full[0]"
        assert now[0] == 1070.0


def test_a_key_that_comes_too_late_gives_no_verdict() -> None:
    now = [1000.0]
    desk = KeySchedule(full(1), Role.FULL, 60.0, clock=lambda: now[0])
    with desk.keys_for(1):
        now[0] += 300
        with pytest.raises(NoVerdict, match="no fresh key within"), desk.keys_for(1):
            pass


def test_closing_ends_the_wait_for_a_key() -> None:
    desk = KeySchedule(full(1), Role.FULL, 60.0)
    with desk.keys_for(1):
        threading.Timer(0.05, desk.close).start()
        with pytest.raises(NoVerdict), desk.keys_for(1):
            pass
