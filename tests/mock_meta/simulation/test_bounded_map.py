"""What is kept of conversations, and for how long."""

import gc

from mock_meta.simulation.bounded_map import BoundedMap
from mock_meta.simulation.conversations import Conversations, Received


def test_what_was_put_last_is_found() -> None:
    recent = BoundedMap[str, int](2)
    for value, key in enumerate(["a", "b", "a", "c", "a", "d"]):
        recent.put(key, value)
    assert [recent.get(key) for key in "abcd"] == [4, 1, 3, 5]
    recent.clear()
    assert [recent.get(key) for key in "abcd"] == [None] * 4


def test_the_oldest_go_first() -> None:
    recent = BoundedMap[int, int](100)
    for number in range(1000):
        recent.put(number, number)
        assert recent.get(max(0, number - 99)) is not None
        assert recent.get(number - 201) is None


def test_messages_received_are_bounded_and_no_work_for_the_collector() -> None:
    conversations = Conversations()
    conversations.received, conversations._last_user_message = BoundedMap(10), BoundedMap(10)
    for number in range(100):
        message = Received(f"wamid.{number}", "106540352242922", f"{number:011}", "text", 1e9 + number)
        assert not gc.is_tracked(message)
        conversations.add_received(message)
    last = ("106540352242922", "00000000099")
    assert conversations.received.get("wamid.99") is message
    assert conversations.window_open(last, 1e9 + 100, 86_400)
    assert not conversations.window_open(("106540352242922", "00000000000"), 1e9 + 100, 86_400)
    assert sum(conversations.received.get(f"wamid.{number}") is not None for number in range(100)) <= 21
