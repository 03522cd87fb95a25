from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.reference.wacrm.conftest import Deployment, accepted, refused, says

IMAGE = "https://media.wacrm.invalid/a.png"


def test_a_text_reaches_meta_as_wacrm_writes_it_and_is_stored(wacrm: Deployment) -> None:
    sent = wacrm.send("+14155550100", "Ciao", name="Anna")
    assert wacrm.meta.asked == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "14155550100",
            "type": "text",
            "text": {"body": "Ciao"},
        }
    ]
    request = wacrm.meta.requests[0]
    assert request.url.path == "/v21.0/111/messages"
    assert request.headers["authorization"] == "Bearer token 111"
    assert sent["contact_created"] is True
    assert sent["whatsapp_message_id"] == "wamid.1"
    (message,) = wacrm.messages(sent["conversation_id"])
    assert message["id"] == sent["message_id"]
    assert (message["direction"], message["status"], message["content_text"]) == ("outbound", "sent", "Ciao")
    assert wacrm.get(f"/contacts/{sent['contact_id']}").json()["data"]["name"] == "Anna"


def test_a_second_message_uses_the_contact_and_its_name(wacrm: Deployment) -> None:
    first = wacrm.send(name="Anna")
    second = wacrm.send(name="Berta")
    assert second["contact_created"] is False
    assert second["conversation_id"] == first["conversation_id"]
    assert wacrm.get(f"/contacts/{first['contact_id']}").json()["data"]["name"] == "Anna"


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        ({"type": "image", "media_url": IMAGE, "text": "x"}, {"link": IMAGE, "caption": "x"}),
        ({"type": "video", "media_url": IMAGE}, {"link": IMAGE}),
        ({"type": "audio", "media_url": IMAGE, "filename": "x"}, {"link": IMAGE}),
        ({"type": "document", "media_url": IMAGE, "filename": "a.pdf"}, {"link": IMAGE, "filename": "a.pdf"}),
        (
            {"type": "template", "template": {"name": "promo", "language": "de", "params": ["Anna"]}},
            {
                "name": "promo",
                "language": {"code": "de"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "Anna"}]}],
            },
        ),
        (
            {
                "type": "template",
                "template": {"name": "promo", "params": {"headerMediaUrl": IMAGE, "buttonParams": {"0": "abc"}}},
            },
            {
                "name": "promo",
                "language": {"code": "en_US"},
                "components": [
                    {"type": "header", "parameters": [{"type": "image", "image": {"link": IMAGE}}]},
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "0",
                        "parameters": [{"type": "text", "text": "abc"}],
                    },
                ],
            },
        ),
    ],
)
def test_each_type_reaches_meta_as_documented(wacrm: Deployment, body: dict[str, Any], payload: dict[str, Any]) -> None:
    answer = wacrm.post("/messages", {"to": "+14155550100", **body})
    assert answer.status_code == 201, answer.text
    assert wacrm.meta.asked[0]["type"] == body["type"]
    assert wacrm.meta.asked[0][body["type"]] == payload


