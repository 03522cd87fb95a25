"""Templates from creation to deletion: rules, review, quality."""

from typing import Any

import pytest

from tests.mock_meta.inside import TEMPLATES, TOKEN, WABA, Inside

BODY = {"type": "BODY", "text": "Hi {{1}}, order {{2}} shipped.", "example": {"body_text": [["Anna", "A-17"]]}}
QUICK = {"type": "QUICK_REPLY", "text": "Ok"}
URL = {"type": "URL", "text": "Track", "url": "https://s.example/{{1}}", "example": ["A-17"]}


def handle(inside: Inside) -> str:
    query = {"file_length": "3", "file_type": "image/jpeg", "access_token": TOKEN}
    session = inside.request("POST", "/v21.0/670843887433847/uploads", params=query).json()["id"]
    headers = {"Authorization": f"OAuth {TOKEN}", "file_offset": "0"}
    return str(inside.request("POST", f"/v21.0/{session}", content=b"abc", headers=headers).json()["h"])


def create(inside: Inside, *components: dict[str, Any], **members: Any) -> Any:
    body = {
        "name": "order_update",
        "category": "UTILITY",
        "language": "en_US",
        "components": list(components),
        **members,
    }
    return inside.graph("POST", f"{WABA}/message_templates", json=body).json()


def buttons(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(listed)}


def test_wacrms_own_template_is_taken_and_approved(inside: Inside) -> None:
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle(inside)]}}
    phone = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+393331234567"}
    code = {"type": "COPY_CODE", "text": "Copy", "example": ["SAVE20"]}
    footer = {"type": "FOOTER", "text": "Reply STOP"}
    inside.control("PUT", "/reviews", {"after": 0.01})
    answer = create(inside, header, BODY, footer, buttons(QUICK, URL, phone, code))
    assert (answer["status"], answer["category"]) == ("PENDING", "UTILITY")
    inside.rest(0.05)
    node = inside.graph("GET", answer["id"]).json()
    assert node["status"] == "APPROVED"
    assert node["components"][0]["example"]["header_handle"][0].startswith("https://scontent.whatsapp.net/")
    (value,) = inside.posts.values()
    assert value == {
        "event": "APPROVED",
        "message_template_id": int(answer["id"]),
        "message_template_name": "order_update",
        "message_template_language": "en_US",
        "reason": "NONE",
        "message_template_category": "UTILITY",
    }
    assert b'"time":1750000000' in inside.posts.sent[0][1]
    assert b'"field":"message_template_status_update"' in inside.posts.sent[0][1]


def body(text: str, *samples: str) -> dict[str, Any]:
    return (
        {"type": "BODY", "text": text, "example": {"body_text": [list(samples)]}}
        if samples
        else {"type": "BODY", "text": text}
    )


@pytest.mark.parametrize(
    ("components", "subcode"),
    [
        ([{"type": "FOOTER", "text": "x"}], 2388072),
        ([body("x" * 1025)], 2388040),
        ([body("Hello {{2}} and {{3}} there you are", "a", "b")], 2388072),
        ([body("Hello {{1}} {{2}} there you are now", "a", "b")], 2388072),
        ([body("{{1}} is here and well", "a")], 2388299),
        ([body("Here and well is {{1}}", "a")], 2388299),
        ([body("Hi {{1}}.", "a")], 2388293),
        ([body("Hello {{1}}, how are you?")], 2388043),
        ([body("Hello {{1}}, how are you?", "a", "b")], 2388043),
        ([{"type": "HEADER", "format": "IMAGE"}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "VIDEO", "example": {"header_url": ["https://x"]}}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::made:up"]}}, body("x")], 2388273),
        ([{"type": "HEADER", "format": "TEXT", "text": "{{1}} {{2}}"}, body("x")], 2388047),
        ([{"type": "HEADER", "format": "TEXT", "text": "x" * 61}, body("x")], 2388040),
        ([{"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"}, body("x")], 2388043),
        ([body("x"), {"type": "FOOTER", "text": "Hi {{1}}"}], 2388073),
        ([body("x"), buttons()], 2388060),
        ([body("x"), buttons(*[QUICK] * 11)], 2388060),
        ([body("x"), buttons(QUICK, URL, QUICK)], 2388060),
        ([body("x"), buttons(URL, URL, URL)], 2388060),
        ([body("x"), buttons({"type": "QUICK_REPLY", "text": "x" * 26})], 2388060),
        ([body("x"), buttons({"type": "QUICK_REPLY", "text": "Hi {{1}}"})], 2388060),
        ([body("x"), buttons({**URL, "url": "https://s.example/{{1}}/x"})], 2388060),
        ([body("x"), buttons({**URL, "example": None})], 2388043),
        ([body("x"), buttons({**URL, "url": "https://wa.me/39333"})], 2388081),
        ([body("x"), buttons({"type": "COPY_CODE"})], 2388043),
    ],
)
def test_content_that_is_refused(inside: Inside, components: list[dict[str, Any]], subcode: int) -> None:
    error = create(inside, *components)["error"]
    assert (error["message"], error["code"], error["error_subcode"]) == ("Invalid parameter", 100, subcode)
    assert error["is_transient"] is False
    assert error["error_user_title"]
    assert error["error_user_msg"]


@pytest.mark.parametrize(
    "members",
    [
        {"name": "Bad Name"},
        {"name": None},
        {"category": "SPAM"},
        {"language": "xx"},
        {"components": "x"},
        {"components": None},
    ],
)
def test_envelopes_that_are_refused(inside: Inside, members: dict[str, Any]) -> None:
    error = create(inside, **{"components": [body("x")], **members})["error"]
    assert error["code"] == 100
    assert error["message"].startswith("(#100) ")


def test_names_are_unique_per_language_and_keep_their_category(inside: Inside) -> None:
    create(inside, BODY)
    assert create(inside, BODY)["error"]["error_subcode"] == 2388024
    assert "id" in create(inside, BODY, language="it")
    message = create(inside, BODY, language="fr", category="MARKETING")["error"]["error_user_msg"]
    assert message == (
        "The category MARKETING doesn't match the one that's already associated with this template, UTILITY."
    )


def test_named_parameters(inside: Inside) -> None:
    named = {
        "type": "body",
        "text": "Hello {{first_name}}, how are you?",
        "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Anna"}]},
    }
    assert "id" in create(inside, named, parameter_format="NAMED")


