"""No webhook is larger than Meta's, however much there is to tell."""

import pytest

from mock_meta.webhooks import batching
from mock_meta.webhooks.batching import in_posts
from tests.mock_meta.inside import PERSON, PHONE, Inside

LARGEST = 30_000


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "LARGEST", LARGEST)


def test_as_few_as_fit() -> None:
    room = LARGEST - 1_000
    assert list(in_posts([room // 2, room // 2, 1, room, room + 1, 1], int)) == [
        [room // 2, room // 2],
        [1],
        [room],
        [room + 1],
        [1],
    ]
    assert list(in_posts([], int)) == []


def test_statuses(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/batch", {"most": 1000, "seconds": 0.1})
    names = [f"{number}{'é' * 500}" for number in range(12)]
    for name in names:
        inside.send(biz_opaque_callback_data=name)
    inside.rest(0.3)
    bodies = [len(body) for _, body, _ in inside.posts.sent]
    assert max(bodies) <= LARGEST < sum(bodies)
    assert len(bodies) == 6
    told = [status["biz_opaque_callback_data"] for status in inside.posts.statuses()]
    assert sorted(told) == sorted(names * 3)


def test_messages(inside: Inside) -> None:
    texts = [f"{number}{'é' * 2000}" for number in range(6)]
    messages = [{"from": PERSON, "text": {"body": text}} for text in texts]
    answer = inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": messages, "batch": True})
    assert len(answer["deliveries"]) == 3
    assert all(len(body) <= LARGEST for _, body, _ in inside.posts.sent)
    assert [one["text"]["body"] for value in inside.posts.values() for one in value["messages"]] == texts
