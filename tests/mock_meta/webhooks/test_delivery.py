"""Webhooks on real sockets: signed, retried, in order per message."""

import asyncio
import itertools
import json
from collections.abc import Mapping
from typing import Any

from mock_meta.ledger.ledger import Ledger
from mock_meta.ledger.subjects import Subjects
from mock_meta.webhooks.delivery import Delivery, Dispatcher, RetryPlan, State
from mock_meta.webhooks.pause import Pause
from mock_meta.webhooks.transport import Reply
from tests.mock_meta.conftest import DEADLINE, Live, Receiver
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside, account

TEXT = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "Ciao"}}
INBOUND = {
    "phone_number_id": PHONE,
    "messages": [{"from": PERSON, "type": "text", "text": {"body": "Perché sì 👍 a/b"}}],
}


def send(live: Live, **members: Any) -> str:
    headers = {"Authorization": "Bearer EAAtest"}
    answer = live.http.post(f"/v21.0/{PHONE}/messages", json={**TEXT, **members}, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["messages"][0]["id"])


def test_a_webhook_is_repeated_until_200(live: Live, receiver: Receiver) -> None:
    receiver.answers = [500, 202, 200]
    (delivery,) = live.control("POST", "/inbound", INBOUND)["deliveries"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500]
    assert delivery["state"] == "pending"
    receiver.wait(3)
    live.drained()
    found = live.control("GET", f"/deliveries/{delivery['id']}")
    assert [attempt["status"] for attempt in found["attempts"]] == [500, 202, 200]
    assert found["state"] == "acknowledged"
    assert len({body for _, body in receiver.posts}) == 1
    entries = live.control("GET", "/ledger?kind=webhook")["entries"]
    assert [(entry["attempt"], entry["status"]) for entry in entries] == [(1, 500), (2, 202), (3, 200)]


def test_nothing_listening_is_an_error_of_the_attempt(live: Live) -> None:
    live.control("PUT", f"/accounts/{WABA}", {"webhook_url": "http://127.0.0.1:9/"})
    (delivery,) = live.control("POST", "/inbound", INBOUND)["deliveries"]
    (attempt,) = delivery["attempts"]
    assert attempt["status"] is None
    assert attempt["error"] == "cannot connect to 127.0.0.1:9: Connection refused"


def test_a_script_is_kept_in_its_order(live: Live, receiver: Receiver) -> None:
    script = [{"status": name} for name in ("read", "sent", "delivered", "delivered")]
    live.control("POST", "/behaviour/recipients", {"to": [f"+{PERSON}"], "script": script})
    send(live)
    receiver.wait(4)
    assert receiver.statuses() == ["read", "sent", "delivered", "delivered"]


def test_silence(live: Live, receiver: Receiver) -> None:
    live.control("POST", "/behaviour/recipients", {"to": [PERSON], "script": []})
    send(live)
    send(live, to="99900005678")
    receiver.wait(3)
    live.drained()
    assert {
        json.loads(body)["entry"][0]["changes"][0]["value"]["statuses"][0]["recipient_id"] for _, body in receiver.posts
    } == {"99900005678"}


def test_replay_sends_the_same_bytes(live: Live, receiver: Receiver) -> None:
    (first,) = live.control("POST", "/inbound", INBOUND)["deliveries"]
    (second,) = live.control("POST", f"/webhooks/{first['id']}/replay", {"wait": True})["deliveries"]
    assert second["id"] != first["id"]
    assert receiver.posts[0][1] == receiver.posts[1][1]


def test_a_webhook_can_be_any_text(live: Live, receiver: Receiver) -> None:
    live.control("POST", "/webhooks", {"waba_id": WABA, "body": "{not json"})
    assert receiver.posts[0][1] == b"{not json"


def test_the_handshake(live: Live, receiver: Receiver) -> None:
    assert live.control("POST", f"/accounts/{WABA}/handshake")["ok"] is True
    live.control("PUT", f"/accounts/{WABA}", {"verify_token": "another"})
    assert live.control("POST", f"/accounts/{WABA}/handshake") == {"ok": False, "status": 403, "body": "no"}


def test_retries_grow_and_end_after_seven_days() -> None:
    plan = RetryPlan()
    waits = list(itertools.takewhile(lambda wait: wait is not None, map(plan.wait_before, itertools.count(1))))
    assert waits[:8] == [0.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 3600.0]
    assert 7 * 86400 - 3600 < sum(wait or 0.0 for wait in waits) <= 7 * 86400


def test_there_are_as_many_attempts_at_any_scale() -> None:
    inside = Inside(retry_scale=1e-9)
    inside.control("PUT", f"/accounts/{WABA}", account())
    inside.posts.answers = [503]
    inside.control("POST", "/inbound", INBOUND)
    for _ in range(500):
        if not inside.control("GET", "/health")["pending_webhooks"]:
            break
        inside.rest()
    shown = inside.control("GET", "/deliveries/delivery-1")
    inside.close()
    assert RetryPlan(scale=0.001).wait_before(2) == 0.01
    assert (shown["state"], len(shown["attempts"])) == ("given-up", 174)


def test_a_callback_that_does_not_answer_holds_up_no_other() -> None:
    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if url == "slow":
            await asyncio.sleep(DEADLINE)
        return Reply(200, "")

    async def states() -> list[State]:
        dispatcher = Dispatcher(post, Pause(), Ledger(), RetryPlan(), concurrency=1)
        sent = [
            Delivery(number, WABA, url, b"{}", {}, Subjects(None), "valid")
            for number, url in enumerate(("slow", "slow", "quick", "quick"))
        ]
        for one in sent:
            dispatcher.submit(one)
        for one in sent[2:]:
            await dispatcher.first_attempt(one, DEADLINE / 2)
        await dispatcher.stop()
        return [one.state for one in sent]

    assert asyncio.run(states()) == [State.PENDING] * 2 + [State.ACKNOWLEDGED] * 2


def test_a_reset_forgets_what_was_pending(live: Live, receiver: Receiver) -> None:
    receiver.answers = [500]
    live.control("POST", "/inbound", INBOUND)
    live.control("POST", "/reset")
    health = live.control("GET", "/health")
    assert health["pending_webhooks"] == 0
    assert live.control("GET", "/ledger")["entries"] == []
