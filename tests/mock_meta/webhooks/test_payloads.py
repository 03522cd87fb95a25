"""The fields of Meta's status webhook (fact sheet 16.1)."""

from typing import Any

from tests.mock_meta.inside import PERSON, WABA, Inside


def script(inside: Inside, *steps: dict[str, Any]) -> None:
    inside.control("POST", "/behaviour/recipients", {"to": [PERSON], "script": list(steps)})


def test_what_a_status_carries(inside: Inside) -> None:
    script(inside, {"status": "sent"}, {"status": "delivered"}, {"status": "read"})
    wamid = inside.wamid(biz_opaque_callback_data="camp-7")
    inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "delivered", "read"]
    first, second, third = inside.posts.statuses()
    for status in (first, second, third):
        assert (status["id"], status["recipient_id"]) == (wamid, PERSON)
        assert status["biz_opaque_callback_data"] == "camp-7"
        assert status["timestamp"] == "1750000000"
    assert first["conversation"]["expiration_timestamp"] == "1750086400"
    assert first["pricing"] == {
        "billable": False,
        "pricing_model": "PMP",
        "category": "service",
        "type": "free_customer_service",
    }
    assert list(second["conversation"]) == ["id", "origin"]
    assert "pricing" in second
    assert not {"conversation", "pricing"} & set(third)


def test_from_v24_on_there_are_no_conversations(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"webhook_version": "v24.0"})
    script(inside, {"status": "sent"}, {"status": "read"})
    inside.send()
    inside.rest()
    first, second = inside.posts.statuses()
    assert "pricing" in first
    assert not {"conversation", "pricing"} & set(second)
    assert "conversation" not in first


def test_a_failure_names_its_error(inside: Inside) -> None:
    script(inside, {"status": "failed", "error": {"code": 131047}})
    inside.send()
    inside.rest()
    (status,) = inside.posts.statuses()
    (error,) = status["errors"]
    assert error == {
        "code": 131047,
        "title": "Re-engagement message",
        "message": "Re-engagement message",
        "error_data": {
            "details": "Message failed to send because more than 24 hours have passed since the customer last "
            "replied to this number."
        },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
    assert not {"conversation", "pricing"} & set(status)


def test_a_marketing_template_is_billed(inside: Inside) -> None:
    inside.control("POST", f"/accounts/{WABA}/templates", {"name": "promo", "category": "MARKETING", "components": []})
    script(inside, {"status": "sent"})
    inside.send(type="template", text=None, template={"name": "promo", "language": {"code": "en_US"}})
    inside.rest()
    (status,) = inside.posts.statuses()
    assert status["pricing"] == {"billable": True, "pricing_model": "PMP", "category": "marketing", "type": "regular"}
    assert status["conversation"]["origin"] == {"type": "marketing"}
