from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.mock_meta.inside import PERSON, PHONE

if TYPE_CHECKING:
    from tests.mock_meta.inside import Inside


def test_webhooks_wait_while_delivery_is_paused(inside: Inside) -> None:
    inside.control("PUT", "/behaviour", {"profile": "instant"})
    assert inside.control("PUT", "/delivery", {"paused": True}) == {"paused": True}
    inside.send()
    inside.rest()
    assert (inside.posts.sent, inside.control("GET", "/health")["pending_webhooks"] > 0) == ([], True)
    inside.control("PUT", "/delivery", {"paused": False})
    inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "delivered", "read"]


def test_the_pause_is_no_part_of_an_attempt(inside: Inside) -> None:
    inside.control("PUT", "/delivery", {"paused": True})
    body = {"phone_number_id": PHONE, "messages": [{"from": PERSON}], "wait": False}
    (delivery,) = inside.control("POST", "/inbound", body)["deliveries"]
    inside.rest(0.05)
    resumed_at = time.time()
    inside.control("PUT", "/delivery", {"paused": False})
    inside.rest()
    (attempt,) = inside.control("GET", f"/deliveries/{delivery['id']}")["attempts"]
    assert attempt["at"] >= resumed_at


def test_a_reset_lets_webhooks_go(inside: Inside) -> None:
    inside.control("PUT", "/delivery", {"paused": True})
    inside.control("POST", "/reset")
    assert inside.control("GET", "/delivery") == {"paused": False}