def test_authentication_templates(inside: Inside) -> None:
    otp = buttons({"type": "OTP", "otp_type": "COPY_CODE"})
    secure = {"type": "BODY", "add_security_recommendation": True}
    assert "id" in create(inside, secure, otp, category="AUTHENTICATION", name="code")
    assert "error" in create(inside, secure, buttons(QUICK), category="AUTHENTICATION", name="other")


def test_a_rejection_gives_its_reason(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0, "decision": "reject", "reason": "SCAM"})
    template = create(inside, BODY)
    inside.rest()
    (value,) = inside.posts.values()
    assert (value["event"], value["reason"]) == ("REJECTED", "SCAM")
    assert value["rejection_info"]["reason"] == "SCAM"
    node = inside.graph("GET", f"{template['id']}?fields=status,rejected_reason").json()
    assert (node["status"], node["rejected_reason"]) == ("REJECTED", "SCAM")


def test_editing(inside: Inside) -> None:
    inside.control("PUT", "/reviews", {"after": 0.02})
    template = create(inside, BODY)["id"]
    assert inside.graph("POST", template, json={"components": [BODY]}).json()["error"]["error_user_title"]
    inside.rest(0.06)
    edited = inside.graph("POST", template, json={"components": [body("New text.")]}).json()
    assert edited["success"] is True
    assert inside.graph("GET", template).json()["components"] == [{"type": "BODY", "text": "New text."}]
    assert "error" in inside.graph("POST", template, json={"components": [BODY]}).json()
    inside.now += 86_401
    inside.rest(0.06)
    assert "error" in inside.graph("POST", template, json={"category": "MARKETING"}).json()
    assert inside.graph("POST", template, json={"components": [BODY]}).json()["success"] is True
    assert [value["event"] for value in inside.posts.values()] == ["APPROVED", "APPROVED"]


def test_deleting(inside: Inside) -> None:
    path = f"{WABA}/message_templates"
    first, second = create(inside, BODY)["id"], create(inside, BODY, language="it")["id"]
    assert inside.graph("DELETE", f"{path}?name=order_update&hsm_id={second}").json() == {"success": True}
    assert inside.graph("GET", first).status_code == 200
    assert inside.graph("GET", second).status_code == 400
    assert inside.graph("DELETE", f"{path}?name=order_update").json() == {"success": True}
    missing = inside.graph("DELETE", f"{path}?name=order_update")
    assert (missing.status_code, missing.json()["error"]["error_subcode"]) == (400, 2593002)
    assert inside.graph("DELETE", f"{path}?name=off").status_code == 400
    assert inside.graph("DELETE", path).json()["error"]["message"] == "(#100) The parameter name is required."


def test_the_name_of_an_approved_template_is_locked_for_thirty_days(inside: Inside) -> None:
    inside.graph("DELETE", f"{WABA}/message_templates?name=plain")
    assert create(inside, BODY, name="plain")["error"]["error_subcode"] == 2388023
    inside.now += 30 * 86_400 + 1
    assert "id" in create(inside, BODY, name="plain")


def test_low_quality_pauses_twice_and_then_disables(inside: Inside) -> None:
    template = inside.graph("GET", f"{WABA}/message_templates?name=plain").json()["data"][0]["id"]

    def judged(**verdict: Any) -> str:
        answer = inside.control("POST", f"/templates/{template}", verdict)
        return str(answer["template"]["status"])

    assert judged(quality="YELLOW") == "APPROVED"
    assert judged(quality="RED") == "PAUSED"
    assert inside.control("GET", "/health")["pending_webhooks"] <= 3
    refused = inside.refused(type="template", template={"name": "plain", "language": {"code": "en_US"}})
    assert refused["code"] == 132015
    assert inside.graph("POST", f"{template}/unpause").json() == {"success": True}
    assert judged(quality="RED") == "PAUSED"
    assert judged(status="APPROVED") == "APPROVED"
    assert judged(quality="RED") == "DISABLED"
    inside.rest()
    values = inside.posts.values()
    assert values[0]["new_quality_score"] == "YELLOW"
    titles = [value["other_info"]["title"] for value in values if "other_info" in value]
    assert titles == ["FIRST_PAUSE", "UNPAUSE", "SECOND_PAUSE", "DISABLED"]
    inside.control("POST", f"/templates/{template}", {}, status=400)
    inside.control("POST", "/templates/1", {}, status=404)


def test_a_list_with_its_summary(inside: Inside) -> None:
    path = f"{WABA}/message_templates?status=APPROVED&limit=1&summary="
    counts = inside.graph("GET", f"{path}total_count,message_template_count,message_template_limit").json()["summary"]
    approved = sum(one.get("status", "APPROVED") == "APPROVED" for one in TEMPLATES)
    assert counts == {
        "total_count": approved,
        "message_template_count": len(TEMPLATES),
        "message_template_limit": 6000,
    }
    assert inside.graph("GET", f"{path}weather").json()["error"]["code"] == 100
