from mock_meta.simulation.bounded_counter import BoundedCounter


def test_numbers_of_a_key() -> None:
    tally = BoundedCounter(10)
    assert [tally.count("a"), tally.count("b"), tally.count("a")] == [1, 1, 2]
    tally.clear()
    assert tally.count("a") == 1


def test_the_keys_counted_last_are_kept_and_the_rest_is_bounded() -> None:
    tally = BoundedCounter(100)
    for turn in range(1, 51):
        assert tally.count("often") == turn
        for number in range(turn * 50, turn * 50 + 50):
            assert tally.count(number) == 1
    assert len(tally._young) + len(tally._old) <= 201
    assert tally.count(1) == 1
