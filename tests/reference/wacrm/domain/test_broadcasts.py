from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.reference.wacrm.conftest import Deployment, accepted, refused, says

NUMBERS = [f"+1415555{n:04d}" for n in range(1000)]


def _launch(wacrm: Deployment, recipients: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    answer = wacrm.post("/broadcasts", {"template_name": "promo", "recipients": recipients, **more})
    assert answer.status_code == 202, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def _read(wacrm: Deployment, launched: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = wacrm.get(f"/broadcasts/{launched['broadcast_id']}").json()["data"]
    return data


def _counts(wacrm: Deployment, launched: dict[str, Any]) -> tuple[int, ...]:
    data = _read(wacrm, launched)
    return tuple(data[f"{name}_count"] for name in ("sent", "delivered", "read", "replied", "failed"))


def test_every_recipient_gets_one_message_with_its_own_parameters(wacrm: Deployment) -> None:
    began = time.monotonic()
    launched = _launch(wacrm, [{"to": number, "params": [number]} for number in NUMBERS])
    assert (launched["status"], launched["total_recipients"]) == ("sending", 1000)
    wacrm.settle()
    assert time.monotonic() - began < 30
    sent = {body["to"]: body["template"]["components"][0]["parameters"][0]["text"] for body in wacrm.meta.asked}
    assert sent == {number[1:]: number for number in NUMBERS}
    assert len(wacrm.meta.asked) == 1000
    assert _read(wacrm, launched)["status"] == "sent"


def test_numbers_are_counted_and_doubles_messaged_once(wacrm: Deployment) -> None:
    launched = _launch(wacrm, [{"to": to} for to in ("+14155550100", "+14155550100", "nonsense", "+14155550101")])
    assert (launched["accepted"], launched["rejected"], launched["total_recipients"]) == (3, 1, 2)
    wacrm.settle()
    assert sorted(body["to"] for body in wacrm.meta.asked) == ["14155550100", "14155550101"]
    data = _read(wacrm, launched)
    assert (data["template_language"], "promo" in data["name"]) == ("en_US", True)


@pytest.mark.parametrize(
    "body",
    [
        {"template_name": "promo"},
        {"template_name": "promo", "recipients": []},
        {"template_name": "promo", "recipients": [{"to": "nonsense"}]},
        {"template_name": "promo", "recipients": [{"to": "+14155550100"}] * 1001},
        {"template_name": "promo", "recipients": [{"to": 5}]},
        {"template_name": "", "recipients": [{"to": "+14155550100"}]},
        {"recipients": [{"to": "+14155550100"}]},
    ],
)
def test_a_bad_broadcast_sends_nothing(wacrm: Deployment, body: dict[str, Any]) -> None:
    assert wacrm.post("/broadcasts", body).status_code == 400
    assert wacrm.meta.asked == []


def test_refusals_and_lost_answers_end_as_failed(wacrm: Deployment) -> None:
    def answer(request: httpx.Request, wamid: str) -> httpx.Response:
        if b"14155550101" in request.content:
            return refused("(#130429) Rate limit hit")
        if b"14155550102" in request.content:
            return httpx.Response(503, text="busy")
        if b"14155550103" in request.content:
            raise httpx.ReadError("reset", request=request)
        return accepted(wamid)

    wacrm.meta.answer = answer
    launched = _launch(wacrm, [{"to": f"+1415555010{n}"} for n in range(5)])
    wacrm.settle()
    assert _read(wacrm, launched)["status"] == "sent"
    assert _counts(wacrm, launched) == (2, 0, 0, 0, 3)
    assert len(wacrm.meta.asked) == 5


def test_counts_converge_in_any_order_and_with_repetitions(wacrm: Deployment) -> None:
    wacrm.statuses(("wamid.1", "delivered"))
    launched = _launch(wacrm, [{"to": "+14155550100"}, {"to": "+14155550101"}])
    wacrm.settle()
    assert _counts(wacrm, launched) == (2, 1, 0, 0, 0)
    wacrm.statuses(("wamid.2", "read"))
    assert _counts(wacrm, launched) == (2, 2, 1, 0, 0)
    wacrm.statuses(("wamid.2", "delivered"), ("wamid.2", "sent"), ("wamid.2", "read"), ("wamid.1", "failed"))
    assert _counts(wacrm, launched) == (2, 2, 1, 0, 0)


def test_a_reply_counts_once_per_recipient(wacrm: Deployment) -> None:
    first = _launch(wacrm, [{"to": "+14155550100"}, {"to": "+14155550101"}])
    wacrm.settle()
    second = _launch(wacrm, [{"to": "+14155550100"}])
    wacrm.settle()
    wacrm.inbound(says("a", "wamid.a"), says("b", "wamid.b"))
    assert (_counts(wacrm, first)[3], _counts(wacrm, second)[3]) == (0, 1)
    quoted = next(f"wamid.{n}" for n, body in enumerate(wacrm.meta.asked, 1) if body["to"] == "14155550100")
    wacrm.inbound(says("c", "wamid.c", context={"id": quoted}))
    assert (_counts(wacrm, first)[3], _counts(wacrm, second)[3]) == (1, 1)


def test_broadcasts_of_others_do_not_exist(wacrm: Deployment) -> None:
    launched = _launch(wacrm, [{"to": "+14155550100"}])
    assert wacrm.get(f"/broadcasts/{launched['broadcast_id']}", "B").status_code == 404
    assert wacrm.get("/broadcasts/x").status_code == 404
    answer = wacrm.post("/broadcasts", {"template_name": "x", "recipients": [{"to": "+14155550100"}]}, "C")
    assert answer.json()["error"]["code"] == "whatsapp_not_configured"