@pytest.mark.parametrize(
    "body",
    [
        {"to": "+14155550100"},
        {"to": "+14155550100", "text": ""},
        {"to": "+14155550100", "text": "x" * 4097},
        {"to": "+14155550100", "text": "a\x00b"},
        {"to": "+14155550100", "text": 5},
        {"to": "4155550100", "text": "x"},
        {"to": "+14155550100\n", "text": "x"},
        {"to": "+١٤١٥٥٥٥٠١٠٠", "text": "x"},
        {"text": "x"},
        {"to": "+14155550100", "type": "sticker", "text": "x"},
        {"to": "+14155550100", "type": "image", "text": "x"},
        {"to": "+14155550100", "type": "image", "media_url": "ftp://x/y"},
        {"to": "+14155550100", "type": "image", "media_url": IMAGE, "text": "x" * 1025},
        {"to": "+14155550100", "type": "template"},
        {"to": "+14155550100", "type": "template", "template": {"name": ""}},
        {
            "to": "+14155550100",
            "type": "template",
            "template": {"name": "x", "params": {"headerText": "x", "headerMediaId": "1"}},
        },
        {"to": "+14155550100", "text": "x", "reply_to_message_id": "nonsense"},
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_happens(wacrm: Deployment, body: dict[str, Any]) -> None:
    answer = wacrm.post("/messages", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert wacrm.meta.asked == []
    assert wacrm.get("/contacts").json()["data"] == []


def test_text_is_carried_exactly(wacrm: Deployment) -> None:
    text = "a\u0301\r\n\t👩‍👩‍👧 שלום" + "😀" * 4000
    sent = wacrm.send(text=text)
    assert wacrm.meta.asked[0]["text"]["body"] == text
    assert wacrm.messages(sent["conversation_id"])[0]["content_text"] == text


def test_half_a_surrogate_pair_is_refused(wacrm: Deployment) -> None:
    raw = b'{"to": "+14155550100", "text": "\\ud83d"}'
    headers = {"Authorization": "Bearer wacrm_live_" + "A" * 43}
    assert wacrm.client.post("/api/v1/messages", content=raw, headers=headers).status_code == 400
    assert wacrm.meta.asked == []


def test_a_reply_quotes_a_message_of_the_same_conversation_only(wacrm: Deployment) -> None:
    mine, elsewhere = wacrm.send("+14155550100"), wacrm.send("+14155550101")
    foreign = wacrm.send("+14155550100", letter="B")
    wacrm.send("+14155550100", reply_to_message_id=mine["message_id"])
    assert wacrm.meta.asked[-1]["context"] == {"message_id": mine["whatsapp_message_id"]}
    for other in (elsewhere, foreign):
        body = {"to": "+14155550100", "text": "x", "reply_to_message_id": other["message_id"]}
        assert wacrm.post("/messages", body).status_code == 400


def test_metas_refusal_is_told_and_leaves_nothing(wacrm: Deployment) -> None:
    wacrm.meta.answer = lambda _request, _wamid: refused("(#132001) no such template")
    answer = wacrm.post("/messages", {"to": "+14155550100", "text": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "meta_error")
    assert "132001" in answer.json()["error"]["message"]
    assert wacrm.get("/conversations").json()["data"] == []


def test_an_account_without_whatsapp(wacrm: Deployment) -> None:
    answer = wacrm.post("/messages", {"to": "+14155550100", "text": "x"}, "C")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "whatsapp_not_configured")


def test_a_status_that_overtakes_the_answer_is_not_lost(wacrm: Deployment) -> None:
    wacrm.statuses(("wamid.1", "sent"), ("wamid.1", "read"))
    sent = wacrm.send()
    assert wacrm.messages(sent["conversation_id"])[0]["status"] == "read"


def test_a_lost_answer_is_made_good_by_metas_own_status(wacrm: Deployment) -> None:
    def reset(request: httpx.Request, wamid: str) -> httpx.Response:
        wacrm.wacrm.meta_webhook.apply_status("0a000000-0000-4000-8000-000000000001", wamid, "sent")
        wacrm.wacrm.early_statuses.keep("0a000000-0000-4000-8000-000000000001", wamid, "delivered", "14155550100")
        raise httpx.ReadError("reset", request=request)

    wacrm.meta.answer = reset
    sent = wacrm.send()
    assert sent["whatsapp_message_id"] == "wamid.1"
    assert wacrm.messages(sent["conversation_id"])[0]["status"] == "delivered"


def test_a_lost_answer_without_a_trace_is_an_error(wacrm: Deployment) -> None:
    def reset(request: httpx.Request, _wamid: str) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    wacrm.meta.answer = reset
    assert wacrm.post("/messages", {"to": "+14155550100", "text": "x"}).status_code == 502
    assert len(wacrm.meta.asked) == 1


@pytest.mark.parametrize(
    ("reports", "shown"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "delivered", "sent"], "delivered"),
        (["failed"], "failed"),
        (["failed", "sent"], "failed"),
        (["delivered", "failed"], "delivered"),
        (["played", "nonsense"], "sent"),
    ],
)
def test_status_goes_forward_only(wacrm: Deployment, reports: list[str], shown: str) -> None:
    sent = wacrm.send()
    for report in reports:
        wacrm.statuses((sent["whatsapp_message_id"], report))
    assert wacrm.messages(sent["conversation_id"])[0]["status"] == shown


def test_parallel_first_messages_give_one_contact_and_one_conversation(wacrm: Deployment) -> None:
    wacrm.meta.answer = lambda _request, wamid: accepted(wamid)
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda n: wacrm.send(text=str(n)), range(16)))
    assert len({s["conversation_id"] for s in sent}) == 1
    assert sum(s["contact_created"] for s in sent) == 1
    assert len(wacrm.messages(sent[0]["conversation_id"])) == 16


def test_a_customers_message_can_be_replied_to(wacrm: Deployment) -> None:
    wacrm.inbound(says("hi", "wamid.in"))
    conversation = wacrm.newest()
    (message,) = wacrm.messages(conversation["id"])
    wacrm.send(reply_to_message_id=message["id"])
    assert wacrm.meta.asked[-1]["context"] == {"message_id": "wamid.in"}
