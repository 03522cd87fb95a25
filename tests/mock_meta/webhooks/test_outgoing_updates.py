"""Batches and chaos, drawn from the seed."""

import json

from mock_meta.protocol.signature import sign_sha256
from tests.mock_meta.inside import PERSON, PHONE, SECRET, WABA, Inside, account


def run(seed: int, people: list[str], **chaos: float) -> list[tuple[str, str, bool]]:
    """What reaches the deployment for one text to each person: recipient, status, whether the signature is right."""
    inside = Inside(seed=seed)
    inside.control("PUT", f"/accounts/{WABA}", account())
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/chaos", chaos)
    for person in people:
        inside.send(to=person)
    inside.rest(0.05)
    found = []
    for _, body, headers in inside.posts.sent:
        (status,) = json.loads(body)["entry"][0]["changes"][0]["value"]["statuses"]
        right = headers["X-Hub-Signature-256"] == sign_sha256(SECRET, body)
        found.append((status["recipient_id"], status["status"], right))
    inside.close()
    return found


PEOPLE = [f"9990001{number:04d}" for number in range(40)]


def test_no_chaos_unless_asked_for() -> None:
    assert len(run(1, PEOPLE)) == 120


def test_one_seed_one_chaos_whatever_the_order() -> None:
    first = run(1, PEOPLE, drop=0.2, duplicate=0.2, wrong_signature=0.2)
    again = run(1, PEOPLE[::-1], drop=0.2, duplicate=0.2, wrong_signature=0.2)
    assert sorted(first) == sorted(again)
    assert sorted(first) != sorted(run(2, PEOPLE, drop=0.2, duplicate=0.2, wrong_signature=0.2))
    assert 0 < sum(not right for _, _, right in first) < 60


def test_what_chaos_drops_is_counted(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/chaos", {"drop": 1})
    inside.send()
    inside.rest(0.05)
    assert inside.posts.sent == []
    assert "mock_meta_dropped_webhooks_total 3.0\n" in inside.request("GET", "/metrics").text
    inside.control("POST", "/reset")
    assert "mock_meta_dropped_webhooks_total 0.0\n" in inside.request("GET", "/metrics").text


def test_each_switch_does_what_it_says() -> None:
    assert run(1, PEOPLE, drop=1.0) == []
    assert len(run(1, PEOPLE, duplicate=1.0)) == 240
    assert not any(right for _, _, right in run(1, PEOPLE, wrong_signature=1.0))
    held = run(1, PEOPLE[:10], delay=1.0, delay_seconds=0.02)
    assert len(held) == 30
    shuffled = [status for _, status, _ in run(1, PEOPLE, reorder=1.0, reorder_seconds=0.03)]
    assert sorted(shuffled) == sorted(["sent", "delivered", "read"] * 40)
    assert shuffled != sorted(shuffled, key=["sent", "delivered", "read"].index)


def test_batches(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    inside.control("PUT", "/batch", {"most": 4, "seconds": 0.5})
    for person in PEOPLE[:3]:
        inside.send(to=person)
    inside.rest(0.6)
    assert [len(value["statuses"]) for value in inside.posts.values()] == [4, 4, 1]
    assert inside.control("GET", "/health")["pending_webhooks"] == 0


def test_mistakes(inside: Inside) -> None:
    assert "less than or equal to 1" in inside.control("PUT", "/chaos", {"drop": 2}, status=400)["error"]
    assert "did you mean 'duplicate'" in inside.control("PUT", "/chaos", {"duplicates": 1}, status=400)["error"]
    inside.control("PUT", "/chaos", {"drop": 1})
    inside.control("POST", "/reset")
    assert inside.control("GET", "/chaos")["chaos"]["drop"] == 0


def doubled(inside: Inside) -> list[bytes]:
    """The bodies that came exactly twice, once each."""
    bodies = [body for _, body, _ in inside.posts.sent]
    assert all(bodies.count(body) == 2 for body in bodies)
    return list(dict.fromkeys(bodies))


def test_customers_messages_and_templates_suffer_too(inside: Inside) -> None:
    inside.control("PUT", "/chaos", {"duplicate": 1})
    told = inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    assert [one["state"] for one in told["deliveries"]] == ["acknowledged"] * 2
    inside.control("POST", f"/templates/{template_id(inside)}", {"status": "REJECTED", "reason": "SCAM"})
    inside.rest(0.05)
    assert len(doubled(inside)) == 2
    inside.control("PUT", "/chaos", {"duplicate": 0, "drop": 1})
    inside.posts.sent.clear()
    told = inside.control("POST", "/inbound", {"phone_number_id": PHONE, "messages": [{"from": PERSON}]})
    assert (len(told["wamids"]), told["deliveries"], inside.posts.sent) == (1, [], [])


def template_id(inside: Inside) -> str:
    listed = inside.graph("GET", f"{WABA}/message_templates?name=plain&fields=id").json()["data"]
    return str(listed[0]["id"])


def test_what_is_sent_by_hand_suffers_nothing(inside: Inside) -> None:
    inside.control("PUT", "/chaos", {"drop": 1})
    status = {"id": "wamid.x", "status": "read", "recipient_id": PERSON}
    inside.control("POST", "/statuses", {"phone_number_id": PHONE, "statuses": [status]})
    assert len(inside.posts.statuses()) == 1


def test_replies_share_posts(inside: Inside) -> None:
    inside.control("PUT", "/batch", {"most": 50, "seconds": 0.1})
    writers = [f"9990003000{number}" for number in (0, 1)] * 3
    for person in writers:
        inside.send(to=person)
    inside.rest(0.4)
    (value,) = (value for value in inside.posts.values() if "messages" in value)
    assert sorted(message["from"] for message in value["messages"]) == sorted(writers)
    assert len(value["contacts"]) == 2
