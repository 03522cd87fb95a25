from __future__ import annotations

import pytest

from conformance.target.keys import Key, KeyPool, NoSuchKeyError, Role, split


class Clock:
    """A clock that moves when the pool waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def full(count: int) -> list[Key]:
    return [Key(f"full[{n}]", Role.FULL, f"wacrm_live_secret{n}") for n in range(count)]


def pool(keys: list[Key], clock: Clock, limit: int = 3, window: float = 60.0) -> KeyPool:
    made = KeyPool(keys, limit, window, clock=clock)
    made._pause = lambda seconds: _advance(clock, seconds)  # type: ignore[method-assign]
    return made


def _advance(clock: Clock, seconds: float) -> None:
    clock.now += seconds


def test_a_key_never_prints_itself() -> None:
    key = full(1)[0]
    assert "secret" not in f"{key} {key!r} {[key]} {vars(Exception(key))} {Exception(key)}"


def test_no_window_ever_holds_more_than_the_limit() -> None:
    clock = Clock()
    lender, lent = pool(full(1), clock), []
    for _ in range(10):
        lender.lend(Role.FULL)
        lent.append(clock.now)
        clock.now += 5
    for start in lent:
        assert sum(start <= at < start + 60 for at in lent) <= 3


def test_keys_are_spent_one_after_the_other() -> None:
    lender = pool(full(2), Clock())
    assert [str(lender.lend(Role.FULL)) for _ in range(6)] == ["full[0]"] * 3 + ["full[1]"] * 3


def test_a_refused_key_rests_and_others_serve() -> None:
    clock = Clock()
    lender = pool(full(2), clock)
    first = lender.lend(Role.FULL)
    lender.refused(first, 30)
    assert lender.lend(Role.FULL) is not first
    clock.now += 31
    assert lender.lend(Role.FULL) is first


def test_an_exclusive_key_is_fresh_and_leaves_the_pool() -> None:
    lender = pool(full(3), Clock())
    used = lender.lend(Role.FULL)
    taken = lender.exclusive()
    assert taken is not None
    assert taken is not used
    assert taken not in lender.keys(Role.FULL)


def test_the_last_key_is_never_taken_away() -> None:
    assert pool(full(1), Clock()).exclusive() is None


def test_an_absent_role_is_said_by_name() -> None:
    with pytest.raises(NoSuchKeyError, match="other_account"):
        pool(full(1), Clock()).lend(Role.OTHER)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_share_no_budget(workers: int) -> None:
    keys = full(7)
    shares = [split(keys, workers, index) for index in range(workers)]
    assert sorted(str(key) for share in shares for key in share) == sorted(map(str, keys))


def test_a_curl_line_names_the_role() -> None:
    assert full(1)[0].placeholder == "$WACRM_KEY"
    assert Key("x", "only:contacts:read", "s").placeholder == "$WACRM_KEY_ONLY_CONTACTS_READ"


def test_a_key_is_booked_now_or_not_at_all() -> None:
    clock = Clock()
    (key,) = keys = full(1)
    made = pool(keys, clock, limit=2)
    assert [made.book_now(key) for _ in range(3)] == [True, True, False]
    assert made.spent(key) == 2
    clock.now += 61.0
    assert made.spent(key) == 0
    assert made.book_now(key)
