"""What becomes of templates: review, quality, pauses, other categories, and the webhooks about it (fact sheet 13.5, 16.3)."""

from typing import Any

import pytest

from tests.mock_meta.drafts import BODY, create
from tests.mock_meta.inside import WABA, Inside


def test_a_rejection_gives_its_reason(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0, "decision": "reject", "reason": "SCAM"})
    template = create(inside, BODY)
    inside.rest()
    (value,) = inside.posts.values()
    assert (value["event"], value["reason"]) == ("REJECTED", "SCAM")
    assert value["rejection_info"]["reason"] == "SCAM"
    node = inside.graph("GET", f"{template['id']}?fields=status,rejected_reason").json()
    assert (node["status"], node["rejected_reason"]) == ("REJECTED", "SCAM")


def test_a_name_decides_nothing(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0})
    create(inside, BODY, name="rejected_order_notice")
    inside.rest()
    (value,) = inside.posts.values()
    assert value["event"] == "APPROVED"


def test_the_end_of_a_pause_does_not_end_the_next_one(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[tuple[float, Any]] = []
    monkeypatch.setattr(
        inside.app.mock.distant, "after", lambda delay, action, *values: ends.append((delay, lambda: action(*values)))
    )
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]
    inside.control("POST", f"/templates/{template}", {"quality": "RED"})
    inside.graph("POST", f"{template}/unpause")
    inside.control("POST", f"/templates/{template}", {"quality": "RED"})

    async def ended(nth: int) -> None:
        ends[nth][1]()

    def status_after(nth: int) -> Any:
        inside.run(ended(nth))
        return inside.graph("GET", f"{template}?fields=status").json()["status"]

    assert [delay for delay, _ in ends] == [3 * 3600, 6 * 3600]
    assert status_after(0) == "PAUSED"
    assert status_after(1) == "APPROVED"


def test_low_quality_pauses_twice_and_then_disables(inside: Inside) -> None:
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def judged(**verdict: Any) -> str:
        answer = inside.control("POST", f"/templates/{template}", verdict)
        return str(answer["template"]["status"])

    inside.now += 60
    assert judged(quality="YELLOW") == "APPROVED"
    scored = inside.graph("GET", f"{template}?fields=quality_score").json()["quality_score"]
    assert scored == {"score": "YELLOW", "date": int(inside.now)}
    assert judged(quality="RED") == "PAUSED"
    assert inside.control("GET", "/health")["pending_webhooks"] <= 3
    refused = inside.refused(type="template", template={"name": "plain", "language": {"code": "en_US"}})
    assert refused["code"] == 132015
    assert inside.graph("POST", f"{template}/unpause").json() == {"success": True}
    assert judged(quality="RED") == "PAUSED"
    assert judged(status="APPROVED", reason=None) == "APPROVED"
    assert judged(quality="RED") == "DISABLED"
    inside.rest()
    values = inside.posts.values()
    assert values[0]["new_quality_score"] == "YELLOW"
    titles = [value["other_info"]["title"] for value in values if "other_info" in value]
    assert titles == ["FIRST_PAUSE", "UNPAUSE", "SECOND_PAUSE", "DISABLED"]
    inside.control("POST", f"/templates/{template}", {}, status=400)
    inside.control("POST", "/templates/1", {}, status=404)


def test_a_pause_that_is_asked_for_is_one_like_those_of_low_quality(inside: Inside) -> None:
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def told(**verdict: Any) -> list[dict[str, Any]]:
        inside.posts.sent.clear()
        answer = inside.control("POST", f"/templates/{template}", verdict)
        inside.rest()
        values = [value for value in inside.posts.values() if "event" in value]
        assert len(values) == len(answer["deliveries"]) - ("quality" in verdict)
        return values

    paused = told(status="PAUSED")[0]
    assert (paused["event"], paused["reason"], paused["other_info"]["title"]) == ("PAUSED", "NONE", "FIRST_PAUSE")
    assert told(status="PAUSED") == []
    told(status="APPROVED")
    assert told(quality="RED")[0]["other_info"]["title"] == "SECOND_PAUSE"
    told(status="APPROVED")
    assert told(status="PAUSED")[0]["other_info"]["title"] == "SECOND_PAUSE"
    disabled = told(status="DISABLED")[0]
    assert (disabled["event"], disabled["other_info"]["title"]) == ("DISABLED", "DISABLED")
    assert disabled["disable_info"] == {"disable_date": int(inside.now)}
    assert told(status="DISABLED") == []
    assert "other_info" not in told(status="APPROVED")[0]


def test_another_category(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    due: list[Any] = []
    monkeypatch.setattr(inside.app.mock.distant, "after", lambda *planned: due.append(planned))
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def shown() -> Any:
        return inside.graph("GET", f"{template}?fields=category,previous_category,correct_category").json()

    inside.control("POST", f"/templates/{template}", {"correct_category": "MARKETING"})
    assert shown() == {"category": "UTILITY", "correct_category": "MARKETING", "id": template}
    ((delay, action, *values),) = due

    async def a_day_passes() -> None:
        action(*values)

    inside.run(a_day_passes())
    inside.run(a_day_passes())
    assert shown() == {"category": "MARKETING", "previous_category": "UTILITY", "id": template}
    inside.control("POST", f"/templates/{template}", {"category": "UTILITY"})
    identity = {"message_template_id", "message_template_name", "message_template_language"}
    told = [{name: one for name, one in value.items() if name not in identity} for value in inside.posts.values()]
    assert delay == 86_400
    assert told == [
        {"new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": 1_750_086_400},
        {"previous_category": "UTILITY", "new_category": "MARKETING"},
        {"previous_category": "MARKETING", "new_category": "UTILITY"},
    ]
    assert b'"field":"template_category_update"' in inside.posts.sent[0][1]
