from typing import Any

import pytest

from mock_meta.simulation.behaviour import PROFILES, Behaviour, Chance, Distribution, Status, Step
from mock_meta.simulation.conversations import Sent
from tests.mock_meta.inside import PERSON, PHONE, WABA, Inside


def sent(nth: int = 1, wa_id: str = PERSON) -> Sent:
    return Sent("wamid.x", WABA, PHONE, wa_id, wa_id, "text", 0.0, nth, "service", free=True)


def test_one_seed_one_course_whatever_the_order() -> None:
    one, other = Behaviour(7, "realistic"), Behaviour(7, "realistic")
    people = [f"9990000{number:04d}" for number in range(50)]
    forwards = {person: one.draw(sent(wa_id=person)) for person in people}
    backwards = {person: other.draw(sent(wa_id=person)) for person in reversed(people)}
    assert forwards == backwards
    assert forwards != {person: Behaviour(8, "realistic").draw(sent(wa_id=person)) for person in people}


def test_profiles() -> None:
    assert Behaviour(1, "instant").draw(sent()) == tuple(
        Step(status, 0.0) for status in (Status.SENT, Status.DELIVERED, Status.READ)
    )
    assert Behaviour(1, "silent").draw(sent()) == ()
    plans = [Behaviour(1, "realistic").draw(sent(nth)) for nth in range(2000)]
    failed = sum(plan[0].status is Status.FAILED for plan in plans)
    read = sum(plan[-1].status is Status.READ for plan in plans)
    assert 15 <= failed <= 70
    assert 1200 <= read <= 1450
    assert all(0.5 <= plan[0].after <= 5.0 for plan in plans)
    assert set(PROFILES) == {"instant", "fast", "realistic", "silent"}


def test_precedence() -> None:
    behaviour = Behaviour(1, "instant")
    behaviour.set_account(WABA, Distribution(delivered=Chance(0.0)))
    assert [step.status for step in behaviour.draw(sent())] == [Status.SENT]
    behaviour.set_script([PERSON], [Step(Status.FAILED, 1.0)])
    assert behaviour.script_for(sent()) == (Step(Status.FAILED, 1.0),)
    behaviour.clear()
    assert behaviour.script_for(sent()) is None
    assert len(behaviour.draw(sent())) == 3


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


def test_custom_distributions_by_control(inside: Inside) -> None:
    body = {"sent": {"after": 0}, "delivered": {"probability": 1, "after": [0, 0.001]}, "waba_id": WABA}
    inside.control("PUT", "/behaviour", body)
    inside.send()
    inside.rest()
    assert [status["status"] for status in inside.posts.statuses()] == ["sent", "delivered"]
    inside.control("PUT", "/behaviour", {"failed": {"probability": 1, "code": 131049}, "waba_id": WABA})
    inside.send()
    inside.rest()
    assert inside.posts.statuses()[-1]["errors"][0]["code"] == 131049


def test_bad_behaviours_are_refused(inside: Inside) -> None:
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("PUT", "/behaviour", {"profile": "instnt"}, "no profile 'instnt'; did you mean 'instant'?"),
        ("PUT", "/behaviour", {"profle": "instant"}, "unknown member 'profle'; did you mean 'profile'?"),
        ("PUT", "/behaviour", {}, "give either 'profile' or a distribution"),
        ("PUT", "/behaviour", {"sent": {"after": [2, 1]}}, "after: the range [2.0, 1.0] is backwards"),
        ("POST", "/behaviour/recipients", {"to": ["x"], "script": []}, "'x' is not a phone number"),
        (
            "POST",
            "/behaviour/recipients",
            {"to": [], "script": [{"status": "red"}]},
            "script.0.status: input should be",
        ),
    ]
    for method, path, body, sentence in cases:
        assert sentence in inside.control(method, path, body, status=400)["error"]


@pytest.mark.parametrize(("voice", "last"), [(True, "played"), (False, "read")])
def test_voice_notes_are_played(inside: Inside, *, voice: bool, last: str) -> None:
    inside.control("PUT", "/behaviour", {"sent": {}, "delivered": {}, "read": {}, "played": {}})
    inside.send(type="audio", text=None, audio={"link": "https://s.example/a.ogg", "voice": voice})
    inside.rest()
    names = [status["status"] for status in inside.posts.statuses()]
    assert names[:3] == ["sent", "delivered", "read"]
    assert names[-1] == last
