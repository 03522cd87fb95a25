from mock_meta.simulation.buckets import TokenBuckets


def test_buckets_that_are_full_again_are_forgotten_and_no_others() -> None:
    buckets = TokenBuckets()
    assert all(buckets.take("busy", 45, 1 / 6, 0.0) for _ in range(45))
    assert not buckets.take("busy", 45, 1 / 6, 1.0)
    for number in range(50_000):
        assert buckets.take(number, 45, 1 / 6, 2.0 + number / 1000)
    assert not buckets.take("busy", 1000, 0.0, 2.0)
    assert len(buckets._levels) <= 20_001
    assert [buckets.take(49_999, 45, 1 / 6, 52.0) for _ in range(45)] == [True] * 44 + [False]
