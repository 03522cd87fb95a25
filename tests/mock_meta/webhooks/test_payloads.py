"""The fields of Meta's status webhook (fact sheet 16.1)."""

from typing import Any

import pytest

from tests.mock_meta.fidelity import fact
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


@fact(
    "the error of a failed status has no `href`",
    source="captures in the issue threads of two clients",
    month="2026-08",
    sure="captured",
)
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


@fact(
    "a failed status comes with `contacts: [{wa_id}]`, failed at once or after sent",
    source="captures in the issue threads of two clients (pywa 4.5.0: KeyError without it)",
    month="2026-08",
    sure="captured",
)
@pytest.mark.parametrize("code", [131026, 131047, 131049])
@pytest.mark.parametrize("before", [[], [{"status": "sent"}]])
def test_a_failure_names_the_person_by_number(inside: Inside, code: int, before: list[dict[str, Any]]) -> None:
    script(inside, *before, {"status": "failed", "error": {"code": code}})
    inside.send()
    inside.rest()
    value = inside.posts.values()[-1]
    assert value["contacts"] == [{"wa_id": PERSON}]
    assert value["statuses"][0]["errors"][0]["code"] == code
    assert list(value)[-1] == "statuses"


@fact(
    "before user ids (until March 2026) statuses came without contacts",
    source="restfb issue 1344, a capture",
    month="2023-10",
    sure="captured",
)
def test_without_user_ids_there_are_no_contacts(inside: Inside) -> None:
    inside.control("PUT", f"/accounts/{WABA}", {"user_ids": False})
    script(inside, {"status": "sent"}, {"status": "failed", "error": {"code": 131026}})
    inside.send()
    inside.rest()
    assert all("contacts" not in value for value in inside.posts.values())
